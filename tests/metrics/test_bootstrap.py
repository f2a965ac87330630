import numpy as np

from pipeline.metrics.bootstrap import draw_people, person_interval
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
