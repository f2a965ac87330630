"""Whether probabilities say how often they are right, and the temperature that mends them. Pure.

Guo et al. 2017, On calibration of modern neural networks.
"""

from collections.abc import Iterator

import numpy as np
from scipy.optimize import minimize_scalar

from pipeline.metrics.prob_metrics import two_columns

_LEAST = 1e-12
_SPAN = 3.0  # temperatures from exp(-3) to exp(3)


def calibration_error(probs: np.ndarray, truth: np.ndarray, *, num_bins: int = 15) -> float:
    """ECE of probabilities (N, C), or of a score (N, 1): over equally wide bins of the likeliest
    class's probability, the mean distance between it and the share of right answers. Of several
    labels, truth (N, C), the mean of their scores' ECE."""
    if np.ndim(truth) == 2:
        errors = [
            calibration_error(column, own, num_bins=num_bins)
            for column, own in label_columns(probs, truth)
        ]
        return float(np.mean(errors))
    probs = two_columns(probs)
    confidences = probs.max(axis=1)
    right = probs.argmax(axis=1) == np.asarray(truth, dtype=np.int64)
    bins = np.clip(np.ceil(confidences * num_bins).astype(np.int64) - 1, 0, num_bins - 1)
    gaps = np.bincount(bins, weights=right - confidences, minlength=num_bins)
    return float(np.abs(gaps).sum() / len(confidences))


def row_log_losses(probs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The log-loss (N,) of each row of probabilities (N, C) or scores (N, 1); of several labels,
    truth (N, C), the mean over those that are known."""
    if np.ndim(truth) == 2:
        clipped = np.clip(probs, _LEAST, 1.0 - _LEAST)
        losses = -np.where(truth > 0.5, np.log(clipped), np.log1p(-clipped))
        known = ~np.isnan(truth)
        return np.where(known, losses, 0.0).sum(axis=1) / known.sum(axis=1)
    probs = two_columns(probs)
    picked = probs[np.arange(len(probs)), np.asarray(truth, dtype=np.int64)]
    return -np.log(np.clip(picked, _LEAST, None))


def fit_temperature(probs: np.ndarray, truth: np.ndarray) -> float | tuple[float, ...]:
    """The temperature with the least log-loss on these rows; above 1 softens. Of several labels,
    truth (N, C), one a label."""
    if np.ndim(truth) == 2:
        return tuple(_fit_one(column, own) for column, own in label_columns(probs, truth))
    return _fit_one(probs, truth)


def _fit_one(probs: np.ndarray, truth: np.ndarray) -> float:
    if not len(truth):
        return 1.0

    def loss(log_temperature: float) -> float:
        cooled = apply_temperature(probs, float(np.exp(log_temperature)))
        return float(row_log_losses(cooled, truth).mean())

    found = minimize_scalar(loss, bounds=(-_SPAN, _SPAN), method="bounded")
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def apply_temperature(probs: np.ndarray, temperature: float | tuple[float, ...]) -> np.ndarray:
    """Probabilities (N, C), or scores (N, 1), whose log-odds are divided by the temperature; with
    one a column, each column is a score."""
    if isinstance(temperature, tuple):
        columns = [
            apply_temperature(probs[:, [place]], one) for place, one in enumerate(temperature)
        ]
        return np.concatenate(columns, axis=1)
    both = two_columns(probs)
    logs = np.log(np.clip(both, _LEAST, None)) / temperature
    raw = np.exp(logs - logs.max(axis=1, keepdims=True))
    cooled = raw / raw.sum(axis=1, keepdims=True)
    return cooled[:, 1:] if probs.shape[1] == 1 else cooled


def label_columns(probs: np.ndarray, truth: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each label's scores (n, 1) and truth (n,), of the images in which it is known."""
    for place in range(truth.shape[1]):
        known = ~np.isnan(truth[:, place])
        yield probs[known][:, [place]], truth[known, place]
