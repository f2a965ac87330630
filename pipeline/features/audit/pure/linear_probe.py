"""A quick probe: a linear model on given features, out of fold. What a label is worth in them."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge

SIZE = 128  # directions of the features that the probe sees
REGULAR = 0.03  # scikit-learn's C for those directions at unit variance
RIDGE = 30.0


def condense(features: np.ndarray, *, seed: int) -> np.ndarray:
    """The features' (n, d) main directions (n, up to SIZE) at unit variance; no label is used."""
    size = min(SIZE, features.shape[1], len(features) - 1)
    centred = features.astype(np.float32)
    scale = centred.std(axis=0)
    centred = (centred - centred.mean(axis=0)) / np.where(scale > 1e-6, scale, 1.0)
    return PCA(size, whiten=True, svd_solver="randomized", random_state=seed).fit_transform(centred)


def probe_oof(
    features: np.ndarray, target: np.ndarray, folds: np.ndarray, *, kind: str, num_classes: int
) -> np.ndarray:
    """Probabilities (n, C), scores or values (n, 1) of each fold by a model of the other folds.

    `kind` is that of the task: classes and score by logistic regression (a score's classes weigh
    the same), number by ridge regression. A class that the other folds lack gets probability 0.
    """
    width = num_classes if kind == "multiclass" else 1
    answers = np.zeros((len(target), width))
    for fold in np.unique(folds):
        held = folds == fold
        if kind == "regression":
            model = Ridge(alpha=RIDGE).fit(features[~held], target[~held])
            answers[held, 0] = model.predict(features[held])
            continue
        probs = _class_probs(features, target.astype(np.int64), held, balanced=kind == "binary")
        if kind == "multiclass":
            answers[held, : probs.shape[1]] = probs
        else:
            answers[held, 0] = probs[:, 1] if probs.shape[1] > 1 else 0.0
    return answers


def _class_probs(
    features: np.ndarray, target: np.ndarray, held: np.ndarray, *, balanced: bool
) -> np.ndarray:
    """Probabilities (held, classes up to the last one seen) of the held-out images."""
    known = np.unique(target[~held])
    probs = np.zeros((held.sum(), known.max() + 1))
    if len(known) == 1:
        probs[:, known[0]] = 1.0
        return probs
    weight = "balanced" if balanced else None
    model = LogisticRegression(C=REGULAR, max_iter=200, tol=1e-3, class_weight=weight)
    probs[:, known] = model.fit(features[~held], target[~held]).predict_proba(features[held])
    return probs
