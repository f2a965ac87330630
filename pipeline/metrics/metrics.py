"""Metrics by name. Each knows its direction, the kinds of task it serves, and what it looks at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

Sums = Callable[[np.ndarray], np.ndarray]  # (N,) of the images -> (P,) of the people


@dataclass(frozen=True)
class SufficientStatistics:
    """`count(truth, answer, group, sums)` gives columns (P, K); `value((..., K))` the metric."""

    count: Callable[[np.ndarray, np.ndarray, np.ndarray | None, Sums], np.ndarray]
    value: Callable[[np.ndarray], np.ndarray]


def _count_classes(truth, answer, group, sums: Sums) -> np.ndarray:
    """Hits, then true and answered, of each class: (P, 2C)."""
    truth, answer = np.asarray(truth, dtype=np.int64), np.asarray(answer, dtype=np.int64)
    classes, right = range(int(max(truth.max(), answer.max())) + 1), truth == answer
    hits = [sums(right & (truth == c)) for c in classes]
    total = [sums((truth == c) * 1.0 + (answer == c)) for c in classes]
    return np.stack([*hits, *total], axis=1)


def _macro_f1(counts: np.ndarray) -> np.ndarray:
    hits, total = np.split(counts, 2, axis=-1)
    values = np.divide(2.0 * hits, total, out=np.full(total.shape, np.nan), where=total > 0)
    return np.nanmean(values, axis=-1)


def _count_yes(truth, answer, group, sums: Sums) -> np.ndarray:
    """True 0s, those answered 1, true 1s, those answered 1: (P, 4)."""
    truth, answer = np.asarray(truth) > 0.5, np.asarray(answer) > 0.5
    return np.stack([sums(~truth), sums(~truth & answer), sums(truth), sums(truth & answer)], 1)


def _share(part: np.ndarray, whole: np.ndarray, *, empty: float = np.nan) -> np.ndarray:
    return np.divide(part, whole, out=np.full(whole.shape, empty), where=whole > 0)


def _far(c: np.ndarray) -> np.ndarray:
    return _share(c[..., 1], c[..., 0])


def _frr(c: np.ndarray) -> np.ndarray:
    return _share(c[..., 2] - c[..., 3], c[..., 2])


def _mean_of(loss: Callable[[np.ndarray, np.ndarray], np.ndarray]):
    """The count of a metric that is a mean over images: its sum and their number (P, 2)."""

    def count(truth, answer, group, sums: Sums) -> np.ndarray:
        each = loss(np.asarray(truth, dtype=np.float64), np.asarray(answer, dtype=np.float64))
        return np.stack([sums(each), sums(np.ones(len(each)))], axis=1)

    return count


def _mean(c: np.ndarray) -> np.ndarray:
    return c[..., 0] / c[..., 1]


def _count_gap(truth, answer, group, sums: Sums) -> np.ndarray:
    """Weighted squares and weights of both halves: (P, 4)."""
    weights = 1.0 / 30.0 + np.asarray(truth, dtype=np.float64)
    squares = weights * (np.asarray(answer, dtype=np.float64) - truth) ** 2
    female = np.asarray(group) < 0.5
    parts = [column * half for half in (female, ~female) for column in (squares, weights)]
    return np.stack([sums(part) for part in parts], axis=1)


def _gap(c: np.ndarray) -> np.ndarray:
    female, male = _share(c[..., 0], c[..., 1]), _share(c[..., 2], c[..., 3])
    return (female + male) / 2.0 + np.abs(female - male)


TALLIES: dict[str, SufficientStatistics] = {
    "macro_f1": SufficientStatistics(_count_classes, _macro_f1),
    "accuracy": SufficientStatistics(
        _mean_of(lambda truth, answer: (truth == answer) * 1.0), _mean
    ),
    "far": SufficientStatistics(_count_yes, _far),
    "frr": SufficientStatistics(_count_yes, _frr),
    "hter": SufficientStatistics(_count_yes, lambda c: (_far(c) + _frr(c)) / 2.0),
    "f1": SufficientStatistics(
        _count_yes, lambda c: _share(2.0 * c[..., 3], c[..., 1] + c[..., 2] + c[..., 3])
    ),
    "precision": SufficientStatistics(
        _count_yes, lambda c: _share(c[..., 3], c[..., 1] + c[..., 3], empty=0.0)
    ),
    "recall": SufficientStatistics(_count_yes, lambda c: 1.0 - _frr(c)),
    "mae": SufficientStatistics(_mean_of(lambda truth, answer: np.abs(answer - truth)), _mean),
    "mse": SufficientStatistics(_mean_of(lambda truth, answer: (answer - truth) ** 2), _mean),
    "rmse": SufficientStatistics(
        _mean_of(lambda truth, answer: (answer - truth) ** 2), lambda c: np.sqrt(_mean(c))
    ),
    "cs5": SufficientStatistics(
        _mean_of(lambda truth, answer: (np.abs(answer - truth) <= 5.0) * 1.0), _mean
    ),
    "occlusion_gap": SufficientStatistics(_count_gap, _gap),
}
NAN = float("nan")


@dataclass(frozen=True)
class Metric:
    """A metric of `decision` (class, 0/1, value) or `score`; `function(truth, answer[, group])`."""

    function: Callable[..., float]
    higher_is_better: bool
    kinds: tuple[str, ...]
    looks_at: str = "decision"
    needs_group: bool = False
    one_sided: bool = False  # a constant answer can be perfect: only half of the truth
    gamed_by: str = ""  # how it can be bettered by answers that are worse for somebody

    @property
    def tally(self) -> SufficientStatistics | None:
        """Its counts by person, where it is a function of sums; None where it is not."""
        return TALLIES.get(self.function.__name__)

    def compute(
        self, truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None = None
    ) -> float:
        """The value for (N,) arrays. Raises ValueError when the group it needs is not given."""
        if not self.needs_group:
            return self.function(truth, answer)
        if group is None:
            raise ValueError(f"{self.function.__name__} needs a group; give the task `group:`")
        return self.function(truth, answer, group)

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


def far(truth: np.ndarray, answer: np.ndarray) -> float:
    """False acceptance rate: the share of true 0s answered 1, for 1 is 'accepted'; NaN if no 0."""
    truth, answer = _yes(truth), _yes(answer)
    return NAN if truth.all() else float(answer[~truth].mean())


def frr(truth: np.ndarray, answer: np.ndarray) -> float:
    """False rejection rate: the share of true 1s answered 0, for 1 is 'accepted'; NaN if no 1."""
    truth, answer = _yes(truth), _yes(answer)
    return float((~answer[truth]).mean()) if truth.any() else NAN


def hter(truth: np.ndarray, answer: np.ndarray) -> float:
    """Half total error rate: mean of false acceptance and false rejection; NaN if one class."""
    return (far(truth, answer) + frr(truth, answer)) / 2.0


def f1(truth: np.ndarray, answer: np.ndarray) -> float:
    """F1 of class 1; NaN when it is neither true nor answered."""
    return float(class_f1(_yes(truth), _yes(answer), num_classes=2)[1])


def precision(truth: np.ndarray, answer: np.ndarray) -> float:
    """Share of true 1s among those answered 1; 0 when none is, as scikit-learn has it."""
    answer = _yes(answer)
    return float(_yes(truth)[answer].mean()) if answer.any() else 0.0


def recall(truth: np.ndarray, answer: np.ndarray) -> float:
    """Share of the true 1s that are answered 1; NaN if there is none."""
    return 1.0 - frr(truth, answer)


def roc_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Chance that a positive scores above a negative, ties half; NaN if there is one class."""
    positive = _yes(truth)
    num_positive, num_negative = positive.sum(), (~positive).sum()
    if not num_positive or not num_negative:
        return NAN
    above = rankdata(score)[positive].sum() - num_positive * (num_positive + 1) / 2.0
    return float(above / (num_positive * num_negative))


def mae(truth: np.ndarray, answer: np.ndarray) -> float:
    """Mean absolute error, in the label's unit."""
    return float(np.mean(np.abs(_errors(truth, answer))))


def mse(truth: np.ndarray, answer: np.ndarray) -> float:
    """Mean squared error, in the label's unit squared."""
    return float(np.mean(_errors(truth, answer) ** 2))


def rmse(truth: np.ndarray, answer: np.ndarray) -> float:
    """Root of the mean squared error, in the label's unit."""
    return float(np.sqrt(mse(truth, answer)))


def cs5(truth: np.ndarray, answer: np.ndarray) -> float:
    """Cumulative score: the share of answers at most 5 off, in the label's unit (years)."""
    return float(np.mean(np.abs(_errors(truth, answer)) <= 5.0))


def occlusion_gap(truth: np.ndarray, answer: np.ndarray, group: np.ndarray) -> float:
    """(Err_F + Err_M) / 2 + |Err_F - Err_M|, Err = sum w (p-y)^2 / sum w with w = 1/30 + y.

    F is where group (gender) is below 0.5, M the rest; NaN if one is empty. The IDEMIA challenge's.
    """
    errors = occlusion_errors(truth, answer, group)
    return float(errors.sum() / 2.0 + abs(errors[0] - errors[1]))


def occlusion_errors(truth: np.ndarray, answer: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Err_F and Err_M (2,) of occlusion_gap; NaN for a half that is empty."""
    weights = 1.0 / 30.0 + np.asarray(truth, dtype=np.float64)
    squares, female = weights * _errors(truth, answer) ** 2, np.asarray(group) < 0.5
    return np.array(
        [
            squares[half].sum() / weights[half].sum() if half.any() else NAN
            for half in (female, ~female)
        ]
    )


def _yes(values: np.ndarray) -> np.ndarray:
    return np.asarray(values) > 0.5


def _errors(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    return np.asarray(answer, dtype=np.float64) - np.asarray(truth, dtype=np.float64)


METRICS: dict[str, Metric] = {
    "macro_f1": Metric(macro_f1, True, ("multiclass",)),
    "accuracy": Metric(accuracy, True, ("multiclass", "binary")),
    "roc_auc": Metric(roc_auc, True, ("binary",), looks_at="score"),
    "hter": Metric(hter, False, ("binary",)),
    "far": Metric(far, False, ("binary",), one_sided=True),
    "frr": Metric(frr, False, ("binary",), one_sided=True),
    "f1": Metric(f1, True, ("binary",)),
    "precision": Metric(precision, True, ("binary",), one_sided=True),
    "recall": Metric(recall, True, ("binary",), one_sided=True),
    "mae": Metric(mae, False, ("regression",)),
    "mse": Metric(mse, False, ("regression",)),
    "rmse": Metric(rmse, False, ("regression",)),
    "cs5": Metric(cs5, True, ("regression",)),
    "occlusion_gap": Metric(
        occlusion_gap,
        False,
        ("regression",),
        needs_group=True,
        gamed_by="an error added to the better group counts half, but what it takes off the gap "
        "counts whole: making the better group worse by e betters the score by e/2",
    ),
}
# what is printed for every task of a kind, after the task's own metric
REPORTED: dict[str, tuple[str, ...]] = {
    "binary": ("hter", "far", "frr", "roc_auc", "f1", "precision", "recall", "accuracy"),
    "regression": ("mae", "mse", "rmse", "cs5"),
    "multiclass": ("macro_f1", "accuracy"),
}


def reported(kind: str, own: str) -> list[str]:
    """The metrics shown for a task of this kind: its own first, each once."""
    return list(dict.fromkeys([own, *REPORTED[kind]]))
