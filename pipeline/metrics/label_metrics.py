"""Metrics of images with several labels: truth (N, C) of 0 and 1, NaN where a label is not known.

What has the name of a metric of classes is its mean over the labels (columns); micro counts all
labels together, samples is a mean over images. A label that is not known counts nowhere. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.metrics.metric import Count, Metric, People, Value, Weighted, share
from pipeline.metrics.number_metrics import mean
from pipeline.metrics.order_metrics import auc_of, precision_of
from pipeline.metrics.prob_metrics import LEAST

LABELS = ("multilabel",)
OfImages = Callable[[np.ndarray, np.ndarray], np.ndarray]  # truth, answer (N, C) -> (N,)


@dataclass(frozen=True)
class LabelCounts:
    """Images by label (..., C): answered and true, true, answered, and those that have it known."""

    hits: np.ndarray
    true: np.ndarray
    answered: np.ndarray
    known: np.ndarray


def count_labels(
    truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
) -> np.ndarray:
    """Hits, true, answered and known of each label, side by side: (P, 4C)."""
    known = ~np.isnan(truth)
    is_true, is_answered = known & (truth > 0.5), known & (np.asarray(answer) > 0.5)
    parts = (is_true & is_answered, is_true, is_answered, known)
    return np.concatenate([_sums(people, part) for part in parts], axis=1)


def accuracy(counts: LabelCounts) -> np.ndarray:
    """The mean over labels of the share (...,) that is answered right, where it is known."""
    right = counts.known - counts.true - counts.answered + 2.0 * counts.hits
    return _mean_of_labels(share(right, counts.known))


def balanced_accuracy(counts: LabelCounts) -> np.ndarray:
    """The mean over labels of half of: the recall of its presence, and of its absence."""
    absent = counts.known - counts.true
    right_absent = absent - (counts.answered - counts.hits)
    return _mean_of_labels((share(counts.hits, counts.true) + share(right_absent, absent)) / 2.0)


def macro_f_beta(beta: float) -> Callable[[LabelCounts], np.ndarray]:
    """The mean F-beta of the labels that are true or answered."""

    def value(counts: LabelCounts) -> np.ndarray:
        return _mean_of_labels(_each_f(counts, beta=beta))

    return value


def weighted_f1(counts: LabelCounts) -> np.ndarray:
    """The mean F1 of the labels, each weighted by how often it is true."""
    each = np.nan_to_num(_each_f(counts, beta=1.0), nan=0.0)
    return share((each * counts.true).sum(axis=-1), counts.true.sum(axis=-1))


def micro_f1(counts: LabelCounts) -> np.ndarray:
    """F1 of all labels of all images counted together."""
    hits = counts.hits.sum(axis=-1)
    return share(2.0 * hits, counts.true.sum(axis=-1) + counts.answered.sum(axis=-1))


def matthews(counts: LabelCounts) -> np.ndarray:
    """The mean over labels of Matthews' correlation; 0 for a label that is always true, or never,
    or answered so."""
    num, true, answered = counts.known, counts.true, counts.answered
    covariance = counts.hits * num - true * answered
    spread = true * (num - true) * answered * (num - answered)
    return _mean_of_labels(share(covariance, np.sqrt(spread), empty=0.0))


def samples_f_beta(beta: float) -> OfImages:
    """F-beta (N,) of each image's labels; 0 where none is true and none is answered, as
    scikit-learn has it."""
    weight = beta**2

    def values(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
        known = ~np.isnan(truth)
        is_true, is_answered = known & (truth > 0.5), known & (answer > 0.5)
        hits = (is_true & is_answered).sum(axis=1)
        whole = weight * is_true.sum(axis=1) + is_answered.sum(axis=1)
        return share((1.0 + weight) * hits, whole, empty=0.0)

    return values


def exact_match(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """1 (N,) where all known labels of an image are answered right."""
    wrong = ~np.isnan(truth) & ((truth > 0.5) != (answer > 0.5))
    return ~wrong.any(axis=1) * 1.0


def average_precision_at(number: int) -> OfImages:
    """The average precision (N,) of each image's likeliest `number` labels, equally likely ones in
    their order: the sum of the precision at each true one, over the true ones or `number` if they
    are more; 0 for an image without a true label, as Kaggle has it."""

    def values(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
        is_true = np.nan_to_num(truth, nan=0.0) > 0.5
        order = np.argsort(-scores, axis=1, kind="stable")[:, :number]
        hits = np.take_along_axis(is_true, order, axis=1)
        precision = hits.cumsum(axis=1) / np.arange(1, order.shape[1] + 1)
        most = np.minimum(is_true.sum(axis=1), number)
        return share((precision * hits).sum(axis=1), most, empty=0.0)

    return values


def _log_losses(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    probs = np.clip(probs, LEAST, 1.0 - LEAST)
    return -np.where(truth > 0.5, np.log(probs), np.log1p(-probs))


def _squared_errors(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    return (probs - truth) ** 2


def _each_f(counts: LabelCounts, *, beta: float) -> np.ndarray:
    weight = beta**2
    return share((1.0 + weight) * counts.hits, weight * counts.true + counts.answered)


def _sums(people: People, columns: np.ndarray) -> np.ndarray:
    """The sums (P, C) of columns (N, C) over each person's images."""
    return np.stack([people.sum(column) for column in columns.T], axis=1)


def _mean_of_labels(values: np.ndarray) -> np.ndarray:
    """The mean (...) over labels (..., C), those left out that have none (NaN)."""
    known = ~np.isnan(values)
    return share(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


def _of_counts(value: Callable[[LabelCounts], np.ndarray]) -> Value:
    def of_columns(counts: np.ndarray) -> np.ndarray:
        return value(LabelCounts(*np.split(counts, 4, axis=-1)))

    return of_columns


def _mean_of_images(each: OfImages) -> Count:
    def count(
        truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
    ) -> np.ndarray:
        values = each(truth, np.asarray(answer, dtype=np.float64))
        return np.stack([people.sum(values), people.sum(np.ones(len(values)))], axis=1)

    return count


def _sums_of_cells(loss: OfImages) -> Count:
    """The sums of a loss (N, C) and the known images of each label, side by side: (P, 2C)."""

    def count(
        truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
    ) -> np.ndarray:
        known = ~np.isnan(truth)
        losses = np.where(known, loss(truth, np.asarray(answer, dtype=np.float64)), 0.0)
        return np.concatenate([_sums(people, losses), _sums(people, known)], axis=1)

    return count


def _mean_of_cells(counts: np.ndarray) -> np.ndarray:
    sums, known = np.split(counts, 2, axis=-1)
    return _mean_of_labels(share(sums, known))


def _mean_of_orders(one: Weighted) -> Weighted:
    """The mean over labels of a metric of one label's order; labels that are never, or always,
    true in a draw are left out of it."""

    def prepare(truth: np.ndarray, scores: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        known = ~np.isnan(truth)
        parts = []
        for place in range(truth.shape[1]):
            rows = np.flatnonzero(known[:, place])
            is_true = truth[rows, place] > 0.5
            if 0 < is_true.sum() < len(rows):
                parts.append((rows, one(is_true, scores[rows, place])))

        def value(weights: np.ndarray) -> np.ndarray:
            if not parts:
                return np.full(len(weights), np.nan)
            return _mean_of_labels(
                np.stack([part(weights[:, rows]) for rows, part in parts], axis=1)
            )

        return value

    return prepare


def label_metric(
    name: str,
    says: str,
    value: Callable[[LabelCounts], np.ndarray],
    *,
    low: float = 0.0,
    each_label_alone: bool = True,
) -> Metric:
    """The metric that is a function of LabelCounts."""
    return Metric(
        name,
        says,
        True,
        LABELS,
        count=count_labels,
        value=_of_counts(value),
        low=low,
        each_label_alone=each_label_alone,
    )


def image_metric(name: str, says: str, each: OfImages, *, looks_at: str = "decision") -> Metric:
    """The metric that is a mean over images."""
    return Metric(
        name, says, True, LABELS, count=_mean_of_images(each), value=mean, looks_at=looks_at
    )


LABEL_METRICS = (
    label_metric("macro_f1", "mean F1 of the labels that are true or answered", macro_f_beta(1.0)),
    label_metric("accuracy", "mean over labels of the share of right answers", accuracy),
    label_metric("balanced_accuracy", "mean over labels of both recalls", balanced_accuracy),
    label_metric(
        "micro_f1",
        "F1 of all labels of all images counted together",
        micro_f1,
        each_label_alone=False,
    ),
    label_metric("weighted_f1", "mean F1 of the labels, weighted by their images", weighted_f1),
    label_metric("matthews", "mean over labels of Matthews correlation", matthews, low=-1.0),
    image_metric("samples_f1", "mean over images of the F1 of their labels", samples_f_beta(1.0)),
    image_metric("exact_match", "share of images with all labels right", exact_match),
    Metric(
        "log_loss",
        "mean over labels of the log-loss, clipped at 1e-15 as Kaggle does",
        False,
        LABELS,
        count=_sums_of_cells(_log_losses),
        value=_mean_of_cells,
        looks_at="probs",
        high=np.inf,
    ),
    Metric(
        "brier",
        "mean over labels of the squared error of probabilities",
        False,
        LABELS,
        count=_sums_of_cells(_squared_errors),
        value=_mean_of_cells,
        looks_at="probs",
    ),
    Metric(
        "macro_roc_auc",
        "mean ROC AUC of the labels (of columns)",
        True,
        LABELS,
        weighted=_mean_of_orders(auc_of),
        looks_at="probs",
    ),
    Metric(
        "macro_average_precision",
        "mean average precision of the labels (of columns)",
        True,
        LABELS,
        weighted=_mean_of_orders(precision_of),
        looks_at="probs",
    ),
)
