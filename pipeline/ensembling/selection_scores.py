"""How good the mean of the chosen would be with each candidate added, for all candidates. Pure.

A scorer gets the sum (N, C) of what is chosen so far and how many that are. It gives a score of
each candidate (M,), higher is better. Beside the candidates (M, N, C) it needs memory for a few
numbers a candidate and row, because it looks at one candidate at a time.
"""

from collections.abc import Callable

import numpy as np

CandidateScorer = Callable[[np.ndarray, int], np.ndarray]
_LEAST = np.finfo(np.float64).eps  # as scikit-learn clips
_BLOCK = 4000  # rows
_AT_ONCE = 16  # probabilities multiplied before the logarithm: 16 of the least are 1e-250


def score_candidates(
    candidates: np.ndarray, score: Callable[[np.ndarray], float]
) -> CandidateScorer:
    """The scorer by any function of predictions (N, C)."""

    def score_each(total: np.ndarray, number: int) -> np.ndarray:
        return np.array([score((total + one) / (number + 1)) for one in candidates])

    return score_each


def score_candidates_by_log_loss(candidates: np.ndarray, truth: np.ndarray) -> CandidateScorer:
    """The scorer by log-loss, for probabilities of classes (C > 1) or of a score (C = 1)."""
    yes = np.asarray(truth) > 0.5
    rows = np.arange(len(truth))
    classes = np.asarray(truth, dtype=np.int64)

    def of_truth(probs: np.ndarray, number: int) -> np.ndarray:
        """What the sum of `number` predictions gives the true class."""
        if probs.shape[-1] > 1:
            return probs[..., rows, classes]
        return np.where(yes, probs[..., 0], number - probs[..., 0])

    known = of_truth(candidates, 1)

    def score_each(total: np.ndarray, number: int) -> np.ndarray:
        chosen = of_truth(total, number)
        sums = [_sum_of_logs((chosen + one) / (number + 1)) for one in known]
        return np.array(sums) / len(rows)

    return score_each


def _sum_of_logs(values: np.ndarray) -> float:
    """The sum of the logarithms of (N,) values, sixteen to a logarithm."""
    values = np.maximum(values, _LEAST)
    whole = len(values) - len(values) % _AT_ONCE
    products = values[:whole].reshape(_AT_ONCE, -1).prod(axis=0)
    return float(np.log(products).sum() + np.log(values[whole:]).sum())


def score_candidates_by_counts(
    candidates: np.ndarray, truth: np.ndarray, *, metric: str
) -> CandidateScorer:
    """The scorer by `macro_f1` or `accuracy` of the likeliest class (the first of equally likely).

    Exact, and mostly without looking: a candidate that names the leading class itself leaves it
    leading, and so does one that prefers another by less than the lead.
    """
    num_classes = candidates.shape[2]
    truth = np.asarray(truth, dtype=np.int64)
    own = [one.argmax(axis=1) for one in candidates]
    peaks = [one.max(axis=1) for one in candidates]
    of_truth = np.bincount(truth, minlength=num_classes)

    def score_each(total: np.ndarray, number: int) -> np.ndarray:
        top, lead = _leads(total)
        answered = np.bincount(top, minlength=num_classes)
        hits = np.bincount(truth[top == truth], minlength=num_classes)
        scores = []
        for one, names, peak in zip(candidates, own, peaks, strict=True):
            rows = np.flatnonzero(names != top)
            if number == 0:
                picks = names[rows]
            else:
                gains = peak[rows] - one[rows, top[rows]]
                rows = rows[gains >= lead[rows] * (1.0 - 1e-9) - 1e-12]
                picks = _pick(one, total, rows)
            new, old, true = picks, top[rows], truth[rows]
            turned = answered + _count(new, num_classes) - _count(old, num_classes)
            right = hits + _count(new[new == true], num_classes)
            right -= _count(old[old == true], num_classes)
            scores.append(_value(right, of_truth + turned, metric))
        return np.array(scores)

    return score_each


def _pick(one: np.ndarray, total: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The likeliest class of these rows of a sum, in blocks that stay in the processor's cache."""
    blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
    picks = [(one[block] + total[block]).argmax(axis=1) for block in blocks]
    return np.concatenate(picks) if picks else np.zeros(0, dtype=np.int64)


def _leads(total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest class (N,) and its lead over the second (N,)."""
    rows = np.arange(len(total))
    top = total.argmax(axis=1)
    rest = total.copy()
    rest[rows, top] = -np.inf
    return top, total[rows, top] - rest.max(axis=1)


def _count(classes: np.ndarray, num_classes: int) -> np.ndarray:
    return np.bincount(classes, minlength=num_classes)


def _value(hits: np.ndarray, sizes: np.ndarray, metric: str) -> float:
    """Accuracy, or macro-F1 over the classes that are true or answered: sizes are their sums."""
    if metric == "accuracy":
        return 2.0 * hits.sum() / sizes.sum()
    seen = sizes > 0
    return float((2.0 * hits[seen] / sizes[seen]).sum() / seen.sum())
