"""How often answers of each confidence are right, and how large an error is by group. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.labels.tasks import is_labelled
from pipeline.metrics.bootstrap import draw_people, percentiles, person_interval
from pipeline.metrics.metrics import METRICS
from pipeline.metrics.paired import Difference

LEAST_PEOPLE = 5  # fewer give no interval worth its name


@dataclass(frozen=True)
class Rate:
    """A mean over some images, with its interval over people; NaN ends for too few people."""

    name: str
    value: float
    low: float
    high: float
    num_images: int
    num_people: int


def confidence_bins(
    probs: np.ndarray,
    truth: np.ndarray,
    *,
    person_ids: np.ndarray,
    num_bins: int = 10,
    num_draws: int = 1000,
) -> list[tuple[float, Rate]]:
    """The mean confidence and the share of right answers in each equally wide bin of the likeliest
    class's probability that has images; probabilities (N, C) or a score (N, 1)."""
    known = is_labelled(truth)
    probs, truth, person_ids = probs[known], truth[known], person_ids[known]
    both = np.concatenate([1.0 - probs, probs], axis=1) if probs.shape[1] == 1 else probs
    confidences = both.max(axis=1)
    right = both.argmax(axis=1) == np.asarray(truth, dtype=np.int64)
    bins = np.clip(np.ceil(confidences * num_bins).astype(np.int64) - 1, 0, num_bins - 1)
    found = []
    for place in np.unique(bins):
        here = bins == place
        rate = mean_rate(str(place), right[here], person_ids[here], num_draws=num_draws)
        found.append((float(confidences[here].mean()), rate))
    return found


def mean_rate(
    name: str, values: np.ndarray, person_ids: np.ndarray, *, num_draws: int = 1000
) -> Rate:
    """The mean of values (n,) with its interval over the people they are of; none where all values
    are equal, for no draw could show another mean."""
    values = np.asarray(values, dtype=np.float64)
    people = np.asarray(person_ids, dtype=str)
    num_people = len(set(people))
    ends = (np.nan, np.nan)
    if num_people >= LEAST_PEOPLE and np.ptp(values) > 0:
        # the mean distance from 0 is the mean of what is not negative
        zeros = np.zeros(len(values))
        ends = person_interval(
            METRICS["mae"], zeros, np.abs(values), person_ids=people, num_draws=num_draws
        )
    return Rate(name, float(np.abs(values).mean()), *ends, len(values), num_people)


def group_rates(
    errors: np.ndarray, groups: np.ndarray, *, person_ids: np.ndarray, num_draws: int = 1000
) -> list[Rate]:
    """The mean error (N,) of each group (N,), in the order of the groups' names."""
    names, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    places = [np.flatnonzero(codes == code) for code in range(len(names))]
    return [
        mean_rate(str(name), errors[here], person_ids[here], num_draws=num_draws)
        for name, here in zip(names, places, strict=True)
    ]


def group_gap(
    errors: np.ndarray,
    groups: np.ndarray,
    pair: tuple[str, str],
    *,
    person_ids: Sequence[str] | np.ndarray,
    num_draws: int = 1000,
) -> Difference:
    """How much larger the mean error (N,) of the second group is than that of the first, people
    drawn over both groups at once, for a person may be in both."""
    first, second = (groups == name for name in pair)
    inside = first | second
    errors, first, second = errors[inside], first[inside], second[inside]
    people = np.asarray(person_ids, dtype=str)[inside]
    drawn = []
    for draw in draw_people(people, num_draws=num_draws, seed=0):
        a, b = first[draw], second[draw]
        if a.any() and b.any():
            drawn.append(errors[draw][b].mean() - errors[draw][a].mean())
    value = float(errors[second].mean() - errors[first].mean())
    return Difference(value, *percentiles(drawn))
