"""Whether probabilities say how often they are right, and the temperature that mends them. Pure.

Guo et al. 2017, On calibration of modern neural networks.
"""

import numpy as np
from scipy.optimize import minimize_scalar

_LEAST = 1e-12
_SPAN = 3.0  # temperatures from exp(-3) to exp(3)


def calibration_error(probs: np.ndarray, truth: np.ndarray, *, num_bins: int = 15) -> float:
    """ECE of probabilities (N, C), or of a score (N, 1): over equally wide bins of the likeliest
    class's probability, the mean distance between it and the share of right answers."""
    probs = _two_columns(probs)
    confidences = probs.max(axis=1)
    right = probs.argmax(axis=1) == np.asarray(truth, dtype=np.int64)
    bins = np.clip(np.ceil(confidences * num_bins).astype(np.int64) - 1, 0, num_bins - 1)
    gaps = np.bincount(bins, weights=right - confidences, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(confidences))


def log_losses(probs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The log-loss (N,) of each row of probabilities (N, C) or scores (N, 1)."""
    probs = _two_columns(probs)
    picked = probs[np.arange(len(probs)), np.asarray(truth, dtype=np.int64)]
    return -np.log(np.clip(picked, _LEAST, None))


def fit_temperature(probs: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the least log-loss on these rows; above 1 softens."""

    def loss(log_temperature: float) -> float:
        cooled = apply_temperature(probs, float(np.exp(log_temperature)))
        return float(log_losses(cooled, truth).mean())

    found = minimize_scalar(loss, bounds=(-_SPAN, _SPAN), method="bounded")
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def apply_temperature(probs: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (N, C), or scores (N, 1), whose log-odds are divided by the temperature."""
    both = _two_columns(probs)
    logs = np.log(np.clip(both, _LEAST, None)) / temperature
    raw = np.exp(logs - logs.max(axis=1, keepdims=True))
    cooled = raw / raw.sum(axis=1, keepdims=True)
    return cooled[:, 1:] if probs.shape[1] == 1 else cooled


def _two_columns(probs: np.ndarray) -> np.ndarray:
    """A score as the probabilities of no and yes; other probabilities as they are."""
    return np.concatenate([1.0 - probs, probs], axis=1) if probs.shape[1] == 1 else probs
