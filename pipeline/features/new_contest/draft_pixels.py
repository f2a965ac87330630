"""A contest whose images are numbers in a column of its tables, as FER2013."""

from collections.abc import Mapping, Sequence

from pipeline.features.new_contest.answer_guess import guess_answer
from pipeline.features.new_contest.draft import Draft, task_entries
from pipeline.features.new_contest.feature_rows import find_feature_rows
from pipeline.features.new_contest.label_choice import choose_labels
from pipeline.features.new_contest.table_columns import find_split
from pipeline.features.new_contest.table_roles import TEST_NAME, TRAIN_NAME, Roles, TableFacts
from pipeline.features.new_contest.task_guess import guess_tasks
from pipeline.features.new_contest.yaml_writer import Entry

ID = "image_id"  # what counted rows are called where no column is an id


def draft_pixels(roles: Roles, tables: Sequence[TableFacts], *, texts: Mapping[str, str]) -> Draft:
    """The config of a contest of pixels; `tables` are those with such a column.

    Raises ValueError where no column can be a label.
    """
    train, test = _find_parts(tables)
    frame = train.frame.drop(columns=[str(train.pixels)])
    split = find_split(frame, used=[])
    rows = find_feature_rows(Roles(train=train, sample=roles.sample, samples=roles.samples))
    sample = None if rows is not None or roles.sample is None else roles.sample.frame
    id_column = _id_column(train, test, roles if rows is None else None)
    used = [id_column, *([split.column] if split else [])]
    choice = choose_labels(
        frame,
        test=None if test is None else test.frame,
        sample=sample,
        sample_id=id_column,
        used=used,
    )
    if choice is None:
        raise ValueError(f"new: {train.name} holds images as numbers, but no labels")
    sample_name = "" if roles.sample is None else roles.sample.name
    tasks, notes = guess_tasks(
        frame,
        choice,
        train_name=train.name,
        sample=sample,
        sample_name=sample_name,
        texts=texts,
        rows_of_file=1.0,
    )
    answer = guess_answer(
        tasks,
        choice,
        sample=sample,
        sample_name=rows.name if rows else (sample_name if sample is not None else None),
        sample_why="a row for each answer of an image" if rows else "its ids and columns",
        id_column=id_column,
    )
    table = [Entry("train", train.name, f"{len(train.table)} rows with labels")]
    num_train, num_test = len(train.table), 0
    if test is not None and split is None:
        num_test = len(test.table)
        table.append(Entry("test", test.name, f"{num_test} rows to be answered"))
    pixels: dict[str, object] = {"column": train.pixels}
    if id_column not in train.frame.columns and _counts_from_one(test, id_column):
        pixels["first_id"] = 1
    table.append(Entry("pixels", pixels, "each cell holds an image, as numbers from 0 to 255"))
    table.append(Entry("id", id_column, "" if id_column in frame else "the rows are counted"))
    contest = [Entry("table", table)]
    if split is not None:
        parts = {"column": split.column, "train": list(split.train), "test": list(split.test)}
        if split.leave_out:
            parts["leave_out"] = list(split.leave_out)
        table.append(Entry("split", parts, "its values say which rows teach"))
        num_test = int(frame[split.column].isin(split.test).sum())
        num_train -= num_test
        contest.append(Entry("truth", True, "the test rows have labels, so a test score is told"))
    contest += [
        Entry("tasks", task_entries(tuple(tasks))),
        Entry("answer", answer.answer),
        Entry("submission", answer.submission),
    ]
    return Draft(
        layout="table",
        contest=contest,
        tasks=tuple(tasks),
        train_images=(),
        num_train=num_train,
        num_test=num_test,
        writes_probabilities=answer.writes_probabilities,
        understood=[
            f"train: {train.name}, {num_train:,} images as numbers in the column {train.pixels}",
            f"test: {num_test:,} rows" if num_test else "test: none; answered out of fold",
            f"asked for: {', '.join(choice.columns[:6])} ({choice.why})",
        ],
        doubts=[*notes, *answer.notes, "nobody says who is in an image"],
    )


def _find_parts(tables: Sequence[TableFacts]) -> tuple[TableFacts, TableFacts | None]:
    """The train table, which has most columns, and the test table if there is one."""
    ordered = sorted(
        tables,
        key=lambda facts: (
            TEST_NAME.search(facts.name.casefold()) is not None,
            TRAIN_NAME.search(facts.name.casefold()) is None,
            -len(facts.frame.columns),
            -len(facts.table),
        ),
    )
    train, *others = ordered
    called = [f for f in others if TEST_NAME.search(f.name.casefold())]
    return train, next(iter(called or others), None)


def _id_column(train: TableFacts, test: TableFacts | None, roles: Roles | None) -> str:
    """The id column: the sample's first where a table has it too, or one of the test table."""
    if roles is not None and roles.sample is not None:
        return str(roles.sample.frame.columns[0])
    if test is not None:
        for column in test.frame.columns:
            if column != test.pixels and test.frame[column].nunique() == len(test.frame):
                return str(column)
    for column in train.frame.columns:
        unique = train.frame[column].nunique() == len(train.frame)
        if unique and column != train.pixels and "id" in column.casefold():
            return str(column)
    return ID


def _counts_from_one(test: TableFacts | None, id_column: str) -> bool:
    """Whether the ids of the test table count from 1, so that the train rows are counted so too."""
    if test is None or id_column not in test.frame.columns:
        return False
    return str(test.frame[id_column].iloc[0]).strip() == "1"
