"""Which fold every image is held out in: grouped by person, balanced on all labels at once.

Pure functions of arrays. How even a split came out is `balance`; that nothing leaks is `proofs`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.folds.search import split_strata
from pipeline.folds.strata import encode_labels, encode_people, group_strata, join_codes

BY = ("person", "label")


def assign_folds(
    person_ids: Sequence | np.ndarray | pd.Series,
    labels: pd.DataFrame,
    *,
    num_folds: int,
    seed: int,
    by: str = "person",
) -> np.ndarray:
    """Return (n,) the fold 0..num_folds-1 of every image, in the order given.

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
    coded = encode_labels(labels, num_images=len(people.codes))
    if by == "person":
        units, num_units = people.codes, len(people.values)
    else:
        num_units = len(people.codes)
        joint = join_codes(coded, num_images=num_units)
        units = np.empty(num_units, dtype=np.int64)
        units[np.lexsort((joint, people.codes))] = np.arange(num_units)
    _check_num_folds(num_folds, num_units, "people" if by == "person" else "images")

    rng = np.random.default_rng(seed)
    kinds = group_strata(units, coded)
    layout = split_strata(kinds, num_folds=num_folds, rng=rng)
    return _deal(layout, kinds.kind_of_unit, rng=rng)[units]


def _deal(layout: np.ndarray, kind_of_unit: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Return (num_units,) folds: who of a kind goes where is drawn by lot."""
    num_kinds, num_folds = layout.shape
    order = rng.permutation(len(kind_of_unit))
    order = order[np.argsort(kind_of_unit[order], kind="stable")]
    folds = np.empty(len(kind_of_unit), dtype=np.int64)
    folds[order] = np.repeat(np.tile(np.arange(num_folds), num_kinds), layout.ravel())
    return folds


def _check_num_folds(num_folds: int, num_units: int, what: str) -> None:
    if num_folds < 2:
        raise ValueError(f"{num_folds} folds were asked for; at least 2 are needed.")
    if num_folds > num_units:
        raise ValueError(
            f"{num_folds} folds were asked for and there are {num_units} {what}; "
            f"at most one fold for each is possible (2 to {num_units})."
        )
