import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pipeline.ensembling.stacker import fit_stacker

RNG = np.random.default_rng(0)
FOLDS = np.arange(300) % 5


def test_a_number_s_strongest_penalty_gives_the_mean() -> None:
    truth = RNG.normal(40, 10, 300)
    candidates = np.stack([truth + RNG.normal(0, s, 300) for s in (3, 3, 9)])[:, :, None]
    stack = fit_stacker(candidates, truth, kind="regression", folds=FOLDS, penalties=(1e12,))
    mean = candidates.mean(axis=0)
    shift = truth.mean() - mean.mean()
    np.testing.assert_allclose(stack.predict(candidates), mean + shift, atol=1e-4)


def test_a_useless_member_and_a_shifted_one_are_put_right() -> None:
    truth = RNG.normal(40, 10, 300)
    candidates = np.stack([truth + 5 + RNG.normal(0, 1, 300), RNG.normal(40, 10, 300)])[:, :, None]
    stack = fit_stacker(candidates, truth, kind="regression", folds=FOLDS, penalties=(1.0, 1e9))
    assert stack.penalty == 1.0
    assert np.abs(stack.predict(candidates)[:, 0] - truth).mean() < 1.0


def test_classes_are_scikit_learn_s_logistic_regression_of_log_probabilities() -> None:
    truth = RNG.integers(3, size=300)
    raw = np.exp(RNG.normal(size=(2, 300, 3)) + 1.5 * np.eye(3)[truth])
    candidates = raw / raw.sum(axis=2, keepdims=True)
    stack = fit_stacker(candidates, truth, kind="multiclass", folds=FOLDS, penalties=(10.0,))
    features = np.log(np.concatenate(list(candidates), axis=1))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    expected = LogisticRegression(C=0.1, max_iter=300).fit(features, truth).predict_proba(features)
    np.testing.assert_allclose(stack.predict(candidates), expected, atol=1e-6)


def test_a_score_comes_out_as_one_and_a_class_never_seen_has_no_chance() -> None:
    truth = RNG.integers(2, size=300)
    candidates = np.clip(0.5 + 0.3 * (truth - 0.5) + RNG.normal(0, 0.1, (3, 300)), 0.01, 0.99)
    found = fit_stacker(candidates[:, :, None], truth, kind="binary", folds=FOLDS)
    probs = found.predict(candidates[:, :, None])
    assert probs.shape == (300, 1)
    assert ((probs[:, 0] >= 0.5) == truth).mean() > 0.9
    three = RNG.dirichlet(np.ones(3), size=(2, 300))
    stack = fit_stacker(three, truth * 2, kind="multiclass", folds=FOLDS)
    probs = stack.predict(three)
    assert probs.shape == (300, 3)
    assert (probs[:, 1] == 0).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1.0)


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_noise_gets_the_strongest_penalty(kind: str) -> None:
    truth = RNG.integers(2, size=300)
    candidates = RNG.dirichlet(np.ones(2), size=(6, 300))
    if kind == "regression":
        candidates = candidates[:, :, :1]
    stack = fit_stacker(candidates, truth, kind=kind, folds=FOLDS, penalties=(0.001, 1e6))
    assert stack.penalty == 1e6
