import numpy as np
import pytest
from scipy import stats

from pipeline.metrics.bootstrap import (
    bca_interval,
    draw_people,
    left_out_values,
    person_interval,
)
from pipeline.metrics.metrics import METRICS

ACCURACY = METRICS["accuracy"]


def test_people_are_drawn_with_all_their_images() -> None:
    people = np.array(["b", "a", "b", "c", "b", "a"])
    for draw in draw_people(people, num_draws=50, seed=1):
        counts = {person: (people[draw] == person).sum() for person in "abc"}
        assert counts["a"] % 2 == 0
        assert counts["b"] % 3 == 0
        assert counts["a"] // 2 + counts["b"] // 3 + counts["c"] == 3


def test_the_interval_is_the_binomial_one_for_people_and_not_for_images() -> None:
    """100 people of 7 images, all right or wrong: n is 100, so the standard error of a share of
    0.8 is 0.04 (it would be 0.015 if the 700 images were taken as independent)."""
    people = np.repeat(np.arange(100), 7)
    truth = np.zeros(700, dtype=int)
    answer = np.repeat((np.arange(100) >= 80).astype(int), 7)
    low, high = person_interval(ACCURACY, truth, answer, person_ids=people, num_draws=4000, seed=3)
    assert abs((high - low) / (2 * 1.96) - 0.04) < 0.004


def test_the_same_seed_gives_the_same_interval() -> None:
    rng = np.random.default_rng(0)
    truth, answer, people = rng.integers(2, size=(3, 60))
    first = person_interval(ACCURACY, truth, answer, person_ids=people, num_draws=200, seed=5)
    assert first == person_interval(
        ACCURACY, truth, answer, person_ids=people, num_draws=200, seed=5
    )


def test_the_bca_interval_is_scipy_s() -> None:
    """The same draws and the same people left out, of a skewed statistic (a variance)."""
    rng = np.random.default_rng(2)
    values = rng.exponential(size=40)
    result = stats.bootstrap(
        (values,), np.var, vectorized=True, axis=-1, method="BCa", n_resamples=999, rng=rng
    )
    left_out = np.array([np.var(np.delete(values, place)) for place in range(40)])
    found = bca_interval(
        result.bootstrap_distribution, estimate=float(np.var(values)), left_out=left_out
    )
    expected = result.confidence_interval
    # scipy interpolates between draws in another way: neighbouring draws are 1/999 apart
    assert found == pytest.approx((expected.low, expected.high), rel=0.02)


def test_people_are_left_out_with_all_their_images() -> None:
    people = np.array(["b", "a", "b", "c"])
    truth, answer = np.array([0, 0, 0, 0]), np.array([1, 0, 0, 0])
    found = left_out_values(ACCURACY, truth, [answer], person_ids=people)
    assert sorted(found[0]) == pytest.approx([2 / 3, 2 / 3, 1.0])  # without a, c and b
    by_function = left_out_values(ACCURACY.compute, truth, [answer], person_ids=people)
    assert by_function[0].tolist() == found[0].tolist()


def test_without_spread_or_values_it_says_so() -> None:
    same = np.full(50, 0.8)
    assert bca_interval(same, estimate=0.8, left_out=same) == (0.8, 0.8)
    assert bca_interval(same, estimate=1.0, left_out=same) == (0.8, 0.8)
    assert np.isnan(bca_interval(np.full(5, np.nan), estimate=0.5, left_out=same)).all()


@pytest.mark.slow
def test_it_covers_the_truth_about_as_often_as_it_says() -> None:
    """The true macro-F1 in 200 simulated contests of 150 people, 5 classes, two of them rare."""
    covered = 0
    rng = np.random.default_rng(4)
    _, truth, answer = draw_answers(rng, num_people=100_000)
    true = METRICS["macro_f1"].compute(truth, answer)
    for _ in range(200):
        people, truth, answer = draw_answers(rng, num_people=150)
        low, high = person_interval(METRICS["macro_f1"], truth, answer, person_ids=people)
        covered += low <= true <= high
    assert 0.915 <= covered / 200 <= 0.985


def draw_answers(
    rng: np.random.Generator, *, num_people: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ids, truth and answers of people with 4 images each, some of them hard to tell."""
    people = np.repeat(np.arange(num_people), 4)
    truth = rng.choice(5, size=num_people, p=[0.4, 0.3, 0.2, 0.05, 0.05])[people]
    is_wrong = rng.random(len(people)) < rng.beta(1.0, 2.0, size=num_people)[people]
    return people, truth, np.where(is_wrong, (truth + 1) % 5, truth)
