"""Logistic regression on standardised features, its strength chosen on people it was not fitted on.

Minimised by L-BFGS (Liu and Nocedal 1989) in the directions of the features' decomposition, each
divided by the root of its curvature: there a fit takes some twenty steps in place of hundreds.
"""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

from pipeline.models.linear_head import LinearHead, decompose, group_codes

STRENGTHS = tuple((10.0 ** np.arange(0.5, -4.01, -0.5)).tolist())  # from the strongest on
NUM_PARTS = 5  # of the people, each left out once
CURVATURE = 0.15  # about that of a cross-entropy by its logit: p (1 - p)
PATIENCE = 2  # weaker penalties without a better held-out loss, after which none is tried


def fit_logistics(
    features: np.ndarray, targets: Mapping[str, np.ndarray], *, groups: np.ndarray
) -> dict[str, LinearHead]:
    """Logistic regressions of targets by task on standardised features (N, D), with intercepts.

    Targets are shares of classes (N, C), or (N, 1) the share of a binary task's second answer. What
    is minimised is the mean cross-entropy plus strength / 2 times the sum of the squared weights:
    scikit-learn's with C = 1 / (N * strength). Each task takes the strength of STRENGTHS with the
    least cross-entropy on the parts of the groups (N,) (people) that a fit was made without.
    """
    x_mean = features.mean(axis=0, dtype=np.float64)
    values, places, directions = decompose(features - x_mean)
    parts = _parts(groups)
    heads = {}
    for task, target in targets.items():
        strength, held_out = _choose_strength(target, values, places, parts)
        solution = _minimise(places, target, values=values, strength=strength, start=None)
        weight = (directions @ solution[:-1]).T
        heads[task] = LinearHead(weight, solution[-1] - weight @ x_mean, strength, held_out)
    return heads


def _choose_strength(
    target: np.ndarray, values: np.ndarray, places: np.ndarray, parts: np.ndarray
) -> tuple[float, np.ndarray]:
    """The strength with the least held-out loss, and its held-out logits (N, K)."""
    starts: dict[int, np.ndarray | None] = dict.fromkeys(np.unique(parts).tolist())
    best_loss = np.inf
    best = STRENGTHS[0]
    best_logits = np.zeros_like(target)
    waited = 0
    for strength in STRENGTHS:
        logits = np.empty_like(target)
        for part, start in starts.items():
            out = parts == part
            solution = _minimise(
                places[~out], target[~out], values=values, strength=strength, start=start
            )
            starts[part] = solution  # the next, weaker penalty begins where this one ended
            logits[out] = places[out] @ solution[:-1] + solution[-1]
        loss = mean_cross_entropy(logits, target)
        waited += 1
        if loss < best_loss:
            best_loss, best, best_logits, waited = loss, strength, logits, 0
        if waited == PATIENCE:
            break
    return best, best_logits


def _minimise(
    places: np.ndarray,
    target: np.ndarray,
    *,
    values: np.ndarray,
    strength: float,
    start: np.ndarray | None,
) -> np.ndarray:
    """Weights (R, K) along the directions and, in a last row, the intercepts: (R + 1, K)."""
    num_rows, num_columns = target.shape
    curvature = CURVATURE * np.maximum(values, 0.0) / num_rows + strength
    scale = np.append(1.0 / np.sqrt(curvature), 1.0)[:, None]
    begin = np.zeros((len(scale), num_columns)) if start is None else start

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        solution = scale * flat.reshape(begin.shape)
        weights = solution[:-1]
        logits = places @ weights + solution[-1]
        error = (_probs(logits) - target) / num_rows
        slope = np.empty_like(solution)
        slope[:-1] = places.T @ error + strength * weights
        slope[-1] = error.sum(axis=0)
        value = mean_cross_entropy(logits, target) + 0.5 * strength * float(
            np.square(weights).sum()
        )
        return value, (scale * slope).ravel()

    options = {"maxiter": 500, "ftol": 1e-11, "gtol": 1e-7}
    found = minimize(loss, (begin / scale).ravel(), jac=True, method="L-BFGS-B", options=options)
    return scale * found.x.reshape(begin.shape)


def mean_cross_entropy(logits: np.ndarray, target: np.ndarray) -> float:
    """The mean over rows of logits and shares of classes (N, C), or (N, 1) of one answer."""
    if logits.shape[1] == 1:
        return float((np.logaddexp(0.0, logits) - target * logits).mean())
    return float(-(target * log_softmax(logits, axis=1)).sum(axis=1).mean())


def _probs(logits: np.ndarray) -> np.ndarray:
    return expit(logits) if logits.shape[1] == 1 else softmax(logits, axis=1)


def _parts(groups: np.ndarray) -> np.ndarray:
    """The part (N,) of each row: whole groups, by a fixed seed; rows where there is one group."""
    codes = group_codes(groups)
    if codes.max() == 0:
        codes = np.arange(len(codes))
    places = np.random.default_rng(0).permutation(codes.max() + 1)
    return places[codes] % min(NUM_PARTS, len(places))
