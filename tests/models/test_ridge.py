"""Ridge heads: scikit-learn's weights, a strength that fits, people left out whole."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from pipeline.models.linear_head import fit_scale
from pipeline.models.ridge import fit_ridges

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("rows", "columns"), [(60, 8), (24, 50)])
def test_weights_and_held_out_scores_are_those_of_scikit_learn(rows: int, columns: int) -> None:
    x, y = RNG.normal(size=(rows, columns)), RNG.normal(size=(rows, 3)) + 5.0
    groups = np.arange(rows) // 4
    head = fit_ridges(x, {"y": y}, groups=groups)["y"]
    known = Ridge(alpha=head.strength * rows).fit(x, y)
    np.testing.assert_allclose(head.weight, known.coef_, atol=1e-8)
    np.testing.assert_allclose(head.bias, known.intercept_, atol=1e-8)
    for group in range(rows // 4):
        others = groups != group
        without = Ridge(alpha=head.strength * rows).fit(x[others], y[others])
        np.testing.assert_allclose(head.held_out[~others], without.predict(x[~others]), atol=1e-8)


def test_noise_gets_a_strong_penalty_and_a_clear_signal_a_weak_one() -> None:
    x, groups = RNG.normal(size=(200, 40)), np.arange(200)
    clear = x[:, :1] * 2.0 + 0.01 * RNG.normal(size=(200, 1))
    noise = RNG.normal(size=(200, 1))
    heads = fit_ridges(x, {"clear": clear, "noise": noise}, groups=groups)
    assert heads["clear"].strength <= 0.01
    assert heads["noise"].strength > 1.0


def test_nobody_is_scored_by_a_fit_that_saw_them() -> None:
    """Labels by person that no feature explains: only a fit that saw the person could know them."""
    people = np.repeat(np.arange(30), 4)
    x = RNG.normal(size=(30, 60))[people] + 0.01 * RNG.normal(size=(120, 60))
    y = RNG.normal(size=30)[people][:, None]
    head = fit_ridges(x, {"y": y}, groups=people)["y"]
    alone = fit_ridges(x, {"y": y}, groups=np.arange(120))["y"]
    assert np.corrcoef(head.held_out[:, 0], y[:, 0])[0, 1] < 0.3  # below 0: the mean of the others
    assert np.corrcoef(alone.held_out[:, 0], y[:, 0])[0, 1] > 0.9


def test_the_scale_is_that_of_the_likeliest_softmax() -> None:
    scores = RNG.normal(size=(4000, 3))
    probs = np.exp(3.0 * scores)
    probs /= probs.sum(axis=1, keepdims=True)
    drawn = (probs.cumsum(axis=1) > RNG.random((4000, 1))).argmax(axis=1)
    assert fit_scale(scores, np.eye(3)[drawn]) == pytest.approx(3.0, rel=0.1)
