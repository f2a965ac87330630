"""Metrics of a number, as functions of sums over images. Pure."""

from collections.abc import Callable

import numpy as np

from pipeline.metrics.metric import NAN, Count, Metric, People, Value, share

NUMBER = ("regression",)
Loss = Callable[[np.ndarray, np.ndarray], np.ndarray]  # truth, answer (N,) -> loss (N,)


def mean_of(loss: Loss) -> Count:
    """The counts (P, 2) of a metric that is a mean over images: the sum of losses, and images."""

    def count(
        truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
    ) -> np.ndarray:
        each = loss(np.asarray(truth, dtype=np.float64), np.asarray(answer, dtype=np.float64))
        return np.stack([people.sum(each), people.sum(np.ones(len(each)))], axis=1)

    return count


def mean(counts: np.ndarray) -> np.ndarray:
    """The mean (...,) of sums and numbers of images (..., 2)."""
    return counts[..., 0] / counts[..., 1]


def root_mean(counts: np.ndarray) -> np.ndarray:
    """The square root (...,) of that mean."""
    return np.sqrt(mean(counts))


def absolute_errors(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """How far each answer (N,) is from the truth, without its sign."""
    return np.abs(answer - truth)


def squared_errors(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """The square of how far each answer (N,) is from the truth."""
    return (answer - truth) ** 2


def squared_log_errors(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """(log(1 + answer) - log(1 + truth))^2. Raises ValueError for a number of -1 or less."""
    for what, values in (("label", truth), ("answer", answer)):
        if (values <= -1.0).any():
            least = f"the least {what} is {values.min():g}"
            raise ValueError(f"rmsle is for numbers above -1, but {least}; set the task's `low: 0`")
    return (np.log1p(answer) - np.log1p(truth)) ** 2


def pinball_losses(quantile: float) -> Loss:
    """The loss whose best constant is this quantile of the labels (Koenker and Bassett 1978)."""

    def losses(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
        short = truth - answer
        return np.maximum(quantile * short, (quantile - 1.0) * short)

    return losses


def within(reach: float) -> Loss:
    """1 for an answer that is at most this far off, else 0."""

    def hits(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
        return (np.abs(answer - truth) <= reach) * 1.0

    return hits


# columns of the moments (P, 6)
NUM, TRUTH, ANSWER, TRUTH_2, ANSWER_2, PRODUCT = range(6)


def count_moments(
    truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
) -> np.ndarray:
    """Images, sums, sums of squares and of products (P, 6), both measured from the mean label:
    differences of large squares would lose digits."""
    truth, answer = np.asarray(truth, dtype=np.float64), np.asarray(answer, dtype=np.float64)
    centre = truth.mean()
    truth, answer = truth - centre, answer - centre
    columns = (np.ones(len(truth)), truth, answer, truth**2, answer**2, truth * answer)
    return np.stack([people.sum(column) for column in columns], axis=1)


def _covariance(moments: np.ndarray, one: int, other: int, product: int) -> np.ndarray:
    num = moments[..., NUM]
    return moments[..., product] / num - moments[..., one] * moments[..., other] / num**2


def r_squared(moments: np.ndarray) -> np.ndarray:
    """1 - squared errors / those of the mean label; NaN where all labels are equal."""
    errors = moments[..., TRUTH_2] - 2.0 * moments[..., PRODUCT] + moments[..., ANSWER_2]
    spread = _covariance(moments, TRUTH, TRUTH, TRUTH_2) * moments[..., NUM]
    return 1.0 - share(errors, _above_noise(spread, moments[..., TRUTH_2]))


def pearson(moments: np.ndarray) -> np.ndarray:
    """Pearson's correlation; NaN where all labels or all answers are equal."""
    of_truth = _covariance(moments, TRUTH, TRUTH, TRUTH_2)
    of_answer = _covariance(moments, ANSWER, ANSWER, ANSWER_2)
    num = moments[..., NUM]
    of_truth = _above_noise(of_truth, moments[..., TRUTH_2] / num)
    of_answer = _above_noise(of_answer, moments[..., ANSWER_2] / num)
    together = _covariance(moments, TRUTH, ANSWER, PRODUCT)
    return share(together, np.sqrt(of_truth * of_answer))


def concordance(moments: np.ndarray) -> np.ndarray:
    """Lin's concordance correlation (1989): 1 only if every answer equals its label."""
    of_truth = _covariance(moments, TRUTH, TRUTH, TRUTH_2)
    of_answer = _covariance(moments, ANSWER, ANSWER, ANSWER_2)
    away = (moments[..., TRUTH] - moments[..., ANSWER]) / moments[..., NUM]
    together = _covariance(moments, TRUTH, ANSWER, PRODUCT)
    return share(2.0 * together, of_truth + of_answer + away**2)


def _above_noise(variance: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """A variance, 0 where it is no more than the rounding of sums of this size."""
    return np.where(variance > 1e-13 * scale, variance, 0.0)


# columns of the counts (P, 4) of the two groups: weighted squared errors, and weights
FEMALE_ERRORS, FEMALE, MALE_ERRORS, MALE = range(4)


def count_groups(
    truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None, people: People
) -> np.ndarray:
    """Weighted squared errors and weights (P, 4) of both halves: group below 0.5, and the rest."""
    truth, answer = np.asarray(truth, dtype=np.float64), np.asarray(answer, dtype=np.float64)
    weights = 1.0 / 30.0 + truth
    squares = weights * (answer - truth) ** 2
    female = np.asarray(group) < 0.5
    columns = [
        people.sum(squares, where=female),
        people.sum(weights, where=female),
        people.sum(squares, where=~female),
        people.sum(weights, where=~female),
    ]
    return np.stack(columns, axis=1)


def occlusion_gap(counts: np.ndarray) -> np.ndarray:
    """(Err_F + Err_M) / 2 + |Err_F - Err_M|, Err = sum w (p-y)^2 / sum w with w = 1/30 + y; NaN if
    one group is empty. The IDEMIA challenge's."""
    female = share(counts[..., FEMALE_ERRORS], counts[..., FEMALE])
    male = share(counts[..., MALE_ERRORS], counts[..., MALE])
    return (female + male) / 2.0 + np.abs(female - male)


def occlusion_errors(truth: np.ndarray, answer: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Err_F and Err_M (2,) of occlusion_gap; NaN for a half that is empty."""
    counts = count_groups(truth, answer, group, People())[0]
    errors, weights = counts[[FEMALE_ERRORS, MALE_ERRORS]], counts[[FEMALE, MALE]]
    return share(errors, weights, empty=NAN)


def number_metric(
    name: str,
    says: str,
    count: Count,
    value: Value,
    *,
    higher_is_better: bool,
    low: float = 0.0,
    high: float = np.inf,
    order_only: bool = False,
) -> Metric:
    """A metric of numbers: `count` gives counts by person (P, K), `value` the metric of sums."""
    return Metric(
        name,
        says,
        higher_is_better,
        NUMBER,
        count=count,
        value=value,
        low=low,
        high=high,
        order_only=order_only,
    )


NUMBER_METRICS = (
    number_metric(
        "mae",
        "mean absolute error, in the label's unit",
        mean_of(absolute_errors),
        mean,
        higher_is_better=False,
    ),
    number_metric(
        "mse",
        "mean squared error",
        mean_of(squared_errors),
        mean,
        higher_is_better=False,
    ),
    number_metric(
        "rmse",
        "root of the mean squared error, in the label's unit",
        mean_of(squared_errors),
        root_mean,
        higher_is_better=False,
    ),
    number_metric(
        "rmsle",
        "root of the mean squared error of log(1 + value)",
        mean_of(squared_log_errors),
        root_mean,
        higher_is_better=False,
    ),
    number_metric(
        "r2",
        "share of the labels' variance that is explained",
        count_moments,
        r_squared,
        higher_is_better=True,
        low=-np.inf,
        high=1.0,
    ),
    number_metric(
        "pearson",
        "Pearson's correlation",
        count_moments,
        pearson,
        higher_is_better=True,
        low=-1.0,
        high=1.0,
        order_only=True,
    ),
    number_metric(
        "ccc",
        "Lin's concordance correlation: 1 only if every answer equals its label",
        count_moments,
        concordance,
        higher_is_better=True,
        low=-1.0,
        high=1.0,
    ),
    number_metric(
        "cs5",
        "cumulative score: share of answers at most 5 off; also cs@3 and others",
        mean_of(within(5.0)),
        mean,
        higher_is_better=True,
        high=1.0,
    ),
    Metric(
        "occlusion_gap",
        "the IDEMIA challenge's: weighted squared error and its gap between two groups",
        False,
        NUMBER,
        count=count_groups,
        value=occlusion_gap,
        high=np.inf,
        needs_group=True,
        gamed_by="an error added to the better group counts half, but what it takes off the gap "
        "counts whole: making the better group worse by e betters the score by e/2",
    ),
)
