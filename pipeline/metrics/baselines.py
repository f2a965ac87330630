"""The best answer that is the same for every image. Pure."""

from collections.abc import Iterable

import numpy as np

from pipeline.labels.tasks import is_labelled
from pipeline.metrics.metric import Metric, share

BEST_CONSTANT = "best answer that is the same for every image"  # in words, behind `the`
MOST_TRIED = 100  # of more classes or labels only so many constants are tried


def constant_answers(
    metric: Metric, truth: np.ndarray, *, kind: str, group: np.ndarray | None = None
) -> np.ndarray:
    """The one constant that serves the metric best on these images, for every image: (N,), or
    (N, C) where the metric looks at probabilities of classes or at several labels.

    It is chosen in hindsight, on the very images that are judged, so what an answer gains over it
    is rather too small than too large.
    """
    if kind == "multilabel":
        constant = _label_constant(metric, truth)
    elif kind == "multiclass" and metric.looks_at != "decision":
        constant = _class_shares(truth)
    else:
        is_class = kind == "multiclass"
        constant = np.array(
            best_constant(metric, truth, kind=kind, group=group),
            dtype=np.int64 if is_class else np.float64,
        )
    return np.broadcast_to(constant, (len(truth), *constant.shape)).copy()


def best_constant(
    metric: Metric, truth: np.ndarray, *, kind: str, group: np.ndarray | None = None
) -> float:
    """The constant that serves the metric best on these labels; the first of equally good ones.
    Images without a label (-1 or NaN) do not count.

    A class, the commonest first; 0, 1 or the share of 1s of a score; the median, the mean or a
    percentile of a number. 0 where there is no label at all.
    """
    known = is_labelled(np.asarray(truth))
    if not known.any():
        return 0.0
    truth = np.asarray(truth)[known]
    group = None if group is None else group[known]
    if kind == "multiclass":
        classes = np.asarray(truth, dtype=np.int64)
        commonest = np.argsort(-np.bincount(classes), kind="stable")[:MOST_TRIED]
        candidates = np.append(commonest, int(np.median(classes)))
    else:
        values = truth.astype(np.float64)
        candidates = np.array([0.0, 1.0])
        if metric.looks_at == "probs":
            candidates = np.array([values.mean(), 0.0, 1.0])
        if kind == "regression":
            spread = np.quantile(values, np.linspace(0.01, 0.99, 99))
            candidates = np.array([np.median(values), values.mean(), *spread])
    answers = (np.full(len(truth), value) for value in candidates)
    return candidates[_first_best(metric, truth, answers, group)].item()


def _first_best(
    metric: Metric,
    truth: np.ndarray,
    answers: Iterable[np.ndarray],
    group: np.ndarray | None = None,
) -> int:
    """The place of the first of the best answers."""
    scores = [metric.as_score(metric.compute(truth, answer, group)) for answer in answers]
    return int(np.argmax(np.nan_to_num(scores, nan=-np.inf)))


def _label_constant(metric: Metric, truth: np.ndarray) -> np.ndarray:
    """The best constant (C,) for several labels (N, C): each label's share, or of decided labels
    the 0, 1, 2 ... commonest, or those of the commonest image, whatever serves best."""
    shares = share(np.nansum(truth, axis=0), (~np.isnan(truth)).sum(axis=0), empty=0.5)
    if metric.looks_at != "decision":
        return shares
    ranks = np.argsort(np.argsort(-shares, kind="stable"))
    steps = np.linspace(0, len(shares), min(len(shares), MOST_TRIED) + 1).astype(int)
    candidates = [ranks < num for num in [int((shares >= 0.5).sum()), *steps]]
    whole = truth[~np.isnan(truth).any(axis=1)]
    if len(whole):
        images, counts = np.unique(whole > 0.5, axis=0, return_counts=True)
        candidates.append(images[int(np.argmax(counts))])
    answers = (np.broadcast_to(labels * 1, truth.shape) for labels in candidates)
    return candidates[_first_best(metric, truth, answers)].astype(np.int64)


def _class_shares(truth: np.ndarray) -> np.ndarray:
    """The shares (C,) of the classes."""
    classes = np.asarray(truth, dtype=np.int64)
    counts = np.bincount(classes[classes >= 0], minlength=1)
    return counts / max(counts.sum(), 1)
