"""The combined answer: several class tasks multiplied into one (mask x gender x age = 18). Pure.

The first task changes slowest: class = (first * size of second + second) * size of third + third.
"""

from collections.abc import Sequence
from math import prod

import numpy as np


def combine_classes(classes: Sequence[np.ndarray], *, sizes: Sequence[int]) -> np.ndarray:
    """Class numbers (N,) of the product from those of each task; -1 where a task has none (-1).

    Raises ValueError for a class number outside its task's size.
    """
    for codes, size in zip(classes, sizes, strict=True):
        if len(codes) and (codes.min() < -1 or codes.max() >= size):
            raise ValueError(f"class numbers {codes.min()}..{codes.max()} in a task of {size}")
    codes_by_task = np.stack([np.asarray(codes) for codes in classes])
    known = (codes_by_task >= 0).all(axis=0)
    combined = np.full(codes_by_task.shape[1], -1, dtype=np.int64)
    combined[known] = np.ravel_multi_index(tuple(codes_by_task[:, known]), tuple(sizes))
    return combined


def split_classes(combined: np.ndarray, *, sizes: Sequence[int]) -> list[np.ndarray]:
    """The class numbers of each task: the way back from combine_classes."""
    return list(np.unravel_index(combined, tuple(sizes)))


def combine_probs(probs: Sequence[np.ndarray]) -> np.ndarray:
    """Probabilities (N, product) of the combined classes from independent tasks' (N, C) each."""
    joint = probs[0]
    for other in probs[1:]:
        joint = (joint[:, :, None] * other[:, None, :]).reshape(len(joint), -1)
    return joint


def marginal_probs(joint: np.ndarray, *, sizes: Sequence[int], task: int) -> np.ndarray:
    """Probabilities (N, C) of one task from those of the combined classes."""
    if joint.shape[1] != prod(sizes):
        raise ValueError(f"{joint.shape[1]} combined classes, but the tasks' sizes are {sizes}")
    axes = tuple(axis + 1 for axis in range(len(sizes)) if axis != task)
    return joint.reshape(len(joint), *sizes).sum(axis=axes)


def replace_marginal(
    joint: np.ndarray, marginal: np.ndarray, *, sizes: Sequence[int], task: int
) -> np.ndarray:
    """Probabilities (N, product) in which one task has this marginal (N, C), and the others' given
    its classes stay: of a product that is the product with the marginal in its place."""
    old = marginal_probs(joint, sizes=sizes, task=task)
    ratio = np.divide(marginal, old, out=np.zeros_like(marginal, dtype=np.float64), where=old > 0)
    shape = [len(joint), *(size if axis == task else 1 for axis, size in enumerate(sizes))]
    changed = (joint.reshape(len(joint), *sizes) * ratio.reshape(shape)).reshape(len(joint), -1)
    return changed / np.clip(changed.sum(axis=1, keepdims=True), 1e-300, None)


def combine_names(names: Sequence[Sequence[str]]) -> list[str]:
    """Names of the combined classes, in their order: `worn/male/<30`."""
    combined = [""]
    for words in names:
        combined = [f"{left}/{word}" if left else word for left in combined for word in words]
    return combined
