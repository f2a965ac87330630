"""A metric of classes while answers move, one after the other, from class to class. Pure.

Decisions that are fitted for a metric move a boundary. Between two rows nothing changes, so the
best place is found exactly: the metric is computed after every row that the boundary passes.
"""

import numpy as np

from pipeline.metrics.class_metrics import class_counts, wrong_cost
from pipeline.metrics.metric import ClassCounts, Metric, People

_LEAST_WIDTH = 1e-6  # a stretch without width is no decision


def metric_of_classes(
    metric: Metric, truth: np.ndarray, answer: np.ndarray, *, num_classes: int
) -> float:
    """The metric of class numbers (N,); minus infinity where it is undefined."""
    counts = class_counts(
        truth, answer, people=People(), num_classes=num_classes, distance=metric.distance
    )
    return float(_values(metric, counts)[0])


def values_of_moves(
    metric: Metric,
    truth: np.ndarray,
    since: np.ndarray,
    to: np.ndarray,
    *,
    num_classes: int,
    others: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """The metric (R + 1,) after the first 0..R rows went from class `since` to class `to`.

    `others` are the truth and the answers of rows that stay.
    """
    all_truth, all_since = truth, since
    if others is not None:
        all_truth = np.concatenate([truth, others[0]])
        all_since = np.concatenate([since, others[1]])
    start = class_counts(
        all_truth, all_since, people=People(), num_classes=num_classes, distance=metric.distance
    )
    rows = np.arange(len(truth))
    hits = np.zeros((len(rows) + 1, num_classes))
    answered = np.zeros((len(rows) + 1, num_classes))
    cost = np.zeros(len(rows) + 1)
    hits[rows + 1, to] += to == truth
    hits[rows + 1, since] -= since == truth
    answered[rows + 1, to] += 1
    answered[rows + 1, since] -= 1
    cost[1:] += wrong_cost(truth, to, distance=metric.distance)
    cost[1:] -= wrong_cost(truth, since, distance=metric.distance)
    counts = ClassCounts(
        hits=start.hits + hits.cumsum(axis=0),
        true=start.true,
        answered=start.answered + answered.cumsum(axis=0),
        cost=start.cost + cost.cumsum(),
    )
    return _values(metric, counts)


def best_stretch(
    values: np.ndarray, turns: np.ndarray, *, low: float, high: float, stands: float
) -> tuple[float, float]:
    """Where a boundary lies best within low..high, and the value (R + 1,) there.

    values[k] holds between turns[k - 1] and turns[k], which rise. Of equally good stretches the one
    whose middle is nearest to `stands` is taken.
    """
    ends = np.concatenate([[low], np.clip(turns, low, high), [high]])
    wide = ends[1:] - ends[:-1] > _LEAST_WIDTH
    values = np.where(wide, values, -np.inf)
    middles = (ends[1:] + ends[:-1]) / 2.0
    good = np.flatnonzero(values >= values.max() - 1e-12)
    chosen = good[np.abs(middles[good] - stands).argmin()]
    return float(middles[chosen]), float(values[chosen])


def _values(metric: Metric, counts: ClassCounts) -> np.ndarray:
    assert metric.by_class is not None, metric.name
    with np.errstate(invalid="ignore", divide="ignore"):
        values = metric.by_class(counts)
    return np.where(np.isnan(values), -np.inf, values)
