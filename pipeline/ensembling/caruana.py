"""Ensemble selection with replacement and bagging (Caruana et al. 2004). Pure.

The weights that come out are shares of choices, so a candidate that does not help gets none.
"""

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.ensembling.selection_scores import (
    CandidateScorer,
    score_candidates,
    score_candidates_by_counts,
    score_candidates_by_log_loss,
)

Score = str | Callable[[np.ndarray, np.ndarray], float]  # (predictions (N, C), rows) -> score
FAST = ("macro_f1", "accuracy", "log_loss")  # scored for all candidates at once
BAG_SHARE = 0.5  # of the candidates, that each bag draws


def select_greedily(
    score_each: CandidateScorer, candidates: np.ndarray, *, num_rounds: int
) -> np.ndarray:
    """The weights (M,) after the best round of greedy selection with replacement.

    Of equally good candidates the one that is chosen already wins, then the first; of equally good
    rounds the first. So the result scores at least as well as the best single candidate, which is
    the first round.
    """
    num = len(candidates)
    total = np.zeros(candidates.shape[1:], dtype=np.float64)
    counts = np.zeros(num, dtype=np.int64)
    best = -np.inf
    kept = np.zeros(num)
    for number in range(num_rounds):
        scores = score_each(total, number)
        scores = np.where(np.isnan(scores), -np.inf, scores)
        equal = np.flatnonzero(scores == scores.max())
        chosen = equal[np.argmax(counts[equal] > 0)]
        counts[chosen] += 1
        total += candidates[chosen]
        if number == 0 or scores[chosen] > best:
            best, kept = scores[chosen], counts / counts.sum()
    return kept


def select_members(
    candidates: np.ndarray,
    truth: np.ndarray,
    *,
    score: Score,
    num_rounds: int = 50,
    num_bags: int = 0,
    groups: Sequence | None = None,
    seed: int = 0,
) -> np.ndarray:
    """The weights (M,), adding up to 1, that selection gives the candidates (M, N, C).

    `score` is one of FAST or a function of predictions (N, C) and their rows (N,), higher better.
    With bags the weights are the mean over bags, each with half of the candidates (two at
    least) and, with `groups` (the person of each row), as many people drawn with replacement. They
    stand where they score at least as well as the best candidate on all rows; else the selection
    without bags does.
    """
    whole = _make_scorer(candidates, truth, np.arange(len(truth)), score)
    plain = select_greedily(whole, candidates, num_rounds=num_rounds)
    if not num_bags or len(candidates) < 2:
        return plain
    rng = np.random.default_rng(seed)
    bags = []
    for _ in range(num_bags):
        size = min(len(candidates), max(2, round(BAG_SHARE * len(candidates))))
        some = np.sort(rng.choice(len(candidates), size=size, replace=False))
        rows = np.arange(len(truth)) if groups is None else _draw_rows(groups, rng)
        drawn = candidates[some] if groups is None else candidates[some][:, rows]
        score_each = _make_scorer(drawn, truth[rows], rows, score)
        weights = np.zeros(len(candidates))
        weights[some] = select_greedily(score_each, drawn, num_rounds=num_rounds)
        bags.append(weights)
    mean = np.mean(bags, axis=0)
    alone = np.zeros(candidates.shape[1:])
    best = np.nanmax(whole(alone, 0))
    blend = np.tensordot(mean, candidates, axes=1)[None]
    bagged = _make_scorer(blend, truth, np.arange(len(truth)), score)(alone, 0)[0]
    return mean if bagged >= best else plain


def _make_scorer(
    candidates: np.ndarray, truth: np.ndarray, rows: np.ndarray, score: Score
) -> CandidateScorer:
    if callable(score):
        return score_candidates(candidates, lambda predictions: score(predictions, rows))
    if score == "log_loss":
        return score_candidates_by_log_loss(candidates, truth)
    if score in FAST:
        return score_candidates_by_counts(candidates, truth, metric=score)
    raise ValueError(f"no score {score!r}: {', '.join(FAST)} or a function")


def _draw_rows(groups: Sequence, rng: np.random.Generator) -> np.ndarray:
    """The rows of as many groups as there are, drawn with replacement."""
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    return np.concatenate([parts[k] for k in rng.integers(len(parts), size=len(parts))])
