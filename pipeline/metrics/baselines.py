"""The best answer that does not look at the image, learnt from the other folds. Pure."""

import numpy as np

from pipeline.labels.tasks import is_labelled
from pipeline.metrics.metric import Metric


def constant_answers(
    metric: Metric,
    truth: np.ndarray,
    *,
    folds: np.ndarray,
    kind: str,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """For every image the constant that serves the metric best on the other folds: (N,), or
    probabilities (N, C) where the metric looks at them."""
    if kind == "multiclass" and metric.looks_at != "decision":
        return _class_shares(truth, folds=folds)
    answers = np.zeros(len(truth), dtype=np.int64 if kind == "multiclass" else np.float64)
    for fold in np.unique(folds):
        others = folds != fold
        some = None if group is None else group[others]
        answers[~others] = best_constant(metric, truth[others], kind=kind, group=some)
    return answers


def best_constant(
    metric: Metric, truth: np.ndarray, *, kind: str, group: np.ndarray | None = None
) -> float:
    """The constant that serves the metric best on these labels; the first of equally good ones.
    Images without a label (-1 or NaN) do not count.

    The commonest class; 0, 1 or the share of 1s of a score; the median, the mean or a percentile of
    a number.
    """
    known = is_labelled(np.asarray(truth))
    if not known.all():
        truth = truth[known]
        group = None if group is None else group[known]
    if kind == "multiclass":
        return int(np.bincount(np.asarray(truth, dtype=np.int64)).argmax())
    values = np.asarray(truth, dtype=np.float64)
    candidates = np.array([0.0, 1.0])
    if metric.looks_at == "probs":
        candidates = np.array([values.mean(), 0.0, 1.0])
    if kind == "regression":
        spread = np.quantile(values, np.linspace(0.01, 0.99, 99))
        candidates = np.array([np.median(values), values.mean(), *spread])
    scores = [
        metric.as_score(metric.compute(truth, np.full(len(truth), value), group))
        for value in candidates
    ]
    return float(candidates[int(np.argmax(np.nan_to_num(scores, nan=-np.inf)))])


def _class_shares(truth: np.ndarray, *, folds: np.ndarray) -> np.ndarray:
    """The shares (N, C) of the classes in the other folds, every class counted once more: a class
    that these lack would cost its images an endless log-loss."""
    classes = np.asarray(truth, dtype=np.int64)
    num_classes = int(classes.max()) + 1
    shares = np.zeros((len(classes), num_classes))
    for fold in np.unique(folds):
        others = folds != fold
        counts = np.bincount(classes[others & (classes >= 0)], minlength=num_classes) + 1.0
        shares[~others] = counts / counts.sum()
    return shares
