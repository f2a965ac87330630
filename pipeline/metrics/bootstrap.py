"""Intervals that respect that a person's images go together: people are drawn, not images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from scipy.stats import norm

from pipeline.metrics.metric import Metric, People

_MOST_COUNTS = 4_000_000  # drawn people counted at once: 32 MB
MOST_LEFT_OUT = 1000  # groups of people that are left out, one after the other
MOST_LEFT_OUT_BY_FUNCTION = 200  # of a plain function or a user's own metric: they are slow


def draw_people(
    person_ids: Sequence[str] | np.ndarray, *, num_draws: int, seed: int
) -> Iterator[np.ndarray]:
    """For each draw the positions of all images of as many people, drawn with replacement."""
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
    metric: Metric | Callable[..., float],
    truth: np.ndarray,
    answer: np.ndarray,
    *,
    person_ids: Sequence[str] | np.ndarray,
    group: np.ndarray | None = None,
    num_draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """The interval (low, high) of a metric under the person bootstrap, bias-corrected and
    accelerated (BCa, Efron 1987).

    A plain function is called with truth and answer, and with the group when there is one. NaN
    draws (a draw without one of two classes) are left out; (nan, nan) when all are.
    """
    drawn = drawn_values(
        metric,
        truth,
        [answer],
        person_ids=person_ids,
        group=group,
        num_draws=num_draws,
        seed=seed,
    )[0]
    left_out = left_out_values(metric, truth, [answer], person_ids=person_ids, group=group)[0]
    compute = metric.compute if isinstance(metric, Metric) else metric
    groups = () if group is None else (group,)
    estimate = compute(truth, answer, *groups)
    return bca_interval(drawn, estimate=estimate, left_out=left_out, level=level)


def bca_interval(
    drawn: np.ndarray, *, estimate: float, left_out: np.ndarray, level: float = 0.95
) -> tuple[float, float]:
    """The BCa interval (low, high) of drawn values (D,) of a statistic that is `estimate` on all.

    `left_out` (P,) are its values without each of the people. Plain percentiles hold the truth too
    seldom where a metric is not a mean: macro-F1 of 18 classes and 463 people 92.3 % of the time
    instead of 95 %, this 94.3 %; of 150 people 90.3 % and 94.8 %; of 60 people 86.5 % and 89.3 %
    (400 simulated contests each).
    """
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    below = (np.mean(known < estimate) + np.mean(known <= estimate)) / 2.0
    if np.isnan(estimate) or not 0.0 < below < 1.0:  # no draw on one side: nothing to correct by
        return percentiles(known, level=level)
    bias = norm.ppf(below)
    acceleration = _acceleration(left_out)
    tails = norm.ppf([(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    shares = norm.cdf(bias + (bias + tails) / (1.0 - acceleration * (bias + tails)))
    low, high = np.quantile(known, shares)
    return float(low), float(high)


def _acceleration(left_out: np.ndarray) -> float:
    """How fast the statistic's spread changes with its value: a sixth of the jackknife's skew."""
    known = left_out[~np.isnan(left_out)]
    differences = known.mean() - known if len(known) else known
    spread = np.sum(differences**2) ** 1.5
    return float(np.sum(differences**3) / (6.0 * spread)) if spread > 0 else 0.0


def drawn_values(
    metric: Metric | Callable[..., float],
    truth: np.ndarray,
    answers: Sequence[np.ndarray],
    *,
    person_ids: Sequence[str] | np.ndarray,
    group: np.ndarray | None = None,
    num_draws: int,
    seed: int,
) -> np.ndarray:
    """The metric (A, draws) of each answer in each draw of people, the same draws for all."""
    if not isinstance(metric, Metric):
        return _repeated(
            metric, truth, answers, group, draw_people(person_ids, num_draws=num_draws, seed=seed)
        )
    names, codes = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
    people = People(codes, len(names))
    of_draws = [metric.in_draws(truth, answer, group, people=people) for answer in answers]
    blocks = []
    for times in _times_drawn(people.num, num_draws=num_draws, seed=seed):
        blocks.append(np.stack([values(times) for values in of_draws]))
    return np.concatenate(blocks, axis=1)


def left_out_values(
    metric: Metric | Callable[..., float],
    truth: np.ndarray,
    answers: Sequence[np.ndarray],
    *,
    person_ids: Sequence[str] | np.ndarray,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """The metric (A, P) of each answer without each of the people; of more than MOST_LEFT_OUT
    people without each of so many groups of them."""
    names, codes = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
    is_fast = isinstance(metric, Metric) and metric.function is None
    num_groups = min(len(names), MOST_LEFT_OUT if is_fast else MOST_LEFT_OUT_BY_FUNCTION)
    if num_groups < 2:
        return np.full((len(answers), 1), np.nan)
    # names are sorted, which may mean something: who is left out together is random
    group_of_person = np.random.default_rng(0).permutation(len(names)) % num_groups
    if not isinstance(metric, Metric):
        group_of_image = group_of_person[codes]
        kept = (np.flatnonzero(group_of_image != left) for left in range(num_groups))
        return _repeated(metric, truth, answers, group, kept)
    people = People(codes, len(names))
    of_draws = [metric.in_draws(truth, answer, group, people=people) for answer in answers]
    blocks = []
    size = max(1, _MOST_COUNTS // len(names))
    for start in range(0, num_groups, size):
        left = np.arange(start, min(start + size, num_groups))
        times = (group_of_person[None, :] != left[:, None]).astype(np.float64)
        blocks.append(np.stack([values(times) for values in of_draws]))
    return np.concatenate(blocks, axis=1)


def _repeated(
    compute: Callable[..., float],
    truth: np.ndarray,
    answers: Sequence[np.ndarray],
    group: np.ndarray | None,
    draws: Iterable[np.ndarray],
) -> np.ndarray:
    """As drawn_values, for any function: it is given the images of every draw, one by one."""
    rows = []
    for draw in draws:
        groups = () if group is None else (group[draw],)
        rows.append([compute(truth[draw], answer[draw], *groups) for answer in answers])
    return np.array(rows, dtype=np.float64).T


def _times_drawn(num: int, *, num_draws: int, seed: int) -> Iterator[np.ndarray]:
    """How often (draws, people) each of `num` people comes in each draw, in blocks of draws."""
    if num * num_draws <= _MOST_COUNTS:
        yield _all_times(num, num_draws, seed)
        return
    rng = np.random.default_rng(seed)
    block = max(1, _MOST_COUNTS // num)
    for start in range(0, num_draws, block):
        yield _draw_times(rng, num, min(block, num_draws - start))


@lru_cache(maxsize=8)
def _all_times(num: int, num_draws: int, seed: int) -> np.ndarray:
    """The draws depend on the number of people only, so every comparison of the same people has
    the same: made once."""
    return _draw_times(np.random.default_rng(seed), num, num_draws)


def _draw_times(rng: np.random.Generator, num: int, num_draws: int) -> np.ndarray:
    draws = [np.bincount(rng.integers(num, size=num), minlength=num) for _ in range(num_draws)]
    return np.array(draws, dtype=np.float64)


def percentiles(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of the values, NaN left out; (nan, nan) when all are NaN."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(known, [tail, 1.0 - tail])
    return float(low), float(high)
