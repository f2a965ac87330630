"""Metrics by name. Each knows its direction, the kinds of task it serves, and what it looks at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata


@dataclass(frozen=True)
class Metric:
    """`compute(truth, answer)` of (N,) arrays, from `decision` (class, 0/1, value) or `score`."""

    compute: Callable[[np.ndarray, np.ndarray], float]
    higher_is_better: bool
    kinds: tuple[str, ...]
    looks_at: str = "decision"

    def as_score(self, value: float) -> float:
        """The value turned so that higher is better."""
        return value if self.higher_is_better else -value


def class_f1(truth: np.ndarray, answer: np.ndarray, *, num_classes: int) -> np.ndarray:
    """F1 (C,) of each class; NaN for a class that is neither true nor answered."""
    truth, answer = np.asarray(truth, dtype=np.int64), np.asarray(answer, dtype=np.int64)
    hits = np.bincount(truth[truth == answer], minlength=num_classes)
    total = np.bincount(truth, minlength=num_classes) + np.bincount(answer, minlength=num_classes)
    return np.divide(2.0 * hits, total, out=np.full(num_classes, np.nan), where=total > 0)


def macro_f1(truth: np.ndarray, answer: np.ndarray) -> float:
    """Mean F1 over the classes that are true or answered, as scikit-learn's f1_score(macro)."""
    num_classes = int(max(np.max(truth), np.max(answer))) + 1
    return float(np.nanmean(class_f1(truth, answer, num_classes=num_classes)))


def accuracy(truth: np.ndarray, answer: np.ndarray) -> float:
    """Share of right answers."""
    return float(np.mean(np.asarray(truth) == np.asarray(answer)))


def hter(truth: np.ndarray, answer: np.ndarray) -> float:
    """Half total error rate: mean of false acceptance and false rejection; NaN if one class."""
    truth, answer = np.asarray(truth) > 0.5, np.asarray(answer) > 0.5
    if truth.all() or not truth.any():
        return float("nan")
    return float((answer[~truth].mean() + (~answer[truth]).mean()) / 2.0)


def roc_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Chance that a positive scores above a negative, ties half; NaN if there is one class."""
    positive = np.asarray(truth) > 0.5
    num_positive, num_negative = positive.sum(), (~positive).sum()
    if not num_positive or not num_negative:
        return float("nan")
    above = rankdata(score)[positive].sum() - num_positive * (num_positive + 1) / 2.0
    return float(above / (num_positive * num_negative))


def mae(truth: np.ndarray, answer: np.ndarray) -> float:
    """Mean absolute error, in the label's unit."""
    return float(np.mean(np.abs(np.asarray(truth, dtype=np.float64) - answer)))


def rmse(truth: np.ndarray, answer: np.ndarray) -> float:
    """Root of the mean squared error, in the label's unit."""
    return float(np.sqrt(np.mean((np.asarray(truth, dtype=np.float64) - answer) ** 2)))


METRICS: dict[str, Metric] = {
    "macro_f1": Metric(macro_f1, True, ("classes",)),
    "accuracy": Metric(accuracy, True, ("classes", "score")),
    "roc_auc": Metric(roc_auc, True, ("score",), looks_at="score"),
    "hter": Metric(hter, False, ("score",)),
    "mae": Metric(mae, False, ("number",)),
    "rmse": Metric(rmse, False, ("number",)),
}
