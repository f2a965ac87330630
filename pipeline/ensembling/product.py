"""Blending in the space of a product answer: whole answers beside products of single tasks. Pure.

A head predicts either all tasks at once (18 classes) or one task. The mean is taken in the
product's classes, where both kinds meet.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.ensembling.blending import mean_probs
from pipeline.labels.answers import combine_probs, marginal_probs


def join_answers(
    joint: np.ndarray | None,
    singles: Sequence[np.ndarray | None],
    *,
    sizes: Sequence[int],
    weights: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """Probabilities (N, product) of the combined classes from both kinds of head.

    `joint` is (N, product), `singles` (N, C) a task; a task without a head of its own takes
    the joint's marginal. `weights` are those of the joint and of the product.
    Raises ValueError when there is no joint and a task is missing.
    """
    if joint is None:
        known = [single for single in singles if single is not None]
        if len(known) < len(singles):
            raise ValueError("a task of the answer is predicted by no member")
        return combine_probs(known)
    if all(single is None for single in singles):
        return joint
    filled = [
        marginal_probs(joint, sizes=sizes, task=place) if single is None else single
        for place, single in enumerate(singles)
    ]
    return mean_probs([joint, combine_probs(filled)], weights=weights)
