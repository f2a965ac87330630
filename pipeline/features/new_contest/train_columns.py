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
)
from pipeline.features.new_contest.table_roles import TableFacts
from pipeline.features.new_contest.yaml_writer import Entry

SAME_IDS = 0.9  # share of the train table's ids that another table must have to be joined


@dataclass(frozen=True)
class TrainColumns:
    """What the columns of the train table are, beside the labels."""

    frame: pd.DataFrame  # with the columns of joined tables
    joins: list[Entry]
    split: SplitColumn | None
    box: tuple[tuple[str, ...], str] | None


def read_columns(train: TableFacts, others: Sequence[TableFacts]) -> TrainColumns:
    """The train table's columns by what they are. Of other tables those are joined that add who is
    in an image, or which part it is of."""
    assert train.path is not None
    frame, joins = train.frame, []
    split = find_split(frame, used=[train.path])
    person = find_person(frame, used=[train.path])
    for other in others:
        key = _shared_key(train, other)
        if key is None:
            continue
        new = [column for column in other.frame.columns if column != key]
        if set(new) & set(frame.columns) or other.frame[key].duplicated().any():
            continue
        adds_split = split is None and find_split(other.frame, used=[key]) is not None
        adds_person = (person is None or not person[1]) and any(
            PERSON_NAME.fullmatch(column.casefold()) for column in new
        )
        if not adds_split and not adds_person:
            continue
        joined = other.frame.set_index(key)[new].reindex(frame[train.path]).fillna("")
        frame = frame.assign(**{column: joined[column].to_numpy() for column in new})
        value: dict[str, object] = {"file": other.name}
        if key != train.path and other.table.header is None:
            value["id"] = key
        if other.table.header is not None:
            value["header"] = [train.path if c == key else c for c in other.table.header]
        what = "the part of each image" if adds_split else "who is in each image"
        joins.append(Entry("join", value, what))
        split = split or find_split(frame, used=[train.path])
        person = find_person(frame, used=[train.path])
    return TrainColumns(frame, joins, split, find_box(train.frame.columns))


def _shared_key(train: TableFacts, other: TableFacts) -> str | None:
    ids = set(train.frame[str(train.path)])
    for column in other.frame.columns:
        if len(ids & set(other.frame[column])) >= SAME_IDS * len(ids):
            return str(column)
    return None
