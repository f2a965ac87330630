"""A learning-rate sweep: a few steps at each rate, from the same start each time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RISE = 1.05  # a loss that ends above this many times its start is not stable


@dataclass(frozen=True)
class Sweep:
    """What a sweep shows. `last_stable` is None when even the smallest rate is unstable, and
    `limit_seen` says whether any rate was."""

    steepest: float | None  # the rate after which the loss is lowest
    last_stable: float | None  # the largest rate below the first unstable one
    limit_seen: bool
    picked: float | None  # the steepest, and at most half of the last stable when the limit is seen


def log_grid(low: float, high: float, number: int) -> list[float]:
    """Rates from low to high, each the same factor above the one before."""
    return [float(f"{rate:.3g}") for rate in np.geomspace(low, high, number)]


def read_sweep(rates: Sequence[float], losses: Sequence[Sequence[float]]) -> Sweep:
    """What to pick from the losses of each rate's steps; rates rise, a loss may be inf or NaN.

    The end of a rate is the mean of the last third of its steps; the start is the median of all
    rates' first losses, because they all start from the same network.
    """
    start = float(np.median([steps[0] for steps in losses]))
    ends = np.array([end_of(steps) for steps in losses])
    stable = np.isfinite(ends) & (ends <= RISE * start)
    first_bad = int(np.argmin(stable)) if not stable.all() else len(rates)
    if first_bad == 0:
        return Sweep(steepest=None, last_stable=None, limit_seen=True, picked=None)
    steepest, last = rates[int(np.argmin(ends[:first_bad]))], rates[first_bad - 1]
    limit_seen = first_bad < len(rates)
    picked = min(steepest, last / 2.0) if limit_seen else steepest
    return Sweep(steepest=steepest, last_stable=last, limit_seen=limit_seen, picked=picked)


def end_of(losses: Sequence[float]) -> float:
    """The mean of the last third of the steps; inf when any step was not finite."""
    steps = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(steps).all():
        return float("inf")
    return float(steps[-max(1, len(steps) // 3) :].mean())
