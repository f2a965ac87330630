"""The search for an even split: a greedy start, then swaps. Knows kinds and cells, not people."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pipeline.folds.strata import Strata, smallest_deviation

NUM_ROUNDS = 40  # times the cells that are still uneven are made to weigh more
NUM_PASSES = 10  # times that each pair of folds is looked at before the weights are looked at
NUM_STEPS = 8000  # pairs of folds that are looked at in all, while something is left to gain
SAMPLE = 48  # kinds looked at on each side of a swap: small and often beats large and seldom
JOINT_WEIGHT = 0.5  # joint cells matter, but never at the price of a label's own balance
PEOPLE_WEIGHT = 0.02  # the number of people breaks ties, until a class is missing from a fold
STILL = 1e-10  # a gain below this is rounding
DIGITS = 5  # deviations that agree to 0.001 of a per cent are equally good


def split_strata(kinds: Strata, *, num_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Return (num_kinds, num_folds) how many units of each kind go into each fold."""
    counts, sizes = kinds.counts, kinds.sizes
    totals = sizes @ counts
    promised = slice(0, kinds.num_promised)
    people = slice(counts.shape[1] - kinds.num_promised, counts.shape[1])
    weights = np.full(counts.shape[1], JOINT_WEIGHT)
    weights[promised], weights[people] = 1.0, PEOPLE_WEIGHT
    weights *= (num_folds / totals) ** 2
    joint = slice(kinds.num_promised, counts.shape[1] - kinds.num_promised)
    weights[joint] *= totals[joint] / np.median(totals[promised])
    plain_weights = weights.copy()
    bound = smallest_deviation(counts[:, promised], sizes, num_folds=num_folds)
    can_be_everywhere = totals[people] >= num_folds

    layout, residual = _start(kinds, weights, num_folds=num_folds, rng=rng)
    best_layout, best_quality, steps = layout.copy(), None, NUM_STEPS
    for _ in range(NUM_ROUNDS):
        steps = _swap_until_still(layout, residual, counts, weights, rng=rng, steps=steps)
        worst = np.abs(residual[promised]).max(axis=1) / totals[promised]
        held = residual[people] + totals[people, None] / num_folds
        missing = can_be_everywhere & (held < 0.5).any(axis=1)
        rest = plain_weights @ (residual**2).sum(axis=1)
        quality = (int(missing.sum()), *np.sort(worst.round(DIGITS))[::-1], rest)
        if best_quality is None or quality < best_quality:
            best_layout, best_quality = layout.copy(), quality
        excess = worst - bound
        if steps <= 0 or (excess.max() < 10.0**-DIGITS and not missing.any()):
            break
        weights[promised][excess >= excess.max() / 2] *= 1.6
        weights[people][missing] *= 4.0
    return best_layout


def _start(
    kinds: Strata, weights: np.ndarray, *, num_folds: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a greedy layout and its residual (num_cells, num_folds): found minus expected.

    Equal shares of every kind go everywhere; what is left over is placed one unit at a time,
    the unit that is the largest part of any cell first, into the fold that lacks it most.
    """
    counts, left = kinds.counts, kinds.sizes % num_folds
    layout = np.repeat((kinds.sizes // num_folds)[:, None], num_folds, axis=1)
    residual = np.repeat(-(left @ counts)[:, None] / num_folds, num_folds, axis=1)
    importance = (counts / (kinds.sizes @ counts)).max(axis=1).round(12)
    order = rng.permutation(len(left))
    order = order[np.argsort(-importance[order], kind="stable")]
    fold_order = rng.permutation(num_folds)  # which fold wins a tie
    for kind in np.repeat(order, left[order]):
        lack = (counts[kind] * weights) @ residual
        fold = fold_order[np.argmin(lack[fold_order].round(12))]
        layout[kind, fold] += 1
        residual[:, fold] += counts[kind]
    return layout, residual


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
    num_kinds, num_folds = layout.shape
    everyone = num_kinds <= SAMPLE * num_folds
    drawn = np.arange(num_kinds) if everyone else rng.integers(num_kinds, size=SAMPLE * num_folds)
    sides = []
    for fold, sign in ((one, 1.0), (other, -1.0)):
        present = drawn[layout[drawn, fold] > 0]
        units = np.vstack([counts[present], np.zeros(counts.shape[1])])
        weighted = units * weights
        alone = sign * (units @ gap) + (units * weighted).sum(axis=1)
        sides.append((present, units, weighted, alone))
    (from_one, units, weighted, alone), (from_other, others, _, others_alone) = sides
    change = alone[:, None] + others_alone[None, :] - 2 * weighted @ others.T
    i, j = np.unravel_index(np.argmin(change), change.shape)
    if change[i, j] > -STILL:
        return False
    residual[:, one] += others[j] - units[i]
    residual[:, other] += units[i] - others[j]
    for kinds, index, source, target in ((from_one, i, one, other), (from_other, j, other, one)):
        if index < len(kinds):
            layout[kinds[index], source] -= 1
            layout[kinds[index], target] += 1
    return True
