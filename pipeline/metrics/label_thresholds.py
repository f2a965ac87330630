"""The thresholds of several labels, fitted for a metric. Pure.

A metric that is a mean over labels is served best by each label's own threshold, which is found
exactly. For others (micro F1, samples F1, exact match) one threshold serves all labels: of
probabilities that mean what they say it is the same for all at the optimum of micro F1 (Lipton et
al. 2014), and one number learns less from chance than one a label.
"""

import numpy as np

from pipeline.metrics.metric import Metric

PLAIN = 0.5
MOST_CANDIDATES = 400
MOST_TRIES = 100  # where every candidate is a pass over all images


def best_label_thresholds(
    truth: np.ndarray, probs: np.ndarray, *, metric: Metric
) -> tuple[float, ...]:
    """The threshold of each label (probability >= threshold answers it) that serves the metric
    best, of labels (N, C) that are NaN where one is not known.

    Tried are 0.5 and the middles between neighbouring probabilities (at most 400 of them); of
    equally good ones the nearest to 0.5.
    """
    judge = metric.of_labels or metric
    if judge.each_label_alone:
        labels = range(truth.shape[1])
        return tuple(_of_label(truth[:, place], probs[:, place], judge) for place in labels)
    candidates = _candidates(probs, most=MOST_TRIES)
    values = [
        judge.as_score(judge.compute(truth, (probs >= value).astype(np.int64)))
        for value in candidates
    ]
    return (_best(candidates, np.array(values)),) * truth.shape[1]


def _of_label(truth: np.ndarray, probs: np.ndarray, judge: Metric) -> float:
    """One label's threshold, of its truth (N,) and its probabilities (N,)."""
    known = ~np.isnan(truth)
    if not known.any():
        return PLAIN
    probs, is_true = probs[known], truth[known] > 0.5
    candidates = _candidates(probs, most=MOST_CANDIDATES)
    answered = len(probs) - np.searchsorted(np.sort(probs), candidates, side="left")
    hits = is_true.sum() - np.searchsorted(np.sort(probs[is_true]), candidates, side="left")
    whole = np.ones(len(candidates))
    counts = np.stack([hits, is_true.sum() * whole, answered, len(probs) * whole], axis=1)
    assert judge.value is not None, judge.name
    with np.errstate(invalid="ignore", divide="ignore"):
        return _best(candidates, judge.as_score(judge.value(counts)))


def _candidates(probs: np.ndarray, *, most: int) -> np.ndarray:
    """Thresholds to try, the nearest to 0.5 first."""
    known = np.unique(probs)
    middles = (known[1:] + known[:-1]) / 2.0
    if len(middles) > most:
        middles = np.quantile(middles, np.linspace(0.0, 1.0, most))
    candidates = np.unique([PLAIN, *middles])
    return candidates[np.argsort(np.abs(candidates - PLAIN), kind="stable")]


def _best(candidates: np.ndarray, values: np.ndarray) -> float:
    return float(candidates[int(np.argmax(np.nan_to_num(values, nan=-np.inf)))])
