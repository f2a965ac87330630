"""Cut points that turn a number into a class, fitted for a metric such as kappa. Pure.

A network that is unsure answers too near to the mean, so rounding gives the outer classes too few
images. Moving the cuts mends it.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.metrics.metric import Metric
from pipeline.metrics.moved_answers import best_stretch, metric_of_classes, values_of_moves

_PASSES = 10
_LEAST_GAIN = 1e-9


@dataclass(frozen=True)
class CutPoints:
    """Rising cuts (C - 1,): a value of at least cuts[k] is class `first` + k + 1 or more."""

    first: int
    cuts: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The classes (N,) of values, as numbers."""
        return self.first + np.searchsorted(self.cuts, values, side="right").astype(np.float64)


def fit_cuts(values: np.ndarray, truth: np.ndarray, *, metric: Metric) -> CutPoints:
    """The cuts with the best value of a metric of classes on these rows, by coordinate search.

    Truth (N,) is rounded to whole numbers. Starting from the middles between them, so never worse
    on these rows than rounding.
    """
    values = np.asarray(values, dtype=np.float64)
    classes = np.rint(np.asarray(truth, dtype=np.float64)).astype(np.int64)
    first = int(classes.min())
    classes = classes - first
    number = int(classes.max()) + 1
    cuts = first + np.arange(number - 1) + 0.5
    answers = np.searchsorted(cuts, values, side="right")
    best = metric_of_classes(metric, classes, answers, num_classes=number)
    for _ in range(_PASSES):
        start = best
        for place in range(len(cuts)):
            cut, value = _search(values, classes, cuts, place, metric=metric)
            if value > best + _LEAST_GAIN:
                best = value
                cuts[place] = cut
        if best <= start + _LEAST_GAIN:
            break
    return CutPoints(first, cuts)


def _search(
    values: np.ndarray, classes: np.ndarray, cuts: np.ndarray, place: int, *, metric: Metric
) -> tuple[float, float]:
    """The best place of one cut between its neighbours, and the metric there."""
    low = cuts[place - 1] if place else min(float(values.min()), float(cuts[0])) - 1.0
    high = float(cuts[place + 1]) if place + 1 < len(cuts) else None
    if high is None:
        high = max(float(values.max()), float(cuts[-1])) + 1.0
    between = (values >= low) & (values < high)
    inside = np.flatnonzero(between)
    inside = inside[np.argsort(values[inside], kind="stable")]
    outside = np.flatnonzero(~between)
    answers = np.searchsorted(cuts, values[outside], side="right")
    above = np.full(len(inside), place + 1)
    moved = values_of_moves(  # the cut rises: one value after the other falls below it
        metric,
        classes[inside],
        above,
        above - 1,
        num_classes=len(cuts) + 1,
        others=(classes[outside], answers),
    )
    return best_stretch(moved, values[inside], low=float(low), high=high, stands=float(cuts[place]))
