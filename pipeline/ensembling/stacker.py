"""Stacking: a regularised linear model over what members say, its strength chosen by folds. Pure.

Classes and scores: logistic regression on log-probabilities. Numbers: ridge regression of what the
members' mean leaves over, so that the strongest penalty gives that mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

PENALTIES = (10.0, 100.0, 1000.0)
_LEAST = 1e-6  # a probability below it says no more than this


@dataclass(frozen=True)
class Stacker:
    """A fitted stack: the kind of its task, and the model on scaled features."""

    kind: str
    penalty: float
    num_classes: int
    scaler: StandardScaler
    model: LogisticRegression | Ridge

    def predict(self, candidates: np.ndarray) -> np.ndarray:
        """Probabilities (N, C), the score (N, 1) or the value (N, 1) of candidates (M, N, C)."""
        features = self.scaler.transform(_features(candidates, kind=self.kind))
        if self.kind == "regression":
            return candidates.mean(axis=0) + self.model.predict(features)[:, None]
        found = self.model.predict_proba(features)
        if self.kind == "binary":
            return found[:, 1:]
        probs = np.zeros((len(found), self.num_classes))
        probs[:, self.model.classes_] = found  # a class that was never seen gets none
        return probs


def fit_stacker(
    candidates: np.ndarray,
    truth: np.ndarray,
    *,
    kind: str,
    folds: np.ndarray,
    penalties: Sequence[float] = PENALTIES,
) -> Stacker:
    """The stack of candidates (M, N, C) for a task of kind multiclass, score or number.

    The penalty is the one with the least log-loss, or squared error, over `folds` (N,) held out in
    turn; the first is taken where there is one fold only.
    """
    losses = np.zeros(len(penalties))
    for fold in np.unique(folds) if len(np.unique(folds)) > 1 and len(penalties) > 1 else ():
        held = folds == fold
        if kind != "regression" and len(np.unique(truth[~held])) < 2:
            continue
        for place, penalty in enumerate(penalties):
            stack = _fit(candidates[:, ~held], truth[~held], kind=kind, penalty=penalty)
            losses[place] += _loss(stack.predict(candidates[:, held]), truth[held], kind=kind)
    best = float(penalties[int(losses.argmin())])
    return _fit(candidates, truth, kind=kind, penalty=best)


@dataclass(frozen=True)
class LabelStacker:
    """The stacks of several labels, each as that of a yes or no; None for a label that is always
    true, or never, among the images that were learnt from: its mean stays."""

    by_label: tuple[Stacker | None, ...]

    def predict(self, candidates: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) of candidates (M, N, C)."""
        columns = []
        for place, stacker in enumerate(self.by_label):
            own = candidates[:, :, [place]]
            columns.append(own.mean(axis=0) if stacker is None else stacker.predict(own))
        return np.concatenate(columns, axis=1)


def fit_label_stacker(
    candidates: np.ndarray,
    truth: np.ndarray,
    *,
    kind: str,
    folds: np.ndarray,
    penalties: Sequence[float] = PENALTIES,
) -> LabelStacker:
    """The stack of candidates (M, N, C) for several labels (N, C), NaN where one is not known."""
    assert kind == "multilabel", kind
    found: list[Stacker | None] = []
    for place in range(truth.shape[1]):
        known = ~np.isnan(truth[:, place])
        own = truth[known, place]
        if len(np.unique(own)) < 2:
            found.append(None)
            continue
        found.append(
            fit_stacker(
                candidates[:, known][:, :, [place]],
                own,
                kind="binary",
                folds=folds[known],
                penalties=penalties,
            )
        )
    return LabelStacker(tuple(found))


def _fit(candidates: np.ndarray, truth: np.ndarray, *, kind: str, penalty: float) -> Stacker:
    features = _features(candidates, kind=kind)
    scaler = StandardScaler().fit(features)
    features = scaler.transform(features)
    if kind == "regression":
        model = Ridge(alpha=penalty).fit(features, truth - candidates.mean(axis=0)[:, 0])
    else:
        model = LogisticRegression(C=1.0 / penalty, max_iter=300, tol=1e-4)
        model.fit(features, np.asarray(truth, dtype=np.int64))
    return Stacker(kind, penalty, candidates.shape[2], scaler, model)


def _features(candidates: np.ndarray, *, kind: str) -> np.ndarray:
    """(N, features): log-probabilities of every member, log-odds of a score, values of a number."""
    if kind == "regression":
        return candidates[:, :, 0].T
    probs = np.clip(candidates, _LEAST, 1.0 - _LEAST)
    logs = np.log(probs) - (np.log1p(-probs) if kind == "binary" else 0.0)
    return np.concatenate(list(logs), axis=1)


def _loss(found: np.ndarray, truth: np.ndarray, *, kind: str) -> float:
    """The sum over rows of squared error or log-loss."""
    if kind == "regression":
        return float(((found[:, 0] - truth) ** 2).sum())
    if kind == "binary":
        found = np.concatenate([1.0 - found, found], axis=1)
    picked = found[np.arange(len(truth)), np.asarray(truth, dtype=np.int64)]
    return float(-np.log(np.clip(picked, _LEAST, None)).sum())
