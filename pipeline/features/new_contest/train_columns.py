"""What the columns of the train table are, with those that other tables of the contest add."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.features.new_contest.table_columns import (
    PERSON_NAME,
    SplitColumn,
    find_box,
    find_person,
    find_split,
    is_helper,
    known_values,
)
from pipeline.features.new_contest.table_roles import TableFacts
from pipeline.features.new_contest.yaml_writer import Entry

SAME_IDS = 0.9  # share of the train table's ids that another table must have to be joined
SAME_WORDS = 0.5  # and of the values of another column: labels may be known of some people alone


@dataclass(frozen=True)
class TrainColumns:
    """What the columns of the train table are, beside the labels."""

    frame: pd.DataFrame  # with the columns of joined tables
    joins: list[Entry]
    split: SplitColumn | None
    box: tuple[tuple[str, ...], str] | None


def read_columns(
    train: TableFacts, others: Sequence[TableFacts], *, asked: Sequence[str]
) -> TrainColumns:
    """The train table's columns by what they are. Of other tables those are joined that add who is
    in an image, which part it is of, or labels: columns that are `asked` for, or any where the
    train table itself has none."""
    assert train.path is not None
    frame, joins = train.frame, []
    split = find_split(frame, used=[train.path])
    person = find_person(frame, used=[train.path])
    for other in others:
        by: str | None = train.path
        key = _shared_key(train, other)
        if key is None:
            by, key = _shared_column(train, other)
        if by is None or key is None:
            continue
        new = [column for column in other.frame.columns if column != key]
        if set(new) & set(frame.columns) or other.frame[key].duplicated().any():
            continue
        adds_split = split is None and find_split(other.frame, used=[key]) is not None
        adds_person = (person is None or not person[1]) and any(
            PERSON_NAME.fullmatch(column.casefold()) for column in new
        )
        adds_labels = bool(set(new) & set(asked)) or _has_no_labels(frame, train)
        if not adds_labels and (by != train.path or not (adds_split or adds_person)):
            continue
        joined = other.frame.set_index(key)[new].reindex(frame[by]).fillna("")
        frame = frame.assign(**{column: joined[column].to_numpy() for column in new})
        value: dict[str, object] = {"file": other.name}
        if by != train.path:
            value["by"] = by
        if key != by and other.table.header is None:
            value["id"] = key
        if other.table.header is not None:
            value["header"] = [by if c == key else c for c in other.table.header]
        what = "the part of each image" if adds_split else "who is in each image"
        if adds_labels:
            what = f"labels, a row for each {by}" if by != train.path else "labels"
        joins.append(Entry("join", value, what))
        split = split or find_split(frame, used=[train.path])
        person = find_person(frame, used=[train.path])
    return TrainColumns(frame, joins, split, find_box(train.frame.columns))


def _has_no_labels(frame: pd.DataFrame, train: TableFacts) -> bool:
    """Whether all columns but that of the images say who is in them, or stand beside a label."""
    others = [column for column in frame.columns if column != train.path]
    return all(is_helper(c) or PERSON_NAME.fullmatch(c.strip().casefold()) for c in others)


def _shared_column(train: TableFacts, other: TableFacts) -> tuple[str | None, str | None]:
    """The column of the train table whose values are the ids of another table, and the column of
    these; both are called the same, or the first one says who is in an image."""
    for by in train.frame.columns:
        values = set(known_values(train.frame[by]))
        if by == train.path or len(values) < 2:
            continue
        is_person = PERSON_NAME.fullmatch(by.strip().casefold()) is not None
        for key in other.frame.columns:
            if key != by and not is_person:
                continue
            ids = other.frame[key]
            if not ids.duplicated().any() and len(values & set(ids)) >= SAME_WORDS * len(values):
                return str(by), str(key)
    return None, None


def _shared_key(train: TableFacts, other: TableFacts) -> str | None:
    ids = set(train.frame[str(train.path)])
    for column in other.frame.columns:
        if len(ids & set(other.frame[column])) >= SAME_IDS * len(ids):
            return str(column)
    return None
