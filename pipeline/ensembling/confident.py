"""Which predictions are confident enough to become pseudo-labels. Pure."""

from collections.abc import Mapping

import numpy as np


def choose_confident(
    probs: Mapping[str, np.ndarray], *, confidence: float, share: float = 1.0
) -> np.ndarray:
    """Whether each image (N,) is taken: in every task, its likeliest class has a probability of
    at least `confidence`, and it is among the `share` of the images of its likeliest classes
    that are the most confident.

    `probs` are (N, C) a task, or the score (N, 1), whose classes are 0 and 1. The share is of all
    images of the same predicted classes, confident or not, rounded down: an easy class is not
    taken more often than it is predicted. Of equally confident images the earlier one wins.
    """
    full = [both_classes(values) for values in probs.values()]
    confidences = np.min([values.max(axis=1) for values in full], axis=0)
    named = np.stack([values.argmax(axis=1) for values in full], axis=1)
    classes = np.unique(named, axis=0, return_inverse=True)[1].reshape(-1)
    chosen = np.zeros(len(confidences), dtype=bool)
    for code in np.unique(classes):
        places = np.flatnonzero(classes == code)
        order = places[np.argsort(-confidences[places], kind="stable")]
        chosen[order[: int(share * len(places) + 1e-9)]] = True
    return chosen & (confidences >= confidence - 1e-12)


def choose_agreeing(votes: np.ndarray, *, spread: float, share: float = 1.0) -> np.ndarray:
    """Whether each image (N,) is taken for a number: the standard deviation of what V networks say,
    votes (V, N), is at most `spread`, and it is among the `share` of all images on which they agree
    most. Of equal ones the earlier wins.
    """
    deviations = votes.std(axis=0)
    chosen = np.zeros(len(deviations), dtype=bool)
    order = np.argsort(deviations, kind="stable")
    chosen[order[: int(share * len(deviations) + 1e-9)]] = True
    return chosen & (deviations <= spread)


def both_classes(probs: np.ndarray) -> np.ndarray:
    """Probabilities (N, C) as they are; a score (N, 1) as those of 0 and of 1."""
    return np.concatenate([1.0 - probs, probs], axis=1) if probs.shape[1] == 1 else probs
