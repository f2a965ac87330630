"""The contest's own answer file: its rows made, and checked against the contest's sample. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.labels.number_words import NumberStyle
from pipeline.tables import check_same_ids


@dataclass(frozen=True)
class Column:
    """One answer column: its name, its values (N,), what a value may be, and how it is spelt."""

    name: str
    values: np.ndarray
    allowed: Collection | None = None
    bounds: tuple[float, float] | None = None
    style: NumberStyle | None = None


def build_answers(
    image_ids: Sequence[str],
    columns: Sequence[Column],
    *,
    sample_ids: Sequence[str] | None,
    id_column: str,
) -> pd.DataFrame:
    """The id column and the answers, in the sample's order, or else in that of `image_ids`.

    Raises ValueError naming the first id that the sample has and the answers lack, or the reverse.
    """
    order = list(image_ids) if sample_ids is None else list(sample_ids)
    check_same_ids(image_ids, order, what="submission")
    answers = pd.DataFrame({c.name: c.values for c in columns}, index=list(image_ids))
    frame = answers.loc[order].reset_index(drop=True)
    frame.insert(0, id_column, order)
    return frame


def check_answers(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    sample_ids: Sequence[str] | None,
    id_column: str,
) -> None:
    """Raises ValueError unless the ids are the sample's, in order, each once, and every answer is a
    value that its column allows."""
    names = [column.name for column in columns]
    if list(frame.columns) != [id_column, *names]:
        raise ValueError(f"submission: columns {list(frame.columns)} are not the contest's")
    if frame[id_column].duplicated().any():
        first = frame.loc[frame[id_column].duplicated(), id_column].iloc[0]
        raise ValueError(f"submission: {first!r} is answered twice")
    if sample_ids is not None and list(frame[id_column]) != list(sample_ids):
        raise ValueError("submission: the ids are not in the order of the contest's sample file")
    for column in columns:
        _check_column(frame, column, id_column=id_column)


def _check_column(frame: pd.DataFrame, column: Column, *, id_column: str) -> None:
    answers, allowed, bounds = frame[column.name], column.allowed, column.bounds
    if answers.isna().any():
        first = frame.loc[answers.isna(), id_column].iloc[0]
        raise ValueError(f"submission: {first!r} has no answer in {column.name}")
    wrong = ~answers.isin(list(allowed)) if allowed is not None else pd.Series(False, answers.index)
    if pd.api.types.is_numeric_dtype(answers):
        wrong |= ~np.isfinite(answers.to_numpy(dtype=np.float64))
    if bounds is not None:
        wrong |= ~answers.between(*bounds)
    if wrong.any():
        row = frame[wrong].iloc[0]
        raise ValueError(
            f"submission: {row[id_column]!r} is answered {row[column.name]} in {column.name}; "
            f"allowed: {sorted(allowed) if allowed is not None else bounds}"
        )


def spell_numbers(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """The answers with numbers as texts where the contest writes `35%` or `3,5`."""
    for column in columns:
        if column.style is not None:
            frame = frame.assign(
                **{column.name: frame[column.name].map(str).map(column.style.write)}
            )
    return frame


def write_lines(frame: pd.DataFrame, column: str) -> str:
    """The bare answers of one column, one a line, in the frame's order, without ids or header."""
    return "".join(f"{answer}\n" for answer in frame[column])
