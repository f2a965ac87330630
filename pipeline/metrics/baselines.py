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
    if kind == "multilabel":
        return _label_constants(metric, truth, folds=folds)
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


def _label_constants(metric: Metric, truth: np.ndarray, *, folds: np.ndarray) -> np.ndarray:
    """The best constant (N, C) for several labels (N, C): each label's share in the other folds, or
    of decided labels those that half of the images have, all, or none, whatever serves best."""
    shares = _label_shares(truth, folds=folds)
    if metric.looks_at != "decision":
        return shares
    answers = np.zeros(truth.shape, dtype=np.int64)
    for fold in np.unique(folds):
        others = folds != fold
        share = shares[~others][0]
        candidates = [share >= 0.5, np.zeros(len(share), bool), np.ones(len(share), bool)]
        scores = []
        for candidate in candidates:
            answer = np.broadcast_to(candidate * 1, truth[others].shape)
            scores.append(metric.as_score(metric.compute(truth[others], answer)))
        answers[~others] = candidates[int(np.argmax(np.nan_to_num(scores, nan=-np.inf)))]
    return answers


def _label_shares(truth: np.ndarray, *, folds: np.ndarray) -> np.ndarray:
    """The share (N, C) of the other folds' images that have each label, one image with it and one
    without it counted once more."""
    shares = np.zeros(truth.shape)
    for fold in np.unique(folds):
        others = truth[folds != fold]
        num_known = (~np.isnan(others)).sum(axis=0)
        shares[folds == fold] = (np.nansum(others, axis=0) + 1.0) / (num_known + 2.0)
    return shares


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
