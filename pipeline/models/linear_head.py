"""A linear head that was fitted, not trained, and the temperature of its scores."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar


@dataclass(frozen=True)
class LinearHead:
    """What a linear layer over standardised features needs, and how it was chosen."""

    weight: np.ndarray  # (K, D)
    bias: np.ndarray  # (K,)
    strength: float  # of the penalty, a row
    held_out: np.ndarray  # (N, K) scores of every row by a fit without its group


def decompose(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eigenvalues (R,), places (N, R) of the rows along the directions (D, R), of x (N, D).

    The smaller of the two Gram matrices is decomposed: x.T @ x or x @ x.T have the same eigenvalues
    but for zeros.
    """
    num_rows, num_features = x.shape
    if num_features <= num_rows:
        values, directions = np.linalg.eigh(x.T @ x)
        return values, x @ directions, directions
    values, vectors = np.linalg.eigh(x @ x.T)
    kept = values > 1e-10 * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    roots = np.sqrt(values)
    return values, vectors * roots, x.T @ (vectors / roots)


def group_codes(groups: np.ndarray) -> np.ndarray:
    """The number (N,) of each row's group, from 0 on."""
    _, codes = np.unique(groups.astype(str), return_inverse=True)
    return codes


def fit_scale(scores: np.ndarray, targets: np.ndarray) -> float:
    """The factor that makes softmax(factor * scores) fit targets (N, C) best, by log-loss."""

    def loss(log_factor: float) -> float:
        logits = np.exp(log_factor) * scores
        logits = logits - logits.max(axis=1, keepdims=True)
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return float(-(targets * log_probs).sum(axis=1).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.1), np.log(100.0)), method="bounded")
    return float(np.exp(found.x))
