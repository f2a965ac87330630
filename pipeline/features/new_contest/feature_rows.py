"""A sample with a row for each answer of an image, as contests of facial keypoints have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipeline.features.new_contest.contest_tables import ContestTable
from pipeline.features.new_contest.made_tables import MadeTable, name_table
from pipeline.features.new_contest.meeting import ImageIndex
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_roles import Roles, TableFacts, look_at_table

JOINED_BY = ("_", "-", " ", "/", ":")  # between image and answer, as the file's reader sees it


@dataclass(frozen=True)
class FeatureRows:
    """The file, its column of the images' ids, and the answers that it asks for."""

    name: str
    id: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class _Joined:
    """The images of a sample whose ids are an image and an answer, and the answers."""

    images: tuple[str, ...]
    answers: tuple[str, ...]


def find_feature_rows(roles: Roles) -> FeatureRows | None:
    """The sample whose rows are answers: one column holds names of columns of the train table, or
    its ids end with them."""
    if roles.train is None:
        return None
    labels = list(map(str, roles.train.frame.columns))
    for facts in (*([roles.sample] if roles.sample else []), *roles.samples):
        for column in facts.frame.columns:
            values = set(known_values(facts.frame[column]))
            if len(values) > 1 and values <= set(labels):
                answers = tuple(label for label in labels if label in values)
                return FeatureRows(facts.name, _id_column(facts, column), answers)
        joined = _split_joined(facts, labels)
        if joined is not None:
            return FeatureRows(facts.name, str(facts.frame.columns[0]), joined.answers)
    return None


def with_asked_images(
    roles: Roles, index: ImageIndex, *, beside: Path
) -> tuple[Roles, list[MadeTable]]:
    """The roles with a test table of the images that a sample of ids `IMAGE_COLUMN` asks for, where
    the contest brings no test table; and that table."""
    train = roles.train
    if train is None or train.path is None or roles.test is not None or roles.sample is None:
        return roles, []
    joined = _split_joined(roles.sample, list(map(str, train.frame.columns)))
    if joined is None:
        return roles, []
    frame = pd.DataFrame({train.path: joined.images}, dtype=str)
    table = ContestTable(name_table(beside, "test"), frame)
    why = f"the {len(frame)} images of {roles.sample.name}, whose ids are IMAGE_COLUMN"
    return replace(roles, test=look_at_table(table, index)), [MadeTable(table, why)]


def without_sample(roles: Roles) -> Roles:
    """The roles as they are for everything but the answer file."""
    return replace(roles, sample=None, samples=())


def _split_joined(facts: TableFacts, labels: Sequence[str]) -> _Joined | None:
    """The images and the answers of a sample whose ids all end with names of several columns."""
    values = [value.strip() for value in facts.frame.iloc[:, 0]]
    for joined_by in JOINED_BY:
        ends = sorted((f"{joined_by}{label}" for label in labels), key=len, reverse=True)
        found = [next((end for end in ends if value.endswith(end)), "") for value in values]
        asked = {end.removeprefix(joined_by) for end in found}
        if not values or not all(found) or len(asked) < 2:
            continue
        images = dict.fromkeys(value[: -len(end)] for value, end in zip(values, found, strict=True))
        answers = tuple(label for label in labels if label in asked)
        return _Joined(tuple(images), answers)
    return None


def _id_column(facts: TableFacts, feature: str) -> str:
    """The column of the images: it meets them, or it repeats as they do."""
    if facts.path is not None:
        return facts.path
    others = [str(column) for column in facts.frame.columns if column != feature]
    repeated = [column for column in others if facts.frame[column].duplicated().any()]
    return (repeated or others)[0]
