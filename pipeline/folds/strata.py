"""Strata: people who bring the same labels, what each brings, and how even a split can be.

What users hand in is checked here; folds are chosen in `search`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

MAX_VALUES = 1000  # more values than this is a number that nobody put into bins
MAX_JOINT = 256  # combinations of labels that are balanced too: the fullest; others are rare


@dataclass(frozen=True)
class EncodedLabels:
    """One column as whole numbers: `codes` (n,) index into `values`, which are sorted."""

    name: str
    codes: np.ndarray
    values: list


@dataclass(frozen=True)
class Strata:
    """Units (people or images) that bring the same labels form a stratum: any two can be swapped.

    The columns of `counts` are: all images; every label value (`num_promised` columns so far);
    the combinations of labels; and the first `num_promised` columns again, in units, not images.
    """

    stratum_of_unit: np.ndarray  # (num_units,)
    sizes: np.ndarray  # (num_strata,) units of each
    counts: np.ndarray  # (num_strata, num_columns) float64: what one unit brings
    num_promised: int


def encode_people(person_ids: Sequence | np.ndarray | pd.Series) -> EncodedLabels:
    """Return the people sorted by id as text, so that 7 and "7" are one person.

    Raises ValueError for a null id.
    """
    column = pd.Series(np.asarray(person_ids, dtype=object))
    _refuse_nulls("person_id", column)
    return _code("person_id", column.map(str))


def encode_columns(labels: pd.DataFrame, *, num_images: int) -> list[EncodedLabels]:
    """Return one `EncodedLabels` a column.

    Raises ValueError for nulls, for another length than `num_images`, and for a column of more
    than MAX_VALUES values (a number that nobody put into bins).
    """
    if len(labels) != num_images:
        raise ValueError(
            f"labels has {len(labels)} rows for {num_images} images; it needs one row an image."
        )
    encoded = []
    for position, name in enumerate(labels.columns):
        _refuse_nulls(str(name), labels.iloc[:, position])
        column = _code(str(name), labels.iloc[:, position])
        if len(column.values) > MAX_VALUES:
            raise ValueError(
                f"Label '{name}' has {len(column.values)} different values and at most "
                f"{MAX_VALUES} can be balanced; put the number into bins first."
            )
        encoded.append(column)
    return encoded


def join_codes(labels: Sequence[EncodedLabels], *, num_images: int) -> np.ndarray:
    """Return (n,) the code of every image's combination of all labels, 0..num_combinations-1."""
    joint = np.zeros(num_images, dtype=np.int64)
    for label in labels:
        joint = np.unique(joint * len(label.values) + label.codes, return_inverse=True)[1]
    return joint


def group_strata(units: np.ndarray, labels: Sequence[EncodedLabels]) -> Strata:
    """Return the strata of the units 0..num_units-1; `units` (n,) names each image's unit."""
    joint = join_codes(labels, num_images=len(units))
    stratum_of_unit, sizes, first = _compress(units, joint)
    # one unit of each stratum is counted: the others bring the same
    is_example = np.zeros(len(stratum_of_unit), dtype=bool)
    is_example[first] = True
    rows = is_example[units]
    stratum_of_row = stratum_of_unit[units[rows]]

    def count(codes: np.ndarray, width: int) -> np.ndarray:
        flat = np.bincount(stratum_of_row * width + codes, minlength=len(sizes) * width)
        return flat.reshape(len(sizes), width).astype(np.float64)

    blocks = [count(np.zeros(len(stratum_of_row), dtype=np.int64), 1)]
    blocks += [count(label.codes[rows], len(label.values)) for label in labels]
    promised = np.hstack(blocks)
    columns = [promised]
    if len(labels) > 1:
        columns.append(_count_joint(joint, rows, count))
    columns.append((promised > 0).astype(np.float64))
    return Strata(stratum_of_unit, sizes, np.hstack(columns), promised.shape[1])


def smallest_deviation(counts: np.ndarray, sizes: np.ndarray, *, num_folds: int) -> np.ndarray:
    """Return (num_columns,) a deviation of share that no split of whole units can go below.

    `counts` (num_strata, num_columns) is what one unit brings, `sizes` how many units there are.
    Three facts: a fold's count is a multiple of the units' common divisor; the largest unit lies
    in some fold whole; fewer units than folds leave a fold without any.
    """
    whole = counts.astype(np.int64)
    totals = sizes @ whole
    steps = totals // np.gcd.reduce(whole, axis=0)
    low, exact = steps // num_folds, steps / num_folds
    bound = np.where(steps % num_folds, np.maximum(exact - low, low + 1 - exact), 0.0) / steps
    bound = np.maximum(bound, whole.max(axis=0) / totals - 1 / num_folds)
    num_units = sizes @ (whole > 0)
    return np.where(num_units < num_folds, np.maximum(bound, 1 / num_folds), bound)


def plain(value: object) -> object:
    """Return a label value as something JSON can hold."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str | int | float | bool) else str(value)


def _refuse_nulls(name: str, column: pd.Series) -> None:
    nulls = np.flatnonzero(column.isna())
    if len(nulls):
        raise ValueError(
            f"'{name}' is null for {len(nulls)} of {len(column)} images (first at row "
            f"{nulls[0]}, counted from 0); every image needs a value."
        )


def _code(name: str, column: pd.Series) -> EncodedLabels:
    codes, found = pd.factorize(np.asarray(column))
    try:
        order = sorted(range(len(found)), key=lambda i: found[i])
    except TypeError:  # words and numbers mixed have no order of their own
        order = sorted(range(len(found)), key=lambda i: (type(found[i]).__name__, str(found[i])))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return EncodedLabels(name, rank[codes], [found[i] for i in order])


def _compress(units: np.ndarray, joint: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the stratum of each unit, the units of each stratum, and one example unit of each.

    A unit is recognised by the sum of fixed random 64-bit numbers, one a combination of labels. Two
    different people would be taken for equal once in 10^8 populations of 500,000; balance would
    suffer by one person, and nothing else.
    """
    marks = np.random.default_rng(0).integers(2**63, size=joint.max() + 1, dtype=np.uint64)
    sums = np.zeros(units.max() + 1, dtype=np.uint64)
    np.add.at(sums, units, marks[joint])
    _, first, stratum, sizes = np.unique(
        sums, return_index=True, return_inverse=True, return_counts=True
    )
    return stratum, sizes, first


def _count_joint(
    joint: np.ndarray, rows: np.ndarray, count: Callable[[np.ndarray, int], np.ndarray]
) -> np.ndarray:
    """Return (num_strata, <= MAX_JOINT) counts of the fullest combinations of labels."""
    totals = np.bincount(joint)
    kept = np.argsort(-totals, kind="stable")[:MAX_JOINT]
    place = np.full(len(totals), len(kept))
    place[kept] = np.arange(len(kept))
    return count(place[joint[rows]], len(kept) + 1)[:, : len(kept)]
