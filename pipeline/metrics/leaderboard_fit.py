"""From out-of-fold scores to leaderboard scores: a line, its intervals, and what to hand in. Pure.

Everything is in the metric's own unit; `sign` is 1 where higher is better, else -1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

SLOPE_PRIOR = 0.5  # the leaderboard is taken to move as OOF does: a slope of 1, give or take this
LEAST = 3  # scored submissions that a line with an interval needs


@dataclass(frozen=True)
class Line:
    """Least squares of leaderboard scores on OOF scores of `num` submissions."""

    slope: float
    intercept: float
    spread: float  # standard deviation of the residuals, with num - 2 degrees of freedom
    num: int
    centre: float  # the mean OOF score
    squares: float  # the sum of squared distances from it

    def at(self, oof: float) -> float:
        """The leaderboard score on the line."""
        return self.intercept + self.slope * oof

    @property
    def slope_error(self) -> float:
        """The standard error of the slope."""
        return self.spread / np.sqrt(self.squares)

    def predict(self, oof: float, *, level: float = 0.95) -> tuple[float, float, float]:
        """The next leaderboard score (value, low, high): the prediction interval of Student's t."""
        away = (oof - self.centre) ** 2 / self.squares
        error = self.spread * np.sqrt(1.0 + 1.0 / self.num + away)
        reach = float(stats.t.ppf(0.5 + level / 2.0, df=self.num - 2) * error)
        value = self.at(oof)
        return value, value - reach, value + reach


def fit_line(oof: Sequence[float], leaderboard: Sequence[float]) -> Line | None:
    """The line of best fit; None for fewer than three submissions or equal OOF scores."""
    x, y = np.asarray(oof, dtype=np.float64), np.asarray(leaderboard, dtype=np.float64)
    if len(x) < LEAST or np.ptp(x) == 0:
        return None
    centre, squares = float(x.mean()), float(((x - x.mean()) ** 2).sum())
    slope = float(((x - centre) * (y - y.mean())).sum() / squares)
    intercept = float(y.mean() - slope * centre)
    left = y - intercept - slope * x
    spread = float(np.sqrt((left**2).sum() / (len(x) - 2)))
    return Line(slope, intercept, spread, len(x), centre, squares)


def rank_agreement(
    oof: Sequence[float], leaderboard: Sequence[float]
) -> tuple[float, float] | None:
    """Spearman's rho and Kendall's tau-b; None where all scores of one kind are equal."""
    if len(oof) < 2 or np.ptp(oof) == 0 or np.ptp(leaderboard) == 0:
        return None
    rho = stats.spearmanr(oof, leaderboard)
    tau = stats.kendalltau(oof, leaderboard)
    return float(rho.statistic), float(tau.statistic)


@dataclass(frozen=True)
class Estimates:
    """What each submission is worth (N,) on the leaderboard's scale, and how it was found."""

    values: np.ndarray
    slope: float  # of the line that they lean to
    trust: np.ndarray  # (N,) the share of a leaderboard score's own word: 0 the line, 1 the score


def shrunken_estimates(oof: np.ndarray, leaderboard: np.ndarray, *, noise: np.ndarray) -> Estimates:
    """Each submission's leaderboard score (N,), drawn towards what its OOF score promises.

    `leaderboard` is NaN where it is not known; `noise` (N,) is its sampling variance. Scores lie
    around a line by `between` more than their noise explains (Fay and Herriot 1979; Prasad and
    Rao's moment estimate, 0 at least); each is drawn to the line by noise / (noise + between). The
    line's slope is itself drawn to 1 by its standard error, for a handful of scores fixes it badly.
    Raises ValueError when no leaderboard score is known.
    """
    known = ~np.isnan(leaderboard)
    if not known.any():
        raise ValueError("no leaderboard score is known")
    x, y, v = oof[known], leaderboard[known], noise[known]
    line = fit_line(x, y)
    slope = 1.0
    if line is not None:  # two normal words about the slope, weighted by their variances
        prior, found = SLOPE_PRIOR**2, line.slope_error**2
        slope = float((1.0 * found + line.slope * prior) / (found + prior))
    intercept = float((y - slope * x).mean())
    left = y - intercept - slope * x
    free = max(len(x) - (1 if line is None else 2), 1)
    between = max(float((left**2).sum() / free - v.mean()), 0.0)
    values = intercept + slope * oof
    trust = np.zeros(len(oof))
    total = v + between
    trust[known] = np.divide(between, total, out=np.ones(len(v)), where=total > 0)
    values[known] += trust[known] * left
    return Estimates(values, slope, trust)


def propose_two(
    estimates: np.ndarray, apart: np.ndarray, *, sign: int, within: float
) -> tuple[int, int | None]:
    """The two to hand in: the best estimate, and the one whose answers differ from it most (`apart`
    (N, N) is the distance of answers) among the better half that is at most `within` below it; None
    if there is none.
    """
    scores = sign * estimates
    order = np.argsort(-scores, kind="stable")
    first = int(order[0])
    rest = order[1 : max(2, (len(order) + 1) // 2)]
    near = [n for n in rest if scores[n] >= scores[first] - within and apart[first, n] > 0]
    if not near:
        return first, None
    return first, int(max(near, key=lambda other: apart[first, other]))  # the better one of equals
