"""The threshold of a score, or of each of several labels, chosen on some people and scored on
others. Pure."""

from dataclasses import dataclass

import numpy as np

from pipeline.metrics.label_thresholds import best_label_thresholds
from pipeline.metrics.metrics import Metric
from pipeline.metrics.paired import Difference, paired_difference

PLAIN = 0.5
_MOST_CANDIDATES = 400


@dataclass(frozen=True)
class ThresholdChoice:
    """What choosing a threshold brings: fitted on everyone, and scored on people held out of it."""

    fitted: float | tuple[float, ...]  # best on all images; one a label where there are several
    # (N,) or (N, C) of 0/1, each image by the threshold of the other folds' people
    nested: np.ndarray
    gain: Difference  # of the nested answers over those at 0.5

    @property
    def helps(self) -> bool:
        """Whether the nested gain is beyond its interval."""
        return self.gain.low > 0

    @property
    def threshold(self) -> float | tuple[float, ...]:
        """The fitted one where it helps, else 0.5."""
        return self.fitted if self.helps else PLAIN


def best_threshold(
    truth: np.ndarray, score: np.ndarray, *, metric: Metric, group: np.ndarray | None = None
) -> float | tuple[float, ...]:
    """The threshold (score >= threshold answers 1) that serves the metric best on these images; of
    scores (N, C) of several labels one a label.

    Tried are 0.5 and the middles between neighbouring scores (at most 400 of them); of equally good
    ones the nearest to 0.5.
    """
    if np.ndim(score) == 2:
        return best_label_thresholds(truth, score, metric=metric)
    known = np.unique(score)
    middles = (known[1:] + known[:-1]) / 2.0
    if len(middles) > _MOST_CANDIDATES:
        middles = np.quantile(middles, np.linspace(0.0, 1.0, _MOST_CANDIDATES))
    candidates = sorted({PLAIN, *middles.tolist()}, key=lambda value: abs(value - PLAIN))
    values = [
        metric.as_score(metric.compute(truth, (score >= value).astype(np.int64), group))
        for value in candidates
    ]
    return float(candidates[int(np.argmax(np.nan_to_num(values, nan=-np.inf)))])


def answers_at_nested_thresholds(
    truth: np.ndarray,
    score: np.ndarray,
    *,
    metric: Metric,
    folds: np.ndarray,
    person_ids: np.ndarray,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Each fold's answers (N,) or (N, C) by the threshold that is best on people outside of it."""
    answers = (score >= PLAIN).astype(np.int64)
    for fold in np.unique(folds):
        held = folds == fold
        others = ~np.isin(person_ids, np.unique(person_ids[held]))
        if not others.any():  # one fold only: nobody to learn from, so 0.5 stays
            continue
        some = None if group is None else group[others]
        threshold = best_threshold(truth[others], score[others], metric=metric, group=some)
        answers[held] = score[held] >= np.asarray(threshold)
    return answers


def choose_threshold(
    truth: np.ndarray,
    score: np.ndarray,
    *,
    metric: Metric,
    folds: np.ndarray,
    person_ids: np.ndarray,
    group: np.ndarray | None = None,
    num_draws: int = 1000,
) -> ThresholdChoice:
    """The threshold fitted on all images, and what it gains over 0.5 on people held out of it."""
    nested = answers_at_nested_thresholds(
        truth, score, metric=metric, folds=folds, person_ids=person_ids, group=group
    )
    plain = (score >= PLAIN).astype(np.int64)
    gain = paired_difference(
        metric, truth, plain, nested, person_ids=person_ids, group=group, num_draws=num_draws
    )
    fitted = best_threshold(truth, score, metric=metric, group=group)
    return ThresholdChoice(fitted=fitted, nested=nested, gain=gain)
