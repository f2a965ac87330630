"""A number's answer drawn towards the centre, or away from it, as its metric likes best. Pure.

A network that is unsure answers too near to the mean or too far from it; a line mends both.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.metrics.metrics import Metric

SLOPES = np.round(np.arange(0.5, 1.401, 0.02), 2)
_SHARES = np.arange(0.3, 0.71, 0.05)
Errors = Callable[[np.ndarray], np.ndarray]  # answers (N,) -> the error of each group (G,)


@dataclass(frozen=True)
class LinearRecalibration:
    """slope * value + shift, within low and high."""

    slope: float = 1.0
    shift: float = 0.0
    low: float = -np.inf
    high: float = np.inf

    def apply(self, values: np.ndarray) -> np.ndarray:
        """The values (N,) on the line, kept within the task's range."""
        return np.clip(self.slope * np.asarray(values) + self.shift, self.low, self.high)


def fit_recalibration(
    values: np.ndarray,
    truth: np.ndarray,
    *,
    metric: Metric,
    group: np.ndarray | None = None,
    errors: Errors | None = None,
    low: float = -np.inf,
    high: float = np.inf,
) -> LinearRecalibration:
    """The line with the best metric on these rows; the one that changes nothing is tried first.

    For every slope the rest is shifted by its mean, its mean weighted as occlusion weighs it, and
    its 30th to 70th percentiles. With `errors` no line is taken that makes the error of any group
    larger than it was.
    """
    values, truth = np.asarray(values, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    plain = LinearRecalibration(low=low, high=high)
    best = _rate(plain, values, truth, metric, group)
    found = plain
    most = None if errors is None else errors(plain.apply(values)) * (1.0 + 1e-9)

    def harms_nobody(line: LinearRecalibration) -> bool:
        return errors is None or bool((errors(line.apply(values)) <= most).all())

    weights = 1.0 / 30.0 + np.clip(truth, 0.0, None)
    for slope in sorted(SLOPES.tolist(), key=lambda slope: abs(slope - 1.0)):
        rest = truth - slope * values
        shifts = [rest.mean(), np.average(rest, weights=weights), *np.quantile(rest, _SHARES)]
        for shift in shifts:
            line = LinearRecalibration(slope, float(shift), low, high)
            value = _rate(line, values, truth, metric, group)
            if value > best and harms_nobody(line):
                best, found = value, line
    return found


def _rate(
    line: LinearRecalibration,
    values: np.ndarray,
    truth: np.ndarray,
    metric: Metric,
    group: np.ndarray | None,
) -> float:
    value = metric.as_score(metric.compute(truth, line.apply(values), group))
    return -np.inf if np.isnan(value) else value
