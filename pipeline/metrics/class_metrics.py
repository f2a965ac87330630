"""Metrics of decided classes, as functions of how often each class is true, answered and hit. Pure.

All are functions of ClassCounts, so that layers which move answers from class to class can compute
them without counting again.
"""

from collections.abc import Callable

import numpy as np

from pipeline.labels.tasks import is_labelled
from pipeline.metrics.metric import ClassCounts, Count, Metric, People, Value, share

CLASSES = ("multiclass", "binary")


def class_counts(
    truth: np.ndarray, answer: np.ndarray, *, people: People, num_classes: int, distance: int
) -> ClassCounts:
    """The counts (P, C) of class numbers (N,); `distance` as in wrong_cost."""
    return ClassCounts(
        hits=people.count(np.where(truth == answer, truth, -1), num_classes=num_classes),
        true=people.count(truth, num_classes=num_classes),
        answered=people.count(answer, num_classes=num_classes),
        cost=people.sum(wrong_cost(truth, answer, distance=distance)),
    )


def wrong_cost(truth: np.ndarray, answer: np.ndarray, *, distance: int) -> np.ndarray:
    """What each answer costs: 0 if right, else |truth - answer| to the power of `distance`."""
    apart = np.abs(np.asarray(truth, dtype=np.float64) - answer)
    return apart**distance if distance else (apart > 0) * 1.0


def class_f1(truth: np.ndarray, answer: np.ndarray, *, num_classes: int) -> np.ndarray:
    """F1 (C,) of each class over the images that have a label; NaN for a class that is neither true
    nor answered."""
    known = is_labelled(np.asarray(truth))
    truth, answer = np.asarray(truth)[known], np.asarray(answer)[known]
    truth, answer = np.asarray(truth, dtype=np.int64), np.asarray(answer, dtype=np.int64)
    counts = class_counts(truth, answer, people=People(), num_classes=num_classes, distance=0)
    return _each_f(counts)[0]


def class_metric(
    name: str,
    says: str,
    by_class: Callable[[ClassCounts], np.ndarray],
    *,
    kinds: tuple[str, ...] = CLASSES,
    distance: int = 0,
    low: float = 0.0,
) -> Metric:
    """The metric that is a function of ClassCounts. A number is rounded to the nearest class."""
    return Metric(
        name=name,
        says=says,
        higher_is_better=True,
        kinds=kinds,
        count=_counter(distance),
        value=_valuer(by_class),
        by_class=by_class,
        distance=distance,
        low=low,
    )


def _counter(distance: int) -> Count:
    def count(
        truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
    ) -> np.ndarray:
        """Hits, true and answered of each class, and the cost: (P, 3C + 1)."""
        truth = np.rint(np.asarray(truth, dtype=np.float64)).astype(np.int64)
        answer = np.rint(np.asarray(answer, dtype=np.float64)).astype(np.int64)
        least = min(0, int(truth.min()), int(answer.min()))  # rounded numbers may be below 0
        truth, answer = truth - least, answer - least
        number = int(max(truth.max(), answer.max())) + 1
        found = class_counts(truth, answer, people=people, num_classes=number, distance=distance)
        return np.concatenate([found.hits, found.true, found.answered, found.cost[:, None]], axis=1)

    return count


def _valuer(by_class: Callable[[ClassCounts], np.ndarray]) -> Value:
    def value(counts: np.ndarray) -> np.ndarray:
        hits, true, answered = np.split(counts[..., :-1], 3, axis=-1)
        return by_class(ClassCounts(hits, true, answered, counts[..., -1]))

    return value


def accuracy(counts: ClassCounts) -> np.ndarray:
    """The share (...,) of the images that are answered right."""
    return counts.hits.sum(axis=-1) / counts.true.sum(axis=-1)


def balanced_accuracy(counts: ClassCounts) -> np.ndarray:
    """The mean recall of the classes that are true."""
    return np.nanmean(share(counts.hits, counts.true), axis=-1)


def _each_f(counts: ClassCounts, *, beta: float = 1.0) -> np.ndarray:
    """The F-beta (..., C) of each class; NaN for a class that is neither true nor answered."""
    weight = beta**2
    return share((1.0 + weight) * counts.hits, weight * counts.true + counts.answered)


def macro_f_beta(beta: float) -> Callable[[ClassCounts], np.ndarray]:
    """The mean F-beta over the classes that are true or answered, as scikit-learn's `macro`."""

    def value(counts: ClassCounts) -> np.ndarray:
        return np.nanmean(_each_f(counts, beta=beta), axis=-1)

    return value


def weighted_f1(counts: ClassCounts) -> np.ndarray:
    """The mean F1 of the classes, each weighted by how often it is true."""
    each = np.nan_to_num(_each_f(counts), nan=0.0)
    return (each * counts.true).sum(axis=-1) / counts.true.sum(axis=-1)


def matthews(counts: ClassCounts) -> np.ndarray:
    """Matthews' correlation (Gorodkin 2004); 0 where one class is all that is true or answered."""
    num = counts.true.sum(axis=-1)
    covariance = counts.hits.sum(axis=-1) * num - (counts.true * counts.answered).sum(axis=-1)
    spread_of_truth = num**2 - (counts.true**2).sum(axis=-1)
    spread_of_answers = num**2 - (counts.answered**2).sum(axis=-1)
    return share(covariance, np.sqrt(spread_of_truth * spread_of_answers), empty=0.0)


def cohen_kappa(distance: int) -> Callable[[ClassCounts], np.ndarray]:
    """Cohen's kappa (1968), the costs being |i - j| ** distance of the class numbers; 0: all
    wrong classes cost the same. NaN where chance alone would be right always."""

    def value(counts: ClassCounts) -> np.ndarray:
        classes = np.arange(counts.true.shape[-1])
        costs = wrong_cost(classes[:, None], classes[None, :], distance=distance)
        by_chance = ((counts.true @ costs) * counts.answered).sum(axis=-1)
        return 1.0 - share(counts.cost * counts.true.sum(axis=-1), by_chance)

    return value


KAPPA_KINDS = ("multiclass", "binary", "regression")
CLASS_METRICS = (
    class_metric(
        "macro_f1",
        "mean F1 of the classes that are true or answered",
        macro_f_beta(1.0),
    ),
    class_metric("accuracy", "share of right answers", accuracy),
    class_metric("balanced_accuracy", "mean recall of the classes", balanced_accuracy),
    class_metric(
        "micro_f1", "F1 of all answers counted together; of classes it equals accuracy", accuracy
    ),
    class_metric("weighted_f1", "mean F1 of the classes, weighted by their images", weighted_f1),
    class_metric("matthews", "Matthews correlation of classes", matthews, low=-1.0),
    class_metric("kappa", "Cohen's kappa, all wrong classes alike", cohen_kappa(0), low=-np.inf),
    class_metric(
        "linear_kappa",
        "Cohen's kappa with costs |i - j|; a number is rounded to a class",
        cohen_kappa(1),
        kinds=KAPPA_KINDS,
        distance=1,
        low=-np.inf,
    ),
    class_metric(
        "quadratic_kappa",
        "Cohen's kappa with costs (i - j)^2; a number is rounded to a class",
        cohen_kappa(2),
        kinds=KAPPA_KINDS,
        distance=2,
        low=-np.inf,
    ),
)
