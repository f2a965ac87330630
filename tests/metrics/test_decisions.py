"""Offsets, lines, temperatures and added views: cases by hand, and searches tried everywhere."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.metrics import accuracy_score, f1_score, log_loss

from pipeline.metrics.calibration import (
    apply_temperature,
    calibration_error,
    fit_temperature,
    row_log_losses,
)
from pipeline.metrics.greedy_forward import choose_additions, verdict
from pipeline.metrics.linear_recalibration import LinearRecalibration, fit_recalibration
from pipeline.metrics.logit_adjustment import class_groups, decide_with, fit_offsets
from pipeline.metrics.metrics import METRICS, occlusion_errors
from pipeline.metrics.paired import Difference

RNG = np.random.default_rng(0)


def test_offsets_by_hand() -> None:
    """Four images of class 0 and two of class 1, both answered 0 with 0.6 and 0.55. At +0.3 the
    second turns (log 0.55/0.45 = 0.20), the first not (log 0.6/0.4 = 0.41): above 0.41 all are
    right, until log 0.7/0.3 = 0.85 turns a true 0. The middle of 0.41..0.85 is 0.63."""
    zeros = np.array([0.9, 0.8, 0.75, 0.7, 0.6, 0.55])
    probs, truth = np.column_stack([zeros, 1 - zeros]), np.array([0, 0, 0, 0, 1, 1])
    groups = class_groups([2])
    assert groups.tolist() == [[False, True]]
    offsets = fit_offsets(probs, truth, metric=METRICS["macro_f1"], groups=groups)
    expected = (np.log(0.6 / 0.4) + np.log(0.7 / 0.3)) / 2
    assert offsets.tolist() == pytest.approx([0.0, expected])
    assert decide_with(probs, offsets).tolist() == truth.tolist()
    # no further than asked for: at 0.3 only the last is right
    small = fit_offsets(probs, truth, metric=METRICS["macro_f1"], groups=groups, most=0.3)
    assert small[1] == pytest.approx((np.log(0.55 / 0.45) + 0.3) / 2)
    assert decide_with(probs, small).tolist() == [0, 0, 0, 0, 0, 1]


def test_groups_of_a_product_move_together() -> None:
    groups = class_groups([2, 3])
    assert groups.astype(int).tolist() == [[0, 0, 0, 1, 1, 1], [0, 1, 0, 0, 1, 0], [0, 0, 1] * 2]


@pytest.mark.parametrize("metric", ["macro_f1", "accuracy"])
def test_one_offset_is_the_best_of_all_places(metric: str) -> None:
    """The exact search of one coordinate against every place between two turns, by scikit-learn."""
    truth = np.minimum(RNG.geometric(0.5, size=300) - 1, 3)
    raw = np.exp(RNG.normal(size=(300, 4)) + 0.8 * np.eye(4)[truth])
    probs = raw / raw.sum(axis=1, keepdims=True)
    groups = np.array([[False, False, True, True]])

    def score(offsets: np.ndarray) -> float:
        answers = decide_with(probs, offsets)
        if metric == "accuracy":
            return accuracy_score(truth, answers)
        return f1_score(truth, answers, average="macro")

    logs = np.log(probs)
    turns = np.sort(logs[:, :2].max(axis=1) - logs[:, 2:].max(axis=1))
    places = np.clip([-2, *((turns[1:] + turns[:-1]) / 2), 2], -2, 2)
    best = max(score(place * groups[0]) for place in places)
    found = fit_offsets(probs, truth, metric=METRICS[metric], groups=groups)
    assert score(found) == pytest.approx(best)
    free = fit_offsets(probs, truth, metric=METRICS[metric])
    assert score(free) >= score(np.zeros(4))
    assert np.abs(free).max() <= 2.0


def test_offsets_that_do_not_help_stay_away() -> None:
    probs = np.eye(3)[[0, 1, 2, 0]] * 0.9 + 0.03
    assert fit_offsets(probs, np.array([0, 1, 2, 0]), metric=METRICS["macro_f1"]).tolist() == [
        0,
        0,
        0,
    ]


def test_a_line_undoes_what_was_done_to_a_number() -> None:
    truth = RNG.normal(40, 12, 500)
    values = (truth - 6) / 0.8
    line = fit_recalibration(values, truth, metric=METRICS["mse"])
    assert (line.slope, line.shift) == pytest.approx((0.8, 6.0))
    same = fit_recalibration(truth, truth, metric=METRICS["mae"])
    assert (same.slope, same.shift) == (1.0, 0.0)
    assert LinearRecalibration(2.0, 1.0, low=0, high=5).apply(
        np.array([-3.0, 1.0, 4.0])
    ).tolist() == [0, 3, 5]


def test_the_line_of_squares_is_least_squares_and_shrinks_noise() -> None:
    truth = RNG.normal(0, 1, 4000)
    values = truth + RNG.normal(0, 1, 4000)
    slope, _ = np.polyfit(values, truth, 1)
    line = fit_recalibration(values, truth, metric=METRICS["mse"])
    assert line.slope == pytest.approx(slope, abs=0.02)
    assert slope == pytest.approx(0.5, abs=0.05)


def test_the_line_of_absolute_errors_shifts_by_the_median() -> None:
    truth = RNG.exponential(10, 2000)
    line = fit_recalibration(np.full(2000, 5.0), truth, metric=METRICS["mae"])
    assert 5 * line.slope + line.shift == pytest.approx(np.median(truth), abs=1e-9)


def test_no_group_is_made_worse_for_a_smaller_gap() -> None:
    """The women's answers are near, the men's all too low: the metric alone likes a shift that
    costs the women more than it should; the guarded line raises neither error."""
    truth = RNG.random(600) * 0.4
    group = np.repeat([0.0, 1.0], 300)
    values = truth + RNG.normal(0, 0.02, 600) - 0.08 * group
    metric = METRICS["occlusion_gap"]

    def errors(answers: np.ndarray) -> np.ndarray:
        return occlusion_errors(truth, answers, group)

    before = errors(values)
    free = fit_recalibration(values, truth, metric=metric, group=group)
    kept = fit_recalibration(values, truth, metric=metric, group=group, errors=errors)
    assert errors(free.apply(values))[0] > before[0]
    assert (errors(kept.apply(values)) <= before * (1 + 1e-9)).all()
    scores = [metric.compute(truth, line.apply(values), group) for line in (free, kept)]
    assert scores[0] < scores[1] <= metric.compute(truth, values, group)


def test_a_temperature_undoes_itself_and_never_hurts() -> None:
    truth = RNG.integers(3, size=3000)
    raw = np.exp(RNG.normal(size=(3000, 3)) + 1.2 * np.eye(3)[truth])
    probs = raw / raw.sum(axis=1, keepdims=True)
    base = fit_temperature(probs, truth)
    hot = apply_temperature(probs, 0.25)  # four times too sure
    assert fit_temperature(hot, truth) == pytest.approx(4 * base, rel=1e-2)
    cooled = apply_temperature(hot, fit_temperature(hot, truth))
    assert (cooled.argmax(1) == hot.argmax(1)).all()
    assert log_loss(truth, cooled) < log_loss(truth, hot)
    assert calibration_error(cooled, truth) < 0.3 * calibration_error(hot, truth)
    found = minimize_scalar(
        lambda t: log_loss(truth, apply_temperature(hot, t)), bounds=(0.1, 20), method="bounded"
    )
    assert fit_temperature(hot, truth) == pytest.approx(found.x, rel=1e-3)
    np.testing.assert_allclose(row_log_losses(hot, truth).mean(), log_loss(truth, hot))


def test_a_score_is_two_classes() -> None:
    score, truth = RNG.uniform(0.05, 0.95, (500, 1)), RNG.integers(2, size=500)
    both = np.concatenate([1 - score, score], axis=1)
    cooled = apply_temperature(score, 2.0)
    assert cooled.shape == (500, 1)
    np.testing.assert_allclose(cooled[:, 0], apply_temperature(both, 2.0)[:, 1])
    assert fit_temperature(score, truth) == pytest.approx(fit_temperature(both, truth))
    assert calibration_error(score, truth) == calibration_error(both, truth)


def test_the_calibration_error_by_hand() -> None:
    """Two bins of 15: four answers at 0.95, three right (0.20 off); two at 0.55, one right (0.05
    off): (4 * 0.20 + 2 * 0.05) / 6."""
    sure = np.array([0.95] * 4 + [0.55] * 2)
    truth = np.array([0, 0, 0, 1, 0, 1])
    found = calibration_error(np.column_stack([sure, 1 - sure]), truth)
    assert found == pytest.approx((4 * 0.20 + 2 * 0.05) / 6)


def test_a_view_stays_only_beyond_its_interval() -> None:
    """Three more views: one cancels half of the first's errors, one is noise like it but a little
    better alone, one is wrong. Only the first of these helps the mean beyond doubt."""
    truth = np.zeros(400)
    people, shared = np.arange(400) // 4, RNG.normal(0, 4, 400)
    views = [shared, -shared + RNG.normal(0, 1, 400), shared * 0.99, shared + 9]

    def answer(some: list[int]) -> np.ndarray:
        return np.mean([views[view] for view in some], axis=0)

    given = {"metric": METRICS["mae"], "person_ids": people, "num_draws": 200}
    assert choose_additions(4, answer, truth, **given) == [0, 1]
    assert choose_additions(1, answer, truth, **given) == [0]
    assert verdict(Difference(0.1, 0.01, 0.2)) == "helps"
    assert verdict(Difference(0.1, -0.01, 0.2)) == "not distinguishable"
    assert verdict(Difference(-0.1, -0.2, -0.01)) == "hurts"
