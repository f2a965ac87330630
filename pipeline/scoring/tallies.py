"""Metrics as functions of sums over pictures, so that drawing people costs a matrix product. Pure.

A tally counts once for each person; the sums of any drawn people give the metric's value of their
pictures, the same number that the metric itself computes from them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Sums = Callable[[np.ndarray], np.ndarray]  # (N,) of the pictures -> (P,) of the people


@dataclass(frozen=True)
class Tally:
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
    """The count of a metric that is a mean over pictures: its sum and their number (P, 2)."""

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


TALLIES: dict[str, Tally] = {
    "macro_f1": Tally(_count_classes, _macro_f1),
    "accuracy": Tally(_mean_of(lambda truth, answer: (truth == answer) * 1.0), _mean),
    "far": Tally(_count_yes, _far),
    "frr": Tally(_count_yes, _frr),
    "hter": Tally(_count_yes, lambda c: (_far(c) + _frr(c)) / 2.0),
    "f1": Tally(_count_yes, lambda c: _share(2.0 * c[..., 3], c[..., 1] + c[..., 2] + c[..., 3])),
    "precision": Tally(_count_yes, lambda c: _share(c[..., 3], c[..., 1] + c[..., 3], empty=0.0)),
    "recall": Tally(_count_yes, lambda c: 1.0 - _frr(c)),
    "mae": Tally(_mean_of(lambda truth, answer: np.abs(answer - truth)), _mean),
    "mse": Tally(_mean_of(lambda truth, answer: (answer - truth) ** 2), _mean),
    "rmse": Tally(
        _mean_of(lambda truth, answer: (answer - truth) ** 2), lambda c: np.sqrt(_mean(c))
    ),
    "cs5": Tally(_mean_of(lambda truth, answer: (np.abs(answer - truth) <= 5.0) * 1.0), _mean),
    "occlusion_gap": Tally(_count_gap, _gap),
}
