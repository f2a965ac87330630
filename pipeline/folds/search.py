"""The search for an even split: the better of two starts, then swaps. Knows strata, not people."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipeline.folds.strata import Strata, smallest_deviation

NUM_ROUNDS = 40  # times the columns that are still uneven are made to weigh more
NUM_PASSES = 10  # times that each pair of folds is looked at before the weights are looked at
NUM_STEPS = 8000  # pairs of folds that are looked at in all, while something is left to gain
SAMPLE = 48  # strata looked at on each side of a swap: small and often beats large and seldom
JOINT_WEIGHT = 0.5  # combinations matter, but never at the price of a label's own balance
PEOPLE_WEIGHT = 0.02  # the number of people breaks ties, until a class is missing from a fold
SMALLEST_GAIN = 1e-10  # a gain below this is rounding
DIGITS = 5  # deviations that agree to 0.001 of a per cent are equally good
MAX_ITERATIVE = 5000  # units: iterative stratification takes a second for about as many

GREEDY, ITERATIVE = "greedy", "iterative-stratification"


@dataclass(frozen=True)
class Layout:
    """How many units of each stratum go into each fold, and which start the search took."""

    counts: np.ndarray  # (num_strata, num_folds) int64
    start: str  # GREEDY or ITERATIVE


@dataclass(frozen=True)
class _Columns:
    """What the columns of `Strata.counts` are for the search."""

    promised: slice  # every label value, in images
    people: slice  # the same in units
    weights: np.ndarray  # (num_columns,) of a squared residual
    totals: np.ndarray  # (num_columns,) over all units
    bound: np.ndarray  # (num_promised,) the smallest deviation that any split can reach


def split_strata(strata: Strata, *, num_folds: int, rng: np.random.Generator) -> Layout:
    """An even layout of the strata's units over the folds.

    Two starts are made, a greedy one and iterative stratification (Sechidis et al. 2011, by the
    package iterative-stratification), and the search goes on from the better one.
    """
    counts = strata.counts
    columns = _describe_columns(strata, num_folds=num_folds)
    promised, people, totals = columns.promised, columns.people, columns.totals
    weights = columns.weights.copy()
    can_be_everywhere = totals[people] >= num_folds

    layout = _greedy_start(strata, weights, num_folds=num_folds, rng=rng)
    start = GREEDY
    seed = int(rng.spawn(1)[0].integers(2**31))  # a stream of its own: the greedy one stays
    other = _iterative_start(strata, num_folds=num_folds, seed=seed)
    if other is not None and _quality(other, strata, columns) < _quality(layout, strata, columns):
        layout, start = other, ITERATIVE
    residual = _residual(layout, strata)

    best_layout = layout.copy()
    best_quality = None
    steps = NUM_STEPS
    for _ in range(NUM_ROUNDS):
        steps = _swap_until_still(layout, residual, counts, weights, rng=rng, steps=steps)
        quality = _quality_of(residual, columns, num_folds=num_folds)
        if best_quality is None or quality < best_quality:
            best_layout = layout.copy()
            best_quality = quality
        worst = np.abs(residual[promised]).max(axis=1) / totals[promised]
        missing = can_be_everywhere & _lacks_a_fold(residual, columns, num_folds=num_folds)
        excess = worst - columns.bound
        if steps <= 0 or (excess.max() < 10.0**-DIGITS and not missing.any()):
            break
        # what is uneven weighs more from now on, or the search would rest in a local minimum
        weights[promised][excess >= excess.max() / 2] *= 1.6
        weights[people][missing] *= 4.0
    return Layout(best_layout, start)


def _describe_columns(strata: Strata, *, num_folds: int) -> _Columns:
    counts, sizes = strata.counts, strata.sizes
    num_columns, num_promised = counts.shape[1], strata.num_promised
    promised = slice(0, num_promised)
    joint = slice(num_promised, num_columns - num_promised)
    people = slice(num_columns - num_promised, num_columns)
    totals = sizes @ counts
    weights = np.full(num_columns, JOINT_WEIGHT)
    weights[promised] = 1.0
    weights[people] = PEOPLE_WEIGHT
    weights *= (num_folds / totals) ** 2
    # a combination that hardly ever comes must not weigh more than a label value does
    weights[joint] *= totals[joint] / np.median(totals[promised])
    bound = smallest_deviation(counts[:, promised], sizes, num_folds=num_folds)
    return _Columns(promised, people, weights, totals, bound)


def _residual(layout: np.ndarray, strata: Strata) -> np.ndarray:
    """(num_columns, num_folds): what each fold holds minus its equal share."""
    held = strata.counts.T @ layout
    return held - held.sum(axis=1, keepdims=True) / layout.shape[1]


def _quality(layout: np.ndarray, strata: Strata, columns: _Columns) -> tuple:
    return _quality_of(_residual(layout, strata), columns, num_folds=layout.shape[1])


def _quality_of(residual: np.ndarray, columns: _Columns, *, num_folds: int) -> tuple:
    """What is compared: label values that a fold lacks, the deviations with the worst first, and
    what is left over all columns. Smaller is better."""
    worst = np.abs(residual[columns.promised]).max(axis=1) / columns.totals[columns.promised]
    missing = columns.totals[columns.people] >= num_folds
    missing &= _lacks_a_fold(residual, columns, num_folds=num_folds)
    rest = columns.weights @ (residual**2).sum(axis=1)
    return (int(missing.sum()), *np.sort(worst.round(DIGITS))[::-1], rest)


def _lacks_a_fold(residual: np.ndarray, columns: _Columns, *, num_folds: int) -> np.ndarray:
    """(num_promised,) bool: some fold has no unit with this label value."""
    expected = columns.totals[columns.people, None] / num_folds
    return np.any(residual[columns.people] + expected < 0.5, axis=1)


def _greedy_start(
    strata: Strata, weights: np.ndarray, *, num_folds: int, rng: np.random.Generator
) -> np.ndarray:
    """A greedy layout: equal shares of every stratum go everywhere; what is left over is placed
    one unit at a time, the unit that is the largest part of any column first, into the fold that
    lacks it most."""
    counts = strata.counts
    left = strata.sizes % num_folds
    layout = np.repeat((strata.sizes // num_folds)[:, None], num_folds, axis=1)
    residual = np.repeat(-(left @ counts)[:, None] / num_folds, num_folds, axis=1)
    importance = (counts / (strata.sizes @ counts)).max(axis=1).round(12)
    order = rng.permutation(len(left))
    order = order[np.argsort(-importance[order], kind="stable")]
    fold_order = rng.permutation(num_folds)  # which fold wins a tie
    for stratum in np.repeat(order, left[order]):
        lack = (counts[stratum] * weights) @ residual
        fold = fold_order[np.argmin(lack[fold_order].round(12))]
        layout[stratum, fold] += 1
        residual[:, fold] += counts[stratum]
    return layout


def _iterative_start(strata: Strata, *, num_folds: int, seed: int) -> np.ndarray | None:
    """The layout of iterative stratification over units, or None where it has nothing to work
    with (fewer than two label values) or would take long.

    A unit has a label value when one of its images has it: how many do is left to the swaps.
    """
    values = strata.counts[:, 1 : strata.num_promised] > 0  # column 0 counts all images
    num_units = int(strata.sizes.sum())
    if values.shape[1] < 2 or not num_folds <= num_units <= MAX_ITERATIVE:
        return None
    from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

    stratum_of_unit = np.repeat(np.arange(len(values)), strata.sizes)
    layout = np.zeros((len(values), num_folds), dtype=strata.sizes.dtype)
    splitter = MultilabelStratifiedKFold(num_folds, shuffle=True, random_state=seed)
    indicators = values[stratum_of_unit]
    with warnings.catch_warnings(action="ignore"):  # of values that fewer units have than folds
        for fold, (_, held_out) in enumerate(splitter.split(indicators, indicators)):
            counts = np.bincount(stratum_of_unit[held_out], minlength=len(values))
            layout[:, fold] = counts
    return layout if layout.sum(axis=0).all() else None


def _swap_until_still(
    layout: np.ndarray,
    residual: np.ndarray,
    counts: np.ndarray,
    weights: np.ndarray,
    *,
    rng: np.random.Generator,
    steps: int,
) -> int:
    """Swap units between folds, in place, while it helps; return the steps that are left."""
    pairs = list(combinations(range(layout.shape[1]), 2))
    for _ in range(NUM_PASSES):
        gained = False
        for pair in rng.permutation(len(pairs)):
            gained |= _swap_best(layout, residual, counts, weights, *pairs[pair], rng=rng)
        steps -= len(pairs)
        if not gained or steps <= 0:
            break
    return steps


def _swap_best(
    layout: np.ndarray,
    residual: np.ndarray,
    counts: np.ndarray,
    weights: np.ndarray,
    one: int,
    other: int,
    *,
    rng: np.random.Generator,
) -> bool:
    """Make the swap (or the move: a swap with nobody) that gains most; False if none gains.

    The loss is sum(weights * residual**2). With d the difference of the two units and g the
    difference of the two folds' residuals, a swap changes it by 2 * weights @ (d * g + d * d).
    """
    gap = weights * (residual[:, other] - residual[:, one])
    num_strata, num_folds = layout.shape
    if num_strata <= SAMPLE * num_folds:
        drawn = np.arange(num_strata)
    else:
        drawn = rng.integers(num_strata, size=SAMPLE * num_folds)

    # the last row of a side is "nobody": a swap with it is a move
    nobody = np.zeros(counts.shape[1])
    from_one = drawn[layout[drawn, one] > 0]
    units = np.vstack([counts[from_one], nobody])
    from_other = drawn[layout[drawn, other] > 0]
    others = np.vstack([counts[from_other], nobody])
    weighted = units * weights
    alone = units @ gap + (units * weighted).sum(axis=1)
    others_alone = -(others @ gap) + (others * (others * weights)).sum(axis=1)
    change = alone[:, None] + others_alone[None, :] - 2 * weighted @ others.T
    i, j = np.unravel_index(np.argmin(change), change.shape)
    if change[i, j] > -SMALLEST_GAIN:
        return False

    residual[:, one] += others[j] - units[i]
    residual[:, other] += units[i] - others[j]
    if i < len(from_one):
        layout[from_one[i], one] -= 1
        layout[from_one[i], other] += 1
    if j < len(from_other):
        layout[from_other[j], other] -= 1
        layout[from_other[j], one] += 1
    return True
