"""Which fold every image is held out in: grouped by person, balanced on all labels at once.

Pure functions of arrays. `balance` says how even a split came out, `leak_checks` that it is sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.folds.search import Layout, split_strata
from pipeline.folds.strata import encode_columns, encode_people, group_strata, join_codes

BY = ("person", "label")


@dataclass(frozen=True)
class AssignedFolds:
    """The fold (n,) of every image, and the start that the search for them took."""

    folds: np.ndarray
    start: str


def search_folds(
    person_ids: Sequence | np.ndarray | pd.Series,
    labels: pd.DataFrame,
    *,
    num_folds: int,
    seed: int,
    by: str = "person",
) -> AssignedFolds:
    """The fold 0..num_folds-1 of every image (n,), in the order given.

    `labels` has a row an image and a column a label; every value of every label, the number of
    images, and (as far as that costs nothing) every combination of labels is spread evenly.
    The same people, labels and seed give the same folds in whatever order the rows come.
    `by="label"` ignores people, to measure what a leak is worth; there, images of one person
    with equal labels are told apart by their order alone. Raises ValueError for null ids or
    labels and for more folds than units.
    """
    if by not in BY:
        raise ValueError(f"Folds can be made by {' or '.join(BY)}, not by '{by}'.")
    people = encode_people(person_ids)
    encoded = encode_columns(labels, num_images=len(people.codes))
    if by == "person":
        units = people.codes
        num_units = len(people.values)
    else:
        num_units = len(people.codes)
        joint = join_codes(encoded, num_images=num_units)
        units = np.empty(num_units, dtype=np.int64)
        units[np.lexsort((joint, people.codes))] = np.arange(num_units)
    _check_num_folds(num_folds, num_units, "people" if by == "person" else "images")

    rng = np.random.default_rng(seed)
    strata = group_strata(units, encoded)
    layout = split_strata(strata, num_folds=num_folds, rng=rng)
    fold_of_unit = _draw_units(layout, strata.stratum_of_unit, rng=rng)
    return AssignedFolds(fold_of_unit[units], layout.start)


def assign_folds(
    person_ids: Sequence | np.ndarray | pd.Series,
    labels: pd.DataFrame,
    *,
    num_folds: int,
    seed: int,
    by: str = "person",
) -> np.ndarray:
    """The folds (n,) alone; see `search_folds`."""
    return search_folds(person_ids, labels, num_folds=num_folds, seed=seed, by=by).folds


def _draw_units(
    layout: Layout, stratum_of_unit: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """The fold (num_units,) of each unit: which units of a stratum go where is random."""
    num_strata, num_folds = layout.counts.shape
    order = rng.permutation(len(stratum_of_unit))
    order = order[np.argsort(stratum_of_unit[order], kind="stable")]
    folds = np.empty(len(stratum_of_unit), dtype=np.int64)
    folds[order] = np.repeat(np.tile(np.arange(num_folds), num_strata), layout.counts.ravel())
    return folds


def _check_num_folds(num_folds: int, num_units: int, what: str) -> None:
    if num_folds < 2:
        raise ValueError(f"{num_folds} folds were asked for; at least 2 are needed.")
    if num_folds > num_units:
        raise ValueError(
            f"{num_folds} folds were asked for and there are {num_units} {what}; "
            f"at most one fold for each is possible (2 to {num_units})."
        )
