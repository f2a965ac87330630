"""A contest of tables and images."""

from collections.abc import Mapping, Sequence

import pandas as pd

from pipeline.features.new_contest.answer_guess import copy_other_columns, guess_answer
from pipeline.features.new_contest.class_keys import find_class_keys, with_key
from pipeline.features.new_contest.draft import Draft, task_entries
from pipeline.features.new_contest.draft_notes import (
    check_one_answer,
    check_sample_header,
    say_answer_form,
    say_leftovers,
    say_tables_understood,
    say_unlabelled,
)
from pipeline.features.new_contest.feature_rows import find_feature_rows, without_sample
from pipeline.features.new_contest.guess import Guess
from pipeline.features.new_contest.image_folders import ImageFolders, choose_folders
from pipeline.features.new_contest.label_search import asked_columns, choose_or_say
from pipeline.features.new_contest.meeting import ImageIndex
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_columns import (
    FOLD_NAME,
    NOBODY,
    find_person,
    is_helper,
    known_values,
)
from pipeline.features.new_contest.table_ids import TableIds, guess_ids
from pipeline.features.new_contest.table_roles import Roles, TableFacts
from pipeline.features.new_contest.task_guess import TaskGuess, guess_tasks
from pipeline.features.new_contest.train_columns import TrainColumns, read_columns
from pipeline.features.new_contest.yaml_writer import Entry


def draft_table(
    survey: Survey,
    roles: Roles,
    index: ImageIndex,
    *,
    texts: Mapping[str, str],
    lines: Mapping[str, Sequence[str]] | None = None,
) -> Draft:
    """The config of a contest whose train table is known; `lines` are files of a word a line.

    Raises ValueError with a sentence where no column can be a label, or where people are.
    """
    train = roles.train
    assert train is not None and train.path is not None
    check_sample_header(roles)
    rows = find_feature_rows(roles)
    roles = roles if rows is None else without_sample(roles)
    asked = [] if roles.sample is None else list(roles.sample.frame.columns[1:])
    columns = read_columns(train, roles.others, asked=asked)
    ids = guess_ids(roles, columns.split is not None)
    used = [ids.train_id, train.path, *(columns.box[0] if columns.box else ())]
    if columns.split is not None:
        used.append(columns.split.column)
    person = find_person(columns.frame, used=[*used, *asked_columns(roles, ids)])
    if person is not None and person[1]:
        used.append(person[0].value)
    unasked = [] if rows is None else [c for c in train.frame.columns if c not in rows.answers]
    choice = choose_or_say(columns.frame, roles, ids, [*used, *unasked])
    if person is None or not person[1]:
        person = find_person(columns.frame, used=[*used, *choice.columns])
    tasks, notes = guess_tasks(
        columns.frame,
        choice,
        train_name=train.name,
        sample=None if roles.sample is None else roles.sample.frame,
        sample_name="" if roles.sample is None else roles.sample.name,
        texts=texts,
        rows_of_file=len(train.frame) / max(1, train.frame[train.path].nunique()),
    )
    if not tasks:
        raise ValueError(f"new: {train.name}: no column can be a label: {'; '.join(notes)}")
    if roles.sample is not None:
        check_one_answer(columns.frame, tasks, choice, sample=roles.sample)
    key = ""
    if len(tasks) == 1:
        keys = find_class_keys(roles.others, lines or {})
        tasks[0], key = with_key(
            tasks[0], choice, keys, sample=None if roles.sample is None else roles.sample.frame
        )
    folders = choose_folders(survey, roles, ids, index, has_split=columns.split is not None)
    sample = None if roles.sample is None else roles.sample.frame
    answer = guess_answer(
        tasks,
        choice,
        sample=sample,
        sample_name=ids.sample if rows is None else rows.name,
        sample_why=ids.sample_why if rows is None else "a row for each answer of an image",
        id_column=ids.answer_id if rows is None else rows.id,
        key=key,
    )
    if rows is None and sample is not None and ids.sample and roles.sample is not roles.test:
        answer = copy_other_columns(
            answer,
            tasks,
            choice,
            sample=sample,
            sample_name=ids.sample,
            id_column=ids.answer_id,
            labels=[c for c in columns.frame.columns if c not in used and not is_helper(c)],
            reasons=notes,
        )
    doubts = [*notes, *answer.notes, *ids.doubts, *folders.doubts]
    table = _table_section(train, ids, columns, folders, person, doubts)
    truth = _has_truth(roles, ids, columns, tasks)
    contest = [Entry("table", table)]
    if truth:
        contest.append(Entry("truth", True, truth))
    if folders.is_hidden:
        why = "none of the test images lies here: a hidden test part"
        contest.append(Entry("missing_test", 1, why))
    contest += _fixes(roles.fixes)
    contest += [
        Entry("tasks", task_entries(tuple(tasks))),
        Entry("answer", answer.answer),
        Entry("submission", answer.submission),
    ]
    num_train, num_test = _count(train, ids, columns, folders.num_listed)
    doubts += say_answer_form(survey, roles, lines or {}, num_test=num_test, read=key)
    doubts += say_leftovers(roles, columns, read=key)
    if not num_test:
        doubts += say_unlabelled(train, columns.frame, tasks)
    return Draft(
        layout="table",
        contest=contest,
        tasks=tuple(tasks),
        train_images=_train_images(train, index, folders.train),
        num_train=num_train,
        num_test=num_test,
        num_people=_count_people(columns.frame, person),
        writes_probabilities=answer.writes_probabilities,
        has_boxes=columns.box is not None,
        understood=say_tables_understood(train, ids, columns, choice, num_train, num_test),
        doubts=doubts,
    )


def _table_section(
    train: TableFacts,
    ids: TableIds,
    columns: TrainColumns,
    folders: ImageFolders,
    person: tuple[Guess[str], bool] | None,
    doubts: list[str],
) -> list[Entry]:
    table = [Entry("train", train.name, f"{len(train.table)} rows with labels")]
    if columns.joins:
        why = "; ".join(entry.why for entry in columns.joins)
        table.append(Entry("join", [entry.value for entry in columns.joins], why))
    if ids.test is not None:
        table.append(Entry("test", ids.test.name, ids.test_why))
    if columns.split is not None:
        split = {"column": columns.split.column, "train": list(columns.split.train)}
        if columns.split.test:
            split["test"] = list(columns.split.test)
        if columns.split.leave_out:
            split["leave_out"] = list(columns.split.leave_out)
        table.append(Entry("split", split, "its values say which rows teach"))
    table += folders.entries
    table.append(Entry("id", ids.train_id, ids.train_why))
    if ids.path is not None:
        table.append(Entry("path", ids.path, "names the file"))
    if ids.test_id is not None:
        table.append(Entry("test_id", ids.test_id, "the test table calls its ids so"))
    if ids.test_path is not None:
        table.append(Entry("test_path", ids.test_path, "and its files so"))
    suffix = train.meeting.suffix
    if suffix:
        table.append(Entry("suffix", suffix, "the ids lack the ending of the files"))
    table += _person_entries(person, doubts)
    if columns.box is not None:
        names, form = columns.box
        table.append(Entry("box", list(names), "the face that the row speaks of, in pixels"))
        if form == "size":
            table.append(Entry("box_form", "size", "left, top, width, height"))
    folds = [c for c in train.frame.columns if FOLD_NAME.fullmatch(c.casefold())]
    if folds:
        doubts.append(
            f"{train.name} has a column {folds[0]}: folds.by=column folds.column={folds[0]} would "
            "take the contest's own folds"
        )
    return table


def _person_entries(person: tuple[Guess[str], bool] | None, doubts: list[str]) -> list[Entry]:
    if person is None:
        doubts.append(
            "nobody says who is in an image: if people come twice, scores out of fold are too good"
        )
        return []
    guess, is_named = person
    if is_named:
        why = f"who is in the image, kept in one fold: {guess.why}; delete the line if it is not so"
        return [Entry("person", guess.value, why)]
    doubts.append(f"is {guess.value} a person? {guess.why}; then uncomment `person:` in the file")
    why = f"{guess.why}; if so, take the # away, so that each stays in one fold"
    return [Entry("person", guess.value, why, proposed=True)]


def _has_truth(
    roles: Roles, ids: TableIds, columns: TrainColumns, tasks: Sequence[TaskGuess]
) -> str:
    """Why the labels of the test rows are true; '' where they have none."""
    if columns.split is not None and columns.split.test:
        test = columns.frame[columns.frame[columns.split.column].isin(columns.split.test)]
        if _all_labelled(test, tasks):
            return "the test rows have labels, so a test score is told"
        return ""
    test = roles.test
    if test is None or test is not ids.test or test is roles.sample:
        return ""
    if _all_labelled(test.frame, tasks):
        return f"{test.name} has labels, so a test score is told"
    return ""


def _all_labelled(frame: pd.DataFrame, tasks: Sequence[TaskGuess]) -> bool:
    """Whether each task has its label in most rows, and not one value in all of them."""
    for task in tasks:
        for column in task.columns or (task.column,):
            if column not in frame.columns:
                return False
            known = known_values(frame[column])
            if len(known) < 0.5 * len(frame) or (known.nunique() < 2 and not task.columns):
                return False
    return len(frame) > 0


def _fixes(names: Sequence[str]) -> list[Entry]:
    if len(names) == 1:
        why = "corrections in this program's own form, laid over the labels; delete to ignore them"
        return [Entry("fixes", names[0], why)]
    return [Entry("fixes", name, "one of several files of corrections", True) for name in names]


def _count(
    train: TableFacts, ids: TableIds, columns: TrainColumns, num_listed: int
) -> tuple[int, int]:
    """Train and test images."""
    if columns.split is not None:
        parts = columns.frame[columns.split.column].isin(columns.split.test)
        return int((~parts).sum()), int(parts.sum())
    path = train.frame[str(train.path)]
    return path.nunique(), len(ids.test.frame) if ids.test is not None else num_listed


def _count_people(frame: pd.DataFrame, person: tuple[Guess[str], bool] | None) -> int | None:
    if person is None or not person[1]:
        return None
    known = known_values(frame[person[0].value])
    return int(known[~known.str.casefold().isin(NOBODY)].nunique())


def _train_images(train: TableFacts, index: ImageIndex, folder: str) -> tuple[str, ...]:
    """The files of some train rows."""
    values = list(dict.fromkeys(train.frame[str(train.path)]))
    step = max(1, len(values) // 400)
    found = []
    for value in values[::step]:
        files = index.find(value)
        inside = [f for f in files if folder in ("", ".") or f.startswith(f"{folder}/")]
        found += inside[:1]
    return tuple(found)
