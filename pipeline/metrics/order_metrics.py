"""Metrics of the order of scores, computed with a weight for each image. Pure.

An image that is drawn twice has the weight 2, so one sort serves all draws. Equal scores are one
group, and its images share what the group adds.
"""

from collections.abc import Callable

import numpy as np

from pipeline.metrics.metric import Metric, share

OfWeights = Callable[[np.ndarray], np.ndarray]  # weights (D, N) -> values (D,)
Prepare = Callable[[np.ndarray, np.ndarray], OfWeights]  # of the truth and the scores


class _Order:
    """Scores (N,) from low to high, with the places where a group of equal ones begins."""

    def __init__(self, scores: np.ndarray) -> None:
        self.order = np.argsort(scores, kind="stable")
        ordered = np.asarray(scores)[self.order]
        is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        self.starts = np.flatnonzero(is_first)
        self.group_of = np.cumsum(is_first) - 1  # (N,) of the ordered scores

    def ranks(self, weights: np.ndarray) -> np.ndarray:
        """The mean rank (D, N) of each image among images repeated as their weights say."""
        groups = np.add.reduceat(weights[:, self.order], self.starts, axis=1)
        middle = groups.cumsum(axis=1) - groups + (groups + 1.0) / 2.0
        ranks = np.empty(weights.shape)
        ranks[:, self.order] = middle[:, self.group_of]
        return ranks


class _Positives:
    """Where the positives stand among the ordered scores: all sums are over them alone, but for
    one running sum over all images."""

    def __init__(self, positive: np.ndarray, scores: np.ndarray) -> None:
        order = _Order(scores)
        self._order = order.order
        places = np.flatnonzero(positive[order.order])
        group = order.group_of[places]
        ends = np.append(order.starts, len(scores))
        self.images = order.order[places]  # the positives, from low to high
        self.below = ends[group]  # how many images score less than each
        self.upto = ends[group + 1]  # and how many less or the same
        self.last = np.searchsorted(group, group, side="right") - 1  # the last with its score

    def running_sums(self, weights: np.ndarray) -> np.ndarray:
        """The weights (D, N + 1) of the 0, 1, 2 ... N lowest scores."""
        sums = np.zeros((weights.shape[0], weights.shape[1] + 1))
        np.cumsum(weights[:, self._order], axis=1, out=sums[:, 1:])
        return sums


def auc_of(positive: np.ndarray, scores: np.ndarray) -> OfWeights:
    """The chance that a positive (N,) scores above a negative, ties half; NaN if there is one
    class."""
    found = _Positives(positive, scores)

    def value(weights: np.ndarray) -> np.ndarray:
        sums = found.running_sums(weights)
        ones = weights[:, found.images]
        num_ones = ones.sum(axis=1)
        middles = (sums[:, found.below] + sums[:, found.upto]) / 2.0
        # of the pairs of two positives, each counts half: they are taken off
        wins = (ones * middles).sum(axis=1) - num_ones**2 / 2.0
        return share(wins, num_ones * (sums[:, -1] - num_ones))

    return value


def precision_of(positive: np.ndarray, scores: np.ndarray) -> OfWeights:
    """Average precision: over thresholds from high to low, the precision at each, weighted by the
    recall that it adds; NaN if there is no positive."""
    found = _Positives(positive, -np.asarray(scores))

    def value(weights: np.ndarray) -> np.ndarray:
        ones = weights[:, found.images]
        answered = found.running_sums(weights)[:, found.upto]
        hits = ones.cumsum(axis=1)[:, found.last]
        precision = share(hits, answered, empty=0.0)
        return share((ones * precision).sum(axis=1), ones.sum(axis=1))

    return value


def spearman_of(truth: np.ndarray, answer: np.ndarray) -> OfWeights:
    """Pearson's correlation of ranks, equal ones sharing theirs; NaN where all are equal."""
    by_truth, by_answer = _Order(truth), _Order(answer)

    def value(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1)
        centre = ((total + 1.0) / 2.0)[:, None]  # the mean of ranks 1..total
        one, other = by_truth.ranks(weights) - centre, by_answer.ranks(weights) - centre
        together = (weights * one * other).sum(axis=1)
        spread = (weights * one**2).sum(axis=1) * (weights * other**2).sum(axis=1)
        return share(together, np.sqrt(spread))

    return value


def _of_score(one: Prepare) -> Prepare:
    """As `one`, of labels (N,) where 1 is positive."""

    def prepare(truth: np.ndarray, scores: np.ndarray) -> OfWeights:
        return one(np.asarray(truth) > 0.5, scores)

    return prepare


def _one_vs_rest(one: Prepare, *, weighted: bool = False) -> Prepare:
    """The mean over classes of `one` class against the rest, by how often it is true if
    `weighted`. Classes that are never, or always, true in a draw are left out of it."""

    def prepare(truth: np.ndarray, probs: np.ndarray) -> OfWeights:
        classes = np.unique(np.asarray(truth, dtype=np.int64))
        inside = [number for number in classes.tolist() if number < probs.shape[1]]
        columns = [truth == number for number in inside]
        parts = [one(truth == number, probs[:, number]) for number in inside]

        def value(weights: np.ndarray) -> np.ndarray:
            values = np.stack([part(weights) for part in parts], axis=1)
            shares = np.ones(values.shape)
            if weighted:
                shares = np.stack([weights @ is_class for is_class in columns], axis=1)
            known = ~np.isnan(values)
            total = (np.where(known, values, 0.0) * shares).sum(axis=1)
            return share(total, (shares * known).sum(axis=1))

        return value

    return prepare


ORDER_METRICS = (
    Metric(
        "roc_auc",
        "chance that a true 1 scores above a true 0",
        True,
        ("binary",),
        weighted=_of_score(auc_of),
        looks_at="score",
    ),
    Metric(
        "average_precision",
        "area under the precision-recall curve, by steps",
        True,
        ("binary",),
        weighted=_of_score(precision_of),
        looks_at="score",
    ),
    Metric(
        "macro_roc_auc",
        "mean ROC AUC of each class against the rest",
        True,
        ("multiclass",),
        weighted=_one_vs_rest(auc_of),
        looks_at="probs",
    ),
    Metric(
        "weighted_roc_auc",
        "the same, weighted by how often a class is true",
        True,
        ("multiclass",),
        weighted=_one_vs_rest(auc_of, weighted=True),
        looks_at="probs",
    ),
    Metric(
        "macro_average_precision",
        "mean average precision of each class against the rest",
        True,
        ("multiclass",),
        weighted=_one_vs_rest(precision_of),
        looks_at="probs",
    ),
    Metric(
        "spearman",
        "Spearman's rank correlation",
        True,
        ("regression",),
        weighted=spearman_of,
        low=-1.0,
        order_only=True,
    ),
)
