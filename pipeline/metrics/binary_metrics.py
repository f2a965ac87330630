"""Metrics of a yes or no, where 1 is 'yes' or 'accepted'. Pure."""

from collections.abc import Callable

import numpy as np

from pipeline.metrics.metric import Metric, People, share

# columns of the counts (P, 4)
ZEROS, ZEROS_AS_ONES, ONES, ONES_AS_ONES = range(4)


def count_yes(
    truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
) -> np.ndarray:
    """True 0s, those answered 1, true 1s, those answered 1: (P, 4)."""
    truth, answer = np.asarray(truth) > 0.5, np.asarray(answer) > 0.5
    columns = (~truth, ~truth & answer, truth, truth & answer)
    return np.stack([people.sum(column) for column in columns], axis=1)


def false_acceptance(counts: np.ndarray) -> np.ndarray:
    """The share of true 0s that are answered 1; NaN if there is no 0."""
    return share(counts[..., ZEROS_AS_ONES], counts[..., ZEROS])


def false_rejection(counts: np.ndarray) -> np.ndarray:
    """The share of true 1s that are answered 0; NaN if there is no 1."""
    return share(counts[..., ONES] - counts[..., ONES_AS_ONES], counts[..., ONES])


def half_total_error(counts: np.ndarray) -> np.ndarray:
    """The mean of false acceptance and false rejection; NaN if one class is missing."""
    return (false_acceptance(counts) + false_rejection(counts)) / 2.0


def f_beta(beta: float) -> Callable[[np.ndarray], np.ndarray]:
    """F-beta of class 1; NaN when it is neither true nor answered."""
    weight = beta**2

    def value(counts: np.ndarray) -> np.ndarray:
        answered = counts[..., ZEROS_AS_ONES] + counts[..., ONES_AS_ONES]
        return share(
            (1.0 + weight) * counts[..., ONES_AS_ONES], weight * counts[..., ONES] + answered
        )

    return value


def precision(counts: np.ndarray) -> np.ndarray:
    """Share of true 1s among those answered 1; 0 when none is, as scikit-learn has it."""
    answered = counts[..., ZEROS_AS_ONES] + counts[..., ONES_AS_ONES]
    return share(counts[..., ONES_AS_ONES], answered, empty=0.0)


def recall(counts: np.ndarray) -> np.ndarray:
    """Share of the true 1s that are answered 1; NaN if there is none."""
    return 1.0 - false_rejection(counts)


def binary_metric(
    name: str,
    says: str,
    value: Callable[[np.ndarray], np.ndarray],
    *,
    higher_is_better: bool,
    one_sided: bool = False,
) -> Metric:
    """A metric of binary decisions; `value` makes it of counts (..., 4): see `count_pairs`."""
    return Metric(
        name,
        says,
        higher_is_better,
        ("binary",),
        count=count_yes,
        value=value,
        one_sided=one_sided,
    )


BINARY_METRICS = (
    binary_metric(
        "hter",
        "half total error rate: mean of far and frr",
        half_total_error,
        higher_is_better=False,
    ),
    binary_metric(
        "far",
        "false acceptance rate: share of true 0s answered 1",
        false_acceptance,
        higher_is_better=False,
        one_sided=True,
    ),
    binary_metric(
        "frr",
        "false rejection rate: share of true 1s answered 0",
        false_rejection,
        higher_is_better=False,
        one_sided=True,
    ),
    binary_metric("f1", "F1 of class 1", f_beta(1.0), higher_is_better=True),
    binary_metric(
        "precision",
        "share of true 1s among those answered 1",
        precision,
        higher_is_better=True,
        one_sided=True,
    ),
    binary_metric(
        "recall",
        "share of the true 1s that are answered 1",
        recall,
        higher_is_better=True,
        one_sided=True,
    ),
)
