"""Logistic heads: scikit-learn's weights, soft labels, a strength that fits, people left out."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from pipeline.models.logistic import fit_logistics, mean_cross_entropy

RNG = np.random.default_rng(0)


def labels(x: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Classes (N,) drawn with chances that the first columns of x decide."""
    chances = softmax(2.0 * x[:, :num_classes], axis=1)
    return (chances.cumsum(axis=1) > RNG.random((len(x), 1))).argmax(axis=1)


@pytest.mark.parametrize(("rows", "columns"), [(150, 8), (60, 90)])
def test_several_classes_get_the_weights_of_scikit_learn(rows: int, columns: int) -> None:
    x = RNG.normal(size=(rows, columns)) + 0.5
    codes = labels(x, num_classes=3)
    head = fit_logistics(x, {"y": np.eye(3)[codes]}, groups=np.arange(rows) // 3)["y"]
    known = LogisticRegression(C=1.0 / (rows * head.strength), tol=1e-9, max_iter=5000)
    known.fit(x, codes)
    np.testing.assert_allclose(head.weight, known.coef_, atol=2e-4)
    logits = x @ head.weight.T + head.bias
    np.testing.assert_allclose(softmax(logits, axis=1), known.predict_proba(x), atol=2e-4)


def test_a_yes_or_no_gets_the_weights_of_scikit_learn() -> None:
    x = RNG.normal(size=(120, 6))
    codes = labels(x, num_classes=2)
    head = fit_logistics(x, {"y": codes[:, None].astype(float)}, groups=np.arange(120))["y"]
    known = LogisticRegression(C=1.0 / (120 * head.strength), tol=1e-9).fit(x, codes)
    np.testing.assert_allclose(head.weight, known.coef_, atol=2e-4)
    np.testing.assert_allclose(head.bias, known.intercept_, atol=2e-4)


def test_a_shared_label_is_two_half_images() -> None:
    x = RNG.normal(size=(90, 5))
    soft = np.eye(3)[labels(x, num_classes=3)]
    soft[:30] = [0.5, 0.5, 0.0]
    head = fit_logistics(x, {"y": soft}, groups=np.arange(90))["y"]
    codes = np.concatenate([np.zeros(30), np.ones(30), soft[30:].argmax(axis=1)]).astype(int)
    weights = np.concatenate([np.full(60, 0.5), np.ones(60)])
    known = LogisticRegression(C=1.0 / (90 * head.strength), tol=1e-9, max_iter=5000)
    known.fit(np.concatenate([x[:30], x]), codes, sample_weight=weights)
    np.testing.assert_allclose(head.weight, known.coef_, atol=2e-4)


def test_noise_gets_a_strong_penalty_and_a_clear_signal_a_weak_one() -> None:
    x = RNG.normal(size=(300, 10))
    noise = RNG.integers(2, size=(300, 1)).astype(float)
    clear = (x[:, :1] > 0).astype(float)
    heads = fit_logistics(x, {"noise": noise, "clear": clear}, groups=np.arange(300))
    assert heads["noise"].strength > 30 * heads["clear"].strength


def test_nobody_is_scored_by_a_fit_that_saw_them() -> None:
    """Labels by person that no feature explains: only a fit that saw the person could know them."""
    people = np.repeat(np.arange(40), 4)
    x = RNG.normal(size=(40, 60))[people] + 0.01 * RNG.normal(size=(160, 60))
    noise = RNG.integers(2, size=40)[people][:, None].astype(float)
    head = fit_logistics(x, {"noise": noise}, groups=people)["noise"]
    assert mean_cross_entropy(head.held_out, noise) > 0.65
    alone = fit_logistics(x, {"noise": noise}, groups=np.arange(160))["noise"]
    assert mean_cross_entropy(alone.held_out, noise) < 0.1
