"""Sentences about a contest of tables: what was understood of it, and what was not used."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from pipeline.features.new_contest.label_choice import LabelChoice
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_ids import TableIds
from pipeline.features.new_contest.table_roles import Roles, TableFacts
from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.features.new_contest.train_columns import TrainColumns


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
