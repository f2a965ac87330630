"""Intervals that respect that a person's pictures go together: people are drawn, not pictures."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np


def draw_people(person_ids: Sequence[str], *, num_draws: int, seed: int) -> Iterator[np.ndarray]:
    """For each draw the positions of all pictures of as many people, drawn with replacement."""
    _, codes = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
    by_person = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    rng = np.random.default_rng(seed)
    for _ in range(num_draws):
        drawn = rng.integers(len(counts), size=len(counts))
        lengths = counts[drawn]
        ends = np.cumsum(lengths)
        inside = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
        yield by_person[np.repeat(starts[drawn], lengths) + inside]


def person_interval(
    metric: Callable[..., float],
    truth: np.ndarray,
    answer: np.ndarray,
    *,
    person_ids: Sequence[str],
    group: np.ndarray | None = None,
    num_draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """The percentile interval (low, high) of a metric under the person bootstrap (Efron 1979).

    The metric is called with truth and answer, and with the group when there is one. NaN draws (a
    draw without one of two classes) are left out; (nan, nan) when all are.
    """
    arrays = [truth, answer] if group is None else [truth, answer, group]
    draws = draw_people(person_ids, num_draws=num_draws, seed=seed)
    values = [metric(*(array[draw] for array in arrays)) for draw in draws]
    return percentiles(values, level=level)


def percentiles(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of the values, NaN left out; (nan, nan) when all are NaN."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return float(low), float(high)
