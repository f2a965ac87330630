"""The line from OOF to leaderboard against scipy and hand calculation."""

import numpy as np
import pytest
from scipy import stats

from pipeline.metrics.leaderboard_fit import (
    fit_line,
    propose_two,
    rank_agreement,
    shrunken_estimates,
)

OOF = np.array([0.70, 0.72, 0.75, 0.76, 0.79])
BOARD = np.array([0.69, 0.73, 0.74, 0.77, 0.78])


def test_the_line_is_scipy_s() -> None:
    line, found = fit_line(OOF, BOARD), stats.linregress(OOF, BOARD)
    assert line.slope == pytest.approx(found.slope)
    assert line.intercept == pytest.approx(found.intercept)
    assert line.slope_error == pytest.approx(found.stderr)


def test_the_prediction_interval_by_hand() -> None:
    """Points (0, 0), (1, 2), (2, 1): slope 1/2, intercept 1/2, residuals -1/2, 1, -1/2, so the
    residual sd is sqrt(3/2). At 3: 2 ± t(0.975, 1) * sqrt(3/2) * sqrt(1 + 1/3 + 4/2)."""
    line = fit_line([0.0, 1.0, 2.0], [0.0, 2.0, 1.0])
    assert (line.slope, line.intercept) == pytest.approx((0.5, 0.5))
    assert line.spread == pytest.approx(np.sqrt(1.5))
    value, low, high = line.predict(3.0)
    reach = 12.7062047 * np.sqrt(1.5) * np.sqrt(1 + 1 / 3 + 2)
    assert (value, low, high) == pytest.approx((2.0, 2.0 - reach, 2.0 + reach))


def test_95_of_100_next_scores_fall_into_the_interval() -> None:
    rng, inside = np.random.default_rng(0), 0
    for _ in range(2000):
        x = rng.normal(0.75, 0.02, 6)
        y = 0.02 + 0.9 * x + rng.normal(0, 0.01, 6)
        _, low, high = fit_line(x[:5], y[:5]).predict(x[5])
        inside += low <= y[5] <= high
    assert inside / 2000 == pytest.approx(0.95, abs=0.015)


def test_what_fixes_no_line() -> None:
    assert fit_line([0.7, 0.8], [0.7, 0.8]) is None
    assert fit_line([0.7, 0.7, 0.7], [0.7, 0.8, 0.9]) is None


def test_rank_agreement_by_hand() -> None:
    """Of the pairs of (1 2 3 4) and (1 3 2 4) one of six is turned: tau = (5 - 1) / 6; the squared
    rank differences add up to 2: rho = 1 - 6 * 2 / (4 * 15)."""
    rho, tau = rank_agreement([1, 2, 3, 4], [0.1, 0.3, 0.2, 0.4])
    assert rho == pytest.approx(1 - 12 / 60)
    assert tau == pytest.approx(4 / 6)
    assert rank_agreement([1, 1, 1], [1, 2, 3]) is None


def test_an_estimate_is_the_score_without_noise_and_the_line_with_much() -> None:
    unknown = np.append(BOARD, np.nan)
    oof = np.append(OOF, 0.80)
    sure = shrunken_estimates(oof, unknown, noise=np.zeros(6))
    np.testing.assert_allclose(sure.values[:5], BOARD)
    assert (sure.trust[:5] == 1).all()
    vague = shrunken_estimates(oof, unknown, noise=np.full(6, 0.02**2))
    assert (vague.trust == 0).all()  # their spread is less than the noise: no word of their own
    steps = np.diff(vague.values) / np.diff(oof)
    np.testing.assert_allclose(steps, vague.slope)
    assert vague.values[:5].mean() == pytest.approx(BOARD.mean())


def test_the_shrinkage_by_hand() -> None:
    """Two scores, so the slope is 1 and the offsets from OOF are 0.00 and 0.04: mean 0.02, squares
    2 * 0.02^2 with one degree of freedom. Noise 0.0002 leaves between = 0.0008 - 0.0002, so 3/4 of
    a score's distance from the line is believed."""
    found = shrunken_estimates(
        np.array([0.70, 0.72]), np.array([0.70, 0.76]), noise=np.full(2, 0.0002)
    )
    assert found.slope == 1.0
    np.testing.assert_allclose(found.trust, 0.75)
    np.testing.assert_allclose(found.values, [0.72 - 0.015, 0.74 + 0.015])


def test_a_handful_of_scores_does_not_turn_the_slope_round() -> None:
    """The least squares line of these three falls; between a prior of 1 ± 0.5 and its standard
    error the used slope is where their precisions meet."""
    x, y = np.array([0.70, 0.72, 0.75]), np.array([0.74, 0.70, 0.72])
    line = fit_line(x, y)
    assert line.slope < 0
    found = shrunken_estimates(x, y, noise=np.full(3, 1e-4))
    weights = np.array([1 / 0.5**2, 1 / line.slope_error**2])
    assert found.slope == pytest.approx((weights * [1.0, line.slope]).sum() / weights.sum())
    assert found.slope > 0


def test_no_score_no_estimate() -> None:
    with pytest.raises(ValueError, match="no leaderboard score"):
        shrunken_estimates(OOF, np.full(5, np.nan), noise=np.ones(5))


def test_the_second_final_is_good_and_unlike() -> None:
    values = np.array([0.80, 0.795, 0.79, 0.60, 0.799, 0.5])
    apart = np.zeros((6, 6))
    apart[0] = apart[:, 0] = [0.0, 0.1, 0.5, 0.9, 0.02, 0.9]
    assert propose_two(values, apart, sign=1, within=0.02) == (0, 1)  # of the better half: 0, 4, 1
    assert propose_two(values, apart, sign=1, within=0.002) == (0, 4)
    assert propose_two(values, apart, sign=1, within=0.0001) == (0, None)
    assert propose_two(values[:2], apart[:2, :2], sign=1, within=0.02) == (0, 1)
    assert propose_two(-values, apart, sign=-1, within=0.02) == (0, 1)  # lower is better
    assert propose_two(values, apart * 0, sign=1, within=1.0) == (0, None)  # the same answers
