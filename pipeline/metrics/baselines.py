"""The best answer that does not look at the image, learnt from the other folds. Pure."""

import numpy as np

from pipeline.metrics.metrics import Metric


def constant_answers(
    metric: Metric,
    truth: np.ndarray,
    *,
    folds: np.ndarray,
    kind: str,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """For every image (N,) the constant that serves the metric best on the other folds.

    The commonest class; 0 or 1 of a score; the mean, the median or a percentile of a number.
    """
    answers = np.zeros(len(truth), dtype=np.int64 if kind == "multiclass" else np.float64)
    for fold in np.unique(folds):
        others = folds != fold
        some = None if group is None else group[others]
        answers[~others] = best_constant(metric, truth[others], kind=kind, group=some)
    return answers


def best_constant(
    metric: Metric, truth: np.ndarray, *, kind: str, group: np.ndarray | None = None
) -> float:
    """The constant that serves the metric best on these labels; the first of equally good ones."""
    if kind == "multiclass":
        return int(np.bincount(np.asarray(truth, dtype=np.int64)).argmax())
    candidates = np.array([0.0, 1.0])
    if kind == "regression":
        values = np.asarray(truth, dtype=np.float64)
        spread = np.quantile(values, np.linspace(0.01, 0.99, 99))
        candidates = np.array([np.median(values), values.mean(), *spread])
    scores = [
        metric.as_score(metric.compute(truth, np.full(len(truth), value), group))
        for value in candidates
    ]
    return float(candidates[int(np.argmax(np.nan_to_num(scores, nan=-np.inf)))])
