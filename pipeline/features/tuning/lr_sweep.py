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


NOTHING_STABLE = Sweep(steepest=None, last_stable=None, limit_seen=True, picked=None)


def log_grid(low: float, high: float, number: int) -> list[float]:
    """Rates from low to high, each the same factor above the one before."""
    return [float(f"{rate:.3g}") for rate in np.geomspace(low, high, number)]


def read_sweep(
    rates: Sequence[float],
    losses: Sequence[Sequence[float]],
    *,
    untrained: Sequence[float] | None = None,
) -> Sweep:
    """What to pick from the losses of each rate's steps; rates rise, a loss may be inf or NaN.

    The end of a rate is the mean of the last third of its steps. `untrained` are the losses of the
    network on the same batches when it does not learn: some batches are harder than others, so a
    rate is judged against these; without them against the median of all first losses.
    A rate below the best one is stable although it may end a little above: it hardly learns.
    """
    start = float(np.median([steps[0] for steps in losses]))
    if untrained is not None:
        start = end_of(untrained)
    ends = np.array([end_of(steps) for steps in losses])
    broken = np.flatnonzero(~np.isfinite(ends))
    first_bad = int(broken[0]) if len(broken) else len(rates)
    if first_bad == 0:
        return NOTHING_STABLE
    best = int(np.argmin(ends[:first_bad]))
    if ends[best] > RISE * start:
        return NOTHING_STABLE
    risen = best + np.flatnonzero(ends[best:first_bad] > RISE * start)
    if len(risen):
        first_bad = int(risen[0])
    steepest, last = rates[best], rates[first_bad - 1]
    limit_seen = first_bad < len(rates)
    picked = min(steepest, last / 2.0) if limit_seen else steepest
    return Sweep(steepest=steepest, last_stable=last, limit_seen=limit_seen, picked=picked)


def end_of(losses: Sequence[float]) -> float:
    """The mean of the last third of the steps; inf when any step was not finite."""
    steps = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(steps).all():
        return float("inf")
    return float(steps[-max(1, len(steps) // 3) :].mean())
