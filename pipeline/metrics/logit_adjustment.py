"""Offsets of class log-probabilities that serve a metric better than the likeliest class. Pure.

Macro-F1 weighs a class of ten images as much as one of a thousand, the likeliest class does not.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.labels.answers import split_classes
from pipeline.metrics.metric import Metric
from pipeline.metrics.moved_answers import best_stretch, metric_of_classes, values_of_moves

_LEAST = 1e-12
_PASSES = 10


def decide_with(probs: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The class (N,) with the highest log-probability plus offset (C,); the first of equal ones."""
    return (np.log(np.clip(probs, _LEAST, None)) + offsets).argmax(axis=1)


def class_groups(sizes: Sequence[int]) -> np.ndarray:
    """Which combined classes (groups, C) an offset of each class of each task moves together.

    For one task every class is a group. A task's first class needs none: only distances count.
    """
    codes = split_classes(np.arange(int(np.prod(sizes))), sizes=sizes)
    groups = []
    for code, size in zip(codes, sizes, strict=True):
        groups += [code == number for number in range(1, size)]
    return np.array(groups)


def fit_offsets(
    probs: np.ndarray,
    truth: np.ndarray,
    *,
    metric: Metric,
    groups: np.ndarray | None = None,
    most: float = 2.0,
    least_gain: float = 1e-9,
) -> np.ndarray:
    """The offsets (C,) with the best value of a metric of classes on these rows, by coordinate
    search.

    Each group of classes (groups, C) is moved in turn, exactly to the best place within +-`most`
    of log-probability: of equally good stretches the one nearest to where it stood, its middle.
    Starting from none, so never worse on these rows than the likeliest class.
    """
    logs = np.log(np.clip(probs, _LEAST, None))
    groups = np.eye(probs.shape[1], dtype=bool) if groups is None else groups
    truth = np.asarray(truth, dtype=np.int64)
    offsets = np.zeros(len(groups))
    best = metric_of_classes(metric, truth, logs.argmax(axis=1), num_classes=probs.shape[1])
    for _ in range(_PASSES):
        start = best
        for place, group in enumerate(groups):
            shifted = logs + offsets @ groups
            low, high = -most - offsets[place], most - offsets[place]
            step, value = _search(shifted, truth, group, metric=metric, low=low, high=high)
            if value > best + least_gain:
                best = value
                offsets[place] += step
        if best <= start + least_gain:
            break
    return offsets @ groups


def _search(
    logs: np.ndarray,
    truth: np.ndarray,
    group: np.ndarray,
    *,
    metric: Metric,
    low: float,
    high: float,
) -> tuple[float, float]:
    """The best step of one group within low..high, and the metric there.

    A row goes to the group's likeliest class when the step is above what the rest leads by, so
    every place where an answer changes is looked at.
    """
    inside, outside = np.flatnonzero(group), np.flatnonzero(~group)
    if not len(outside):
        return 0.0, -np.inf
    to = inside[logs[:, inside].argmax(axis=1)]
    since = outside[logs[:, outside].argmax(axis=1)]
    rows = np.arange(len(truth))
    turns = logs[rows, since] - logs[rows, to]
    order = np.argsort(turns, kind="stable")
    values = values_of_moves(  # a step of minus infinity: no row is in the group
        metric, truth[order], since[order], to[order], num_classes=logs.shape[1]
    )
    return best_stretch(values, turns[order], low=low, high=high, stands=0.0)
