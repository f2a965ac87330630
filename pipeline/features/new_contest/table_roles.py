"""Which table teaches, which is to be answered, which is the sample of an answer file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.features.new_contest.contest_tables import ContestTable
from pipeline.features.new_contest.meeting import ImageIndex, Meeting
from pipeline.features.new_contest.table_columns import (
    SPLIT_NAME,
    find_path_column,
    find_pixels,
    is_helper,
    known_values,
)

SAMPLE_NAME = re.compile(r"sample|submission|submit|id_?lookup|answer_?format")
TEST_NAME = re.compile(r"(^|[/_ .-])(test|eval|query|private|info)($|[/_ .-]|\d)|test$|^test")
VALID_NAME = re.compile(r"(^|[/_ .-])(val|valid|validation|dev)($|[/_ .-]|\d)")
TRAIN_NAME = re.compile(r"train")
FIXES_COLUMNS = {"column", "value", "reason"}
MEET = 0.5  # share of a column's values that must meet, to be of the same images


@dataclass(frozen=True)
class TableFacts:
    """A table and how its columns meet the images.

    `pixels` is the column that holds the images themselves, as numbers.
    """

    table: ContestTable
    meetings: Mapping[str, Meeting]
    path: str | None
    pixels: str | None = None

    @property
    def name(self) -> str:
        """The name of the table's file."""
        return self.table.name

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the table."""
        return self.table.frame

    @property
    def meeting(self) -> Meeting:
        """How the column that names the images meets them."""
        return self.meetings[self.path] if self.path else Meeting()


@dataclass(frozen=True)
class Roles:
    """The tables of a contest by what they are for.

    `samples` are further sample files, `fixes` tables of corrections in this program's own form,
    `others` tables that nothing is done with.
    """

    train: TableFacts | None = None
    test: TableFacts | None = None
    sample: TableFacts | None = None
    samples: tuple[TableFacts, ...] = ()
    fixes: tuple[str, ...] = ()
    others: tuple[TableFacts, ...] = field(default=())


def look_at_table(table: ContestTable, index: ImageIndex) -> TableFacts:
    """A table with the meeting of each column; number columns that can be no names are left out."""
    meetings: dict[str, Meeting] = {}
    for column in table.frame.columns:
        values = table.frame[column].astype(str)
        meetings[column] = index.meeting(values)
    path = find_path_column(table.frame, meetings)
    return TableFacts(table, meetings, path, find_pixels(table.frame))


def find_roles(tables: Sequence[TableFacts], *, sample: str | None = None) -> Roles:
    """The role of each table. `sample` is the file that the user names as the sample.

    Raises ValueError where the user's own sample is none of the tables.
    """
    fixes = [facts for facts in tables if set(facts.frame.columns) >= FIXES_COLUMNS]
    rest = [facts for facts in tables if facts not in fixes]
    samples = _find_samples(rest, sample)
    chosen = _choose_sample(samples)
    rest = [facts for facts in rest if facts not in samples]
    train = _find_train(rest)
    more = tuple(facts for facts in samples if facts is not chosen)
    if train is None:
        return Roles(sample=chosen, samples=more, fixes=_names(fixes), others=tuple(rest))
    others = [facts for facts in rest if facts is not train]
    test = _find_test(others, train, chosen)
    if chosen is None and test is not None and _holds_placeholders(test, train):
        chosen = test
    return Roles(
        train=train,
        test=test,
        sample=chosen,
        samples=more,
        fixes=_names(fixes),
        others=tuple(facts for facts in others if facts is not test),
    )


def _find_samples(tables: Sequence[TableFacts], named: str | None) -> list[TableFacts]:
    if named is not None:
        found = [facts for facts in tables if facts.name == named or facts.name.endswith(named)]
        if not found:
            known = ", ".join(facts.name for facts in tables)
            raise ValueError(f"new: sample={named}: no such table; there are {known}")
        others = [f for f in tables if SAMPLE_NAME.search(f.table.stem) and f not in found]
        return [found[0], *others]
    return [facts for facts in tables if SAMPLE_NAME.search(facts.table.stem)]


def _choose_sample(samples: Sequence[TableFacts]) -> TableFacts | None:
    """Of several samples the one called sample_submission, else the first."""
    for facts in samples:
        if "submission" in facts.table.stem:
            return facts
    return samples[0] if samples else None


def _find_train(tables: Sequence[TableFacts]) -> TableFacts | None:
    """The table of labelled images: the one with most rows that meet images and hold labels."""
    best, most = None, (0.0, 0, 0.0)
    for facts in tables:
        if facts.path is None:
            continue
        others = [column for column in facts.frame.columns if column != facts.path]
        labels = [column for column in others if not is_helper(column)]
        if not others:
            continue
        stem = facts.name.casefold()
        fits = 1.0
        if TEST_NAME.search(stem) or VALID_NAME.search(stem):
            fits = 0.3
        elif TRAIN_NAME.search(stem):
            fits = 2.0
        if all(SPLIT_NAME.fullmatch(column.casefold()) for column in labels):
            fits *= 0.1  # a table of parts alone teaches nothing
        rows = facts.meeting.share * len(facts.table) * fits
        score = (rows, len(labels), fits)
        if score > most:
            best, most = facts, score
    return best


def _find_test(
    tables: Sequence[TableFacts], train: TableFacts, sample: TableFacts | None
) -> TableFacts | None:
    """The table of the images to be answered: it has the sample's ids, or it is called so."""
    if sample is not None:
        ids = set(known_values(sample.frame.iloc[:, 0]))
        for facts in tables:
            for column in facts.frame.columns:
                if ids and set(known_values(facts.frame[column])) == ids:
                    return facts
    tables = [facts for facts in tables if not _has_ids_of(facts, train)]
    called = [facts for facts in tables if TEST_NAME.search(facts.name.casefold())]
    called += [facts for facts in tables if VALID_NAME.search(facts.name.casefold())]
    for facts in called:
        if facts.path is not None and facts.meeting.share >= MEET:
            return facts
    for facts in called:  # a hidden test: its images come later
        if set(facts.frame.columns) <= set(train.frame.columns):
            return facts
    return None


def _has_ids_of(facts: TableFacts, train: TableFacts) -> bool:
    """Whether a table speaks of most images of the train table: it adds columns, and no rows."""
    ids = set(train.frame[str(train.path)])
    if all(word.strip().isdecimal() for word in ids):  # both parts may count from 1
        return False
    return any(len(ids & set(facts.frame[c])) > MEET * len(ids) for c in facts.frame.columns)


def _holds_placeholders(test: TableFacts, train: TableFacts) -> bool:
    """Whether a test table has a column of the train table with one value in every row, which is
    how an answer file looks that is yet to be filled."""
    for column in test.frame.columns:
        if column == test.path or column not in train.frame.columns:
            continue
        if len(test.table) > 2 and test.frame[column].nunique() == 1:
            values = train.frame[column]
            if values.nunique() > 1 and test.frame[column].iloc[0] in set(values):
                return True
    return False


def _names(tables: Sequence[TableFacts]) -> tuple[str, ...]:
    return tuple(facts.name for facts in tables)
