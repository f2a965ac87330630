"""Blending several predictions ("votes") of one task. Pure functions of plain arrays.

A vote is that of one cell (member x fold x seed), its views averaged. Everything comes out as
probabilities (N, C), or values (N, 1) for a number, so that what follows need not know how it was
blended.
"""

from collections.abc import Sequence

import numpy as np

# Far below one vote among any number of votes, far above float64 noise.
_TIE_SHARE = 1e-6


def mean_probs(
    votes: Sequence[np.ndarray], *, weights: Sequence[float] | None = None
) -> np.ndarray:
    """The weighted mean (N, C) of (N, C) votes. Raises ValueError when the weights add up to 0."""
    shares = np.ones(len(votes)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not shares.sum() > 0 or (shares < 0).any():
        raise ValueError(f"weights must be 0 or more with at least one above 0, found {shares}")
    stacked = np.stack([np.asarray(vote, dtype=np.float64) for vote in votes])
    return np.tensordot(shares / shares.sum(), stacked, axes=1)


def hard_vote(votes: Sequence[np.ndarray]) -> np.ndarray:
    """The share (N, C) of votes whose likeliest class each is; a tie goes to the higher mean
    probability, which is mixed in with a share too small to outvote anyone."""
    stacked = np.stack([np.asarray(vote, dtype=np.float64) for vote in votes])
    num_votes, num_rows, num_classes = stacked.shape
    picks = stacked.argmax(axis=2)
    shares = np.zeros((num_rows, num_classes))
    for pick in picks:
        shares[np.arange(num_rows), pick] += 1.0 / num_votes
    return (1.0 - _TIE_SHARE) * shares + _TIE_SHARE * stacked.mean(axis=0)


def hard_vote_scores(votes: Sequence[np.ndarray], *, threshold: float = 0.5) -> np.ndarray:
    """As hard_vote for scores (N, 1), or those of several labels (N, C): the share of votes at or
    above the threshold."""
    soft = mean_probs(votes)
    shares = np.mean([1.0 * (vote >= threshold) for vote in votes], axis=0)
    return (1.0 - _TIE_SHARE) * shares + _TIE_SHARE * soft


def median_values(votes: Sequence[np.ndarray]) -> np.ndarray:
    """The median (N, 1) of the votes' values: the hard vote of numbers."""
    return np.median(np.stack(votes), axis=0)


def geometric_mean(
    votes: Sequence[np.ndarray],
    *,
    weights: Sequence[float] | None = None,
    kind: str = "multiclass",
) -> np.ndarray:
    """The normalised geometric mean of probabilities (N, C), or of a score (N, 1) and its rest: a
    vote near 0 weighs more than in the mean. Of kind multilabel each column is such a score."""
    if kind == "multilabel":
        columns = range(votes[0].shape[1])
        parts = [
            geometric_mean([vote[:, [place]] for vote in votes], weights=weights)
            for place in columns
        ]
        return np.concatenate(parts, axis=1)
    is_score = votes[0].shape[1] == 1
    both = [np.concatenate([1.0 - v, v], axis=1) if is_score else v for v in votes]
    logs = mean_probs([np.log(np.clip(vote, 1e-12, None)) for vote in both], weights=weights)
    raw = np.exp(logs - logs.max(axis=1, keepdims=True))
    probs = raw / raw.sum(axis=1, keepdims=True)
    return probs[:, 1:] if is_score else probs


def median_probs(votes: Sequence[np.ndarray], *, kind: str = "multiclass") -> np.ndarray:
    """The median (N, C) of the votes, normalised again where it is of several classes."""
    middle = median_values(votes)
    if middle.shape[1] == 1 or kind == "multilabel":
        return middle
    return middle / np.clip(middle.sum(axis=1, keepdims=True), 1e-12, None)


def rank_mean(
    votes: Sequence[np.ndarray],
    *,
    references: Sequence[np.ndarray] | None = None,
    weights: Sequence[float] | None = None,
) -> np.ndarray:
    """The mean (N, 1) of each vote's rank, as the share of its references (its own scores when not
    given) that lie below, ties half: for metrics that only look at the order."""
    references = votes if references is None else references
    ranks = []
    for vote, reference in zip(votes, references, strict=True):
        known = np.sort(np.ravel(reference))
        values = np.ravel(vote)
        below, upto = (np.searchsorted(known, values, side=side) for side in ("left", "right"))
        ranks.append(((below + upto) / (2.0 * len(known)))[:, None])
    return mean_probs(ranks, weights=weights)
