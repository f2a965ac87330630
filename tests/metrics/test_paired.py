import numpy as np
import pytest
from scipy import stats

from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metrics import METRICS
from pipeline.metrics.paired import (
    Difference,
    corrected_t_test,
    fold_differences,
    paired_difference,
    say_difference,
    short_number,
    show_number,
)

PEOPLE = np.repeat(np.arange(50), 4)
TRUTH = np.zeros(200)


def test_a_paired_difference_by_hand() -> None:
    """200 images: the first is off by 3 everywhere, the second by 2; every draw says 1 year."""
    first, second = TRUTH + 3.0, TRUTH - 2.0
    found = paired_difference(METRICS["mae"], TRUTH, first, second, person_ids=PEOPLE)
    assert found == Difference(1.0, 1.0, 1.0)
    assert found.is_distinguishable
    assert found.turned == Difference(-1.0, -1.0, -1.0)


def test_its_interval_is_that_of_the_mean_of_people_s_differences() -> None:
    """For accuracy the difference is a mean over people, so its interval is 1.96 standard errors;
    much narrower than that of either answer, which share their mistakes."""
    rng = np.random.default_rng(0)
    wrong = np.repeat(rng.random(50) < 0.6, 4)
    first = wrong.astype(int)
    second = first.copy()
    mended = (rng.random(200) < 0.2) & wrong
    second[mended] = 0
    given = {"person_ids": PEOPLE, "num_draws": 4000}
    found = paired_difference(METRICS["accuracy"], TRUTH, first, second, **given)
    assert found.value == pytest.approx(mended.mean())
    each = mended.reshape(50, 4).mean(axis=1)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * each.std() / np.sqrt(50), rel=0.2)
    low, high = person_interval(METRICS["accuracy"].compute, TRUTH, first, **given)
    assert found.high - found.low < (high - low) / 2


def test_the_corrected_t_test_by_hand() -> None:
    """Ten folds, mean 0.02, variance 0.0004: t = 0.02 / sqrt((1/10 + 1/9) * 0.0004); without the
    correction it is scipy's one-sample t-test."""
    values = np.array([0.0, 0.04] * 5)
    values = 0.02 + (values - 0.02) * np.sqrt(0.9)  # variance with ddof=1 is 0.0004
    t, p = corrected_t_test(values, test_share=1 / 9)
    assert t == pytest.approx(0.02 / np.sqrt((1 / 10 + 1 / 9) * 0.0004))
    assert p == pytest.approx(2 * stats.t.sf(t, 9))
    plain = stats.ttest_1samp(values, 0.0)
    found = corrected_t_test(values, test_share=0.0)
    assert found == pytest.approx((plain.statistic, plain.pvalue))
    assert corrected_t_test([0.0, 0.0], test_share=0.25) == (0.0, 1.0)
    assert np.isnan(corrected_t_test([0.1], test_share=0.25)).all()


def test_differences_of_folds_have_the_metric_s_direction() -> None:
    folds = np.array([0, 0, 1, 1])
    truth, first, second = np.zeros(4), np.array([1.0, 1, 2, 2]), np.array([0.0, 1, 3, 3])
    found = fold_differences(METRICS["mae"], truth, first, second, folds=folds)
    assert found.tolist() == [0.5, -1.0]


def test_the_sentence_names_the_better_one_first() -> None:
    said = say_difference("A", "B", Difference(0.006, -0.002, 0.014))
    assert said == (
        "B is better than A by 0.0060, 95 % from -0.0020 to 0.0140: not yet distinguishable"
    )
    said = say_difference("A", "B", Difference(-0.02, -0.03, -0.01), p=0.031)
    assert said == (
        "A is better than B by 0.0200, 95 % from 0.0100 to 0.0300: distinguishable "
        "(over folds p = 0.03)"
    )
    assert say_difference("A", "B", Difference(0.02, 0.01, 0.03), p=0.001).endswith("p < 0.01)")
    small = say_difference("A", "B", Difference(0.0003, 0.0001, 0.0005))  # occlusion scores
    assert "by 0.000300, 95 % from 0.000100 to 0.000500" in small


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (7.0, "7"),
        (9.996, "10"),
        (999.6, "1000"),
        (1308.4, "1308"),
        (-25437.2, "-25,437"),
        (1.2e-5, "1.2e-05"),
        (float("nan"), "–"),
    ],
)
def test_a_number_for_readers_has_no_exponent(value: float, says: str) -> None:
    assert short_number(value) == says


def test_the_rounding_of_floats_is_shown_as_zero() -> None:
    assert show_number(-5.9e-09) == show_number(0.0) == "0.0000"
    assert show_number(4e-6) == "0.000004"
    same = say_difference("a", "b", Difference(-1e-17, -2e-17, 0.0))
    assert same == "b and a score the same in every draw"
    assert "-0.0000" not in say_difference("a", "b", Difference(-1e-17, -0.02, 0.01))
