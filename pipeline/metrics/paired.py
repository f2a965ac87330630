"""Two answers to the same images: how much better one is, and whether that can be told apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from pipeline.metrics.bootstrap import bca_interval, drawn_values, left_out_values
from pipeline.metrics.metrics import Metric

NOISE = 5e-7  # what is nearer to 0 shows no digit in six decimals


@dataclass(frozen=True)
class Difference:
    """How much better the second answer is than the first (above 0: better), with its interval."""

    value: float
    low: float
    high: float

    @property
    def is_distinguishable(self) -> bool:
        """Whether the interval leaves out 0; no when it is unknown."""
        return self.low > 0 or self.high < 0

    @property
    def turned(self) -> "Difference":
        """How much better the first is than the second."""
        return Difference(-self.value, -self.high, -self.low)


def paired_difference(
    metric: Metric,
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    person_ids: Sequence[str] | np.ndarray,
    group: np.ndarray | None = None,
    num_draws: int = 1000,
    seed: int = 0,
) -> Difference:
    """How much better `second` is, with the BCa interval of drawing people, both answers of a
    drawn person together. Draws in which the metric is undefined are left out."""
    answers = [first, second]
    drawn = drawn_values(
        metric,
        truth,
        answers,
        person_ids=person_ids,
        group=group,
        num_draws=num_draws,
        seed=seed,
    )
    left_out = left_out_values(metric, truth, answers, person_ids=person_ids, group=group)
    value_of_first = metric.as_score(metric.compute(truth, first, group))
    value_of_second = metric.as_score(metric.compute(truth, second, group))
    value = value_of_second - value_of_first
    low, high = bca_interval(
        metric.as_score(drawn[1]) - metric.as_score(drawn[0]),
        estimate=value,
        left_out=metric.as_score(left_out[1]) - metric.as_score(left_out[0]),
    )
    return Difference(value, low, high)


def fold_differences(
    metric: Metric,
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    folds: np.ndarray,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """How much better `second` is on each fold, in the folds' order; undefined ones left out."""
    found = []
    for fold in np.unique(folds):
        here = folds == fold
        groups = None if group is None else group[here]
        one = metric.compute(truth[here], first[here], groups)
        other = metric.compute(truth[here], second[here], groups)
        found.append(metric.as_score(other) - metric.as_score(one))
    values = np.array(found)
    return values[~np.isnan(values)]


def corrected_t_test(
    differences: Sequence[float] | np.ndarray, *, test_share: float
) -> tuple[float, float]:
    """t and the two-sided p of the corrected resampled t-test (Nadeau and Bengio 2003).

    `test_share` is the held-out images over the training images of a fold: folds share their
    training images, so their spread is widened by it. (nan, nan) for fewer than two folds.
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2:
        return float("nan"), float("nan")
    spread = np.sqrt((1.0 / len(values) + test_share) * values.var(ddof=1))
    if not spread > 0:
        mean = float(values.mean())
        return (0.0, 1.0) if mean == 0 else (float(np.copysign(np.inf, mean)), 0.0)
    t = float(values.mean() / spread)
    return t, float(2.0 * stats.t.sf(abs(t), df=len(values) - 1))


def without_noise(value: float) -> float:
    """The value; 0 for what six decimals would show as 0, with a sign or without: mostly that is
    how floats are rounded, as in -5.9e-09."""
    return 0.0 if abs(value) < NOISE else value


def show_number(value: float) -> str:
    """Four decimals; two for 10 and more (years), six below 0.01; a dash when it is unknown."""
    if np.isnan(value):
        return "–"
    value = without_noise(value)
    if 0 < abs(value) < 0.01:
        return f"{value:.6f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def short_number(value: float, *, digits: int = 3) -> str:
    """At least so many digits that count, for readers: `0.0123`, `12.3`, `1308`, `25,400`; a dash
    when it is unknown. No exponent, but for what is next to nothing (`1.2e-05`)."""
    if not np.isfinite(value):
        return "–"
    if value == 0 or abs(value) < 1e-4:
        return f"{value:.{digits}g}"
    decimals = max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))
    comma = "," if abs(value) >= 10_000 else ""  # 2014 may be a year
    text = f"{value:{comma}.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def say_difference(first: str, second: str, difference: Difference, *, p: float = np.nan) -> str:
    """The comparison as a sentence that names the better one first."""
    difference = Difference(
        value=without_noise(difference.value),
        low=without_noise(difference.low),
        high=without_noise(difference.high),
    )
    if difference.value < 0:
        return say_difference(second, first, difference.turned, p=p)
    if difference.value == difference.low == difference.high == 0:
        return f"{second} and {first} score the same in every draw"
    lead = f"{second} is better than {first} by" if difference.value else f"{second} and {first}:"
    bounds = np.abs([difference.value, difference.low, difference.high])
    digits = 6 if np.nan_to_num(bounds).max() < 0.01 else 4
    value = f"{difference.value:.{digits}f}"
    low = f"{difference.low:.{digits}f}"
    high = f"{difference.high:.{digits}f}"
    lead = f"{lead} {value}, 95 % from {low} to {high}"
    verdict = "distinguishable" if difference.is_distinguishable else "not yet distinguishable"
    if np.isnan(p):
        return f"{lead}: {verdict}"
    chance = f"p = {p:.2f}" if p >= 0.005 else "p < 0.01"  # no chance is 0.00
    return f"{lead}: {verdict} (over folds {chance})"
