"""Metrics that look at a probability for each class. Pure.

Probabilities are (N, C); of a binary task (N,), that of class 1. Equally likely classes are ranked
in their order, as arg-max does.
"""

from collections.abc import Callable

import numpy as np

from pipeline.metrics.metric import Metric
from pipeline.metrics.number_metrics import Loss, mean, mean_of

LEAST = 1e-15  # probabilities are clipped to LEAST..1 - LEAST, as Kaggle does


def two_columns(probs: np.ndarray) -> np.ndarray:
    """Probabilities (N, C) as they are; those of class 1, (N,) or (N, 1), as those of no and yes
    (N, 2)."""
    if probs.ndim == 1:
        return np.stack([1.0 - probs, probs], axis=1)
    if probs.shape[1] == 1:
        return np.concatenate([1.0 - probs, probs], axis=1)
    return probs


def _of_truth(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """What each row gives its true class (N,); a class without a column has probability 0."""
    classes = np.asarray(truth).astype(np.int64)
    known = classes < probs.shape[1]
    picked = probs[np.arange(len(probs)), np.where(known, classes, 0)]
    return np.where(known, picked, 0.0)


def log_losses(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """-log of the true class's probability (N,). Rows are brought to a sum of 1, then clipped, as
    Kaggle does."""
    probs = two_columns(probs)
    probs = probs / np.clip(probs.sum(axis=1, keepdims=True), 1e-300, None)
    return -np.log(np.clip(_of_truth(truth, probs), LEAST, 1.0 - LEAST))


def brier_losses(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """The squared error (N,) of a probability; of classes summed over them (Brier 1950)."""
    if probs.ndim == 1:
        return (probs - truth) ** 2
    picked = _of_truth(truth, probs)
    return (probs**2).sum(axis=1) - picked**2 + (1.0 - picked) ** 2


def rank_of_truth(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """The place (N,) of the true class among the likeliest, from 1 on."""
    picked = _of_truth(truth, probs)[:, None]
    earlier = np.arange(probs.shape[1])[None, :] < np.asarray(truth).astype(np.int64)[:, None]
    return 1 + (probs > picked).sum(axis=1) + ((probs == picked) & earlier).sum(axis=1)


def top_hits(number: int) -> Loss:
    """1 where the true class is among the `number` likeliest, else 0."""

    def hits(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
        return (rank_of_truth(truth, probs) <= number) * 1.0

    return hits


def reciprocal_ranks(number: int) -> Loss:
    """1 / the true class's place among the `number` likeliest, 0 beyond: the average precision of
    one true class, whose mean is MAP@k."""

    def ranks(truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
        places = rank_of_truth(truth, probs)
        return np.where(places <= number, 1.0 / places, 0.0)

    return ranks


def prob_metric(
    name: str,
    says: str,
    loss: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    higher_is_better: bool,
    kinds: tuple[str, ...] = ("multiclass",),
    high: float = 1.0,
) -> Metric:
    """The metric that is the mean of a loss (N,) of probabilities."""
    return Metric(
        name,
        says,
        higher_is_better,
        kinds,
        count=mean_of(loss),
        value=mean,
        looks_at="probs",
        high=high,
    )


PROB_METRICS = (
    prob_metric(
        "log_loss",
        "mean -log of the true class's probability, clipped at 1e-15 as Kaggle does",
        log_losses,
        higher_is_better=False,
        kinds=("multiclass", "binary"),
        high=np.inf,
    ),
    prob_metric(
        "brier",
        "mean squared error of probabilities, of classes summed over them",
        brier_losses,
        higher_is_better=False,
        kinds=("multiclass", "binary"),
        high=2.0,
    ),
)
