"""Sentences about a contest of tables: what was understood of it, what was not used, and what of
its sample can't be answered."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import pandas as pd

from pipeline.features.new_contest.label_choice import LabelChoice
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_ids import TableIds
from pipeline.features.new_contest.table_roles import Roles, TableFacts
from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.features.new_contest.train_columns import TrainColumns
from pipeline.labels.number_words import is_number
from pipeline.labels.record_files import is_record_file

ANSWER_NAME = re.compile(r"sample|submi|answer|result|predict")


def say_unlabelled(train: TableFacts, frame: pd.DataFrame, tasks: Sequence[TaskGuess]) -> list[str]:
    """A sentence about rows without any label, where no test images are known: they may be such."""
    columns = [column for task in tasks for column in (task.columns or (task.column,))]
    unknown = pd.Series(True, index=frame.index)
    for column in columns:
        unknown &= ~frame.index.isin(known_values(frame[column]).index)
    if not unknown.any():
        return []
    return [
        f"{int(unknown.sum())} of {len(frame)} rows of {train.name} have no label and are not "
        f"learnt; if they are to be answered, put them into a test.csv with the column {train.path}"
    ]


def say_leftovers(roles: Roles, columns: TrainColumns, *, read: str) -> list[str]:
    """Sentences about samples and tables that nothing is done with; `read` is one more that is."""
    notes = []
    if roles.samples and roles.sample is not None:
        names = ", ".join(facts.name for facts in roles.samples)
        notes.append(
            f"there are other samples ({names}); this config answers "
            f"{roles.sample.name}, and sample=FILE takes another"
        )
    joined = [read, *(dict(entry.value)["file"] for entry in columns.joins)]
    unused = [facts.name for facts in roles.others if facts.name not in joined]
    if unused:
        counts = Counter(PurePosixPath(name).suffix for name in unused)
        shown = ", ".join(unused[:4]) + (f", ... ({sum(counts.values())})" if unused[4:] else "")
        notes.append(f"not used: {shown}")
    return notes


def say_answer_form(
    survey: Survey, roles: Roles, lines: Mapping[str, Sequence[str]], *, num_test: int, read: str
) -> list[str]:
    """Sentences where the answer file may have another form than the CSV that is written: bare
    lines, JSON. `lines` are files of a word a line, `read` one of them that is used already."""
    notes = []
    for name, values in lines.items():
        if name == read:
            continue
        if ANSWER_NAME.search(PurePosixPath(name).stem.casefold()) and len(values) == num_test:
            notes.append(
                f"{name} has a bare value for each of the {num_test} test images: if the answer "
                "file is to look so, competition.submission.format=lines writes it"
            )
        else:
            notes.append(f"not used: {name}, {len(values)} lines of one value")
    sample = roles.sample
    if sample is not None and is_record_file(survey.root / sample.name):
        notes.append(
            f"{sample.name} is no CSV, and answers are written as CSV: bring them into the form of "
            f"{sample.name} before you hand them in"
        )
    return notes


def check_one_answer(
    frame: pd.DataFrame, tasks: Sequence[TaskGuess], choice: LabelChoice, *, sample: TableFacts
) -> None:
    """Raises ValueError for a sample whose one column holds several answers in each cell."""
    column = choice.answer_column
    if column is None or len(tasks) != 1 or tasks[0].label.kind == "multilabel":
        return
    cells = [value.split() for value in known_values(sample.frame[column])]
    number = len(cells[0]) if cells else 0
    if number < 2 or any(len(words) != number for words in cells):
        return
    known = {str(value) for name in frame.columns for value in frame[name].head(10_000)}
    own = set(tasks[0].label.classes)
    words = {word for cell in cells for word in cell}
    if words <= own or not all(word in known or is_number(word) for word in words):
        return
    if any(" ".join(cell) in own for cell in cells):
        return
    raise ValueError(
        f"new: {sample.name} holds {number} answers in each cell of {column} "
        f"({' '.join(cells[0])!r}), and this program writes one a column: give it a sample with a "
        "column for each answer, called as in the train table, and join these columns of the "
        "submission before you hand it in"
    )


def check_sample_header(roles: Roles) -> None:
    """Raises ValueError for a sample without a line of names: the answers need them."""
    sample = roles.sample
    if sample is None or roles.train is None or sample.table.header is None:
        return
    columns = list(roles.train.frame.columns)
    names = (
        f"the names of its {len(sample.frame.columns)} columns, the labels' as in the train table"
    )
    if len(columns) == len(sample.frame.columns):
        names = f"{','.join(columns)!r}"
    first = ",".join(map(str, sample.frame.iloc[0]))
    raise ValueError(
        f"new: {sample.name} has no header, its first line is a row ({first}); write {names} as a "
        "line above it, and take that line out of the submission where the contest wants none"
    )


def say_tables_understood(
    train: TableFacts,
    ids: TableIds,
    columns: TrainColumns,
    choice: LabelChoice,
    num_train: int,
    num_test: int,
) -> list[str]:
    """What is sure enough, in a line for each part and for what is asked."""
    lines = [f"train: {train.name}, {num_train:,} images named by {train.path}"]
    if columns.split is not None:
        lines.append(f"test: {num_test:,} of its rows, by the column {columns.split.column}")
    elif ids.test is not None:
        lines.append(f"test: {ids.test.name}, {num_test:,} images named by {ids.shown_test_id}")
    elif num_test:
        lines.append(f"test: {num_test:,} images of a folder without a table")
    else:
        lines.append("test: none lies here; the train images are answered out of fold")
    lines.append(f"asked for: {', '.join(choice.columns[:6])} ({choice.why})")
    return lines
