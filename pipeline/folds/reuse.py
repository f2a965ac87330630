"""Folds that stay when labels change: who was held out together before is so again. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np


def reuse_folds(
    people: Sequence[str] | np.ndarray, earlier: Mapping[str, int], *, num_folds: int
) -> np.ndarray:
    """The fold (n,) of each image: its person's earlier one; people that are new go, those with
    most images first, to the fold that has the fewest images by then."""
    names, codes = np.unique(np.asarray(people, dtype=str), return_inverse=True)
    counts = np.bincount(codes)
    chosen = np.array([earlier.get(name, -1) for name in names], dtype=np.int64)
    sizes = np.bincount(chosen[chosen >= 0], counts[chosen >= 0], minlength=num_folds)
    new = np.flatnonzero(chosen < 0)
    for person in new[np.argsort(-counts[new], kind="stable")]:
        chosen[person] = int(sizes.argmin())
        sizes[chosen[person]] += counts[person]
    return chosen[codes]
