"""A quick probe: a linear model on given features, out of fold. What a label is worth in them."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge

from pipeline.labels.tasks import is_labelled

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

    `kind` is that of the task: multiclass and binary by logistic regression (a binary task's
    classes weigh the same), multilabel as a binary task for each label, regression by ridge. A
    class that the other folds lack gets probability 0. Images without a label are answered and
    teach nothing; a fold without labelled images in the others gets 0.
    """
    if kind == "multilabel":
        columns = [
            probe_oof(features, column, folds, kind="binary", num_classes=2) for column in target.T
        ]
        return np.concatenate(columns, axis=1)
    width = num_classes if kind == "multiclass" else 1
    answers = np.zeros((len(target), width))
    labelled = is_labelled(target)
    for fold in np.unique(folds):
        held = folds == fold
        taught = ~held & labelled
        if not taught.any():
            continue
        if kind == "regression":
            model = Ridge(alpha=RIDGE).fit(features[taught], target[taught])
            answers[held, 0] = model.predict(features[held])
            continue
        classes = target[taught].astype(np.int64)
        probs = _class_probs(features[taught], classes, features[held], balanced=kind == "binary")
        if kind == "multiclass":
            answers[held, : probs.shape[1]] = probs
        else:
            answers[held, 0] = probs[:, 1] if probs.shape[1] > 1 else 0.0
    return answers


def _class_probs(
    taught: np.ndarray, classes: np.ndarray, held: np.ndarray, *, balanced: bool
) -> np.ndarray:
    """Probabilities (held, classes up to the last one seen) of the held-out features, by a model
    of the taught ones and their classes (n,)."""
    known = np.unique(classes)
    probs = np.zeros((len(held), known.max() + 1))
    if len(known) == 1:
        probs[:, known[0]] = 1.0
        return probs
    weight = "balanced" if balanced else None
    model = LogisticRegression(C=REGULAR, max_iter=200, tol=1e-3, class_weight=weight)
    probs[:, known] = model.fit(taught, classes).predict_proba(held)
    return probs
