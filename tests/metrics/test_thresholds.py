import numpy as np

from pipeline.metrics.metrics import METRICS
from pipeline.metrics.thresholds import (
    answers_at_nested_thresholds,
    best_threshold,
    choose_threshold,
)

HTER = METRICS["hter"]


def test_the_best_threshold_parts_the_two_and_is_the_nearest_to_a_half() -> None:
    truth, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])
    assert best_threshold(truth, score, metric=HTER) == 0.25
    same = np.array([0.1, 0.2, 0.7, 0.8])  # 0.45 would part them too
    assert best_threshold(truth, same, metric=HTER) == 0.5


def test_a_fold_s_answers_do_not_depend_on_its_own_labels() -> None:
    rng = np.random.default_rng(1)
    truth, score = rng.integers(2, size=120), rng.random(120)
    folds = np.arange(120) % 3
    people = np.where(np.arange(120) < 6, 0, np.arange(120))  # person 0 is in every fold
    given = {"metric": HTER, "folds": folds, "person_ids": people}
    before = answers_at_nested_thresholds(truth, score, **given)
    changed = truth.copy()
    hidden = (folds == 1) | (people == 0)
    changed[hidden] = 1 - changed[hidden]
    after = answers_at_nested_thresholds(changed, score, **given)
    assert (before[folds == 1] == after[folds == 1]).all()
    assert (before != after).any()  # other folds learn from them


def test_noise_gains_only_where_the_threshold_was_fitted() -> None:
    """Scores that say nothing: the fitted threshold seems to help on its own people, the nested one
    does not, and 0.5 stays."""
    naive, nested, moved = [], [], 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth, score = rng.integers(2, size=200), rng.random(200)
        folds, people = np.arange(200) % 5, np.arange(200)
        choice = choose_threshold(
            truth, score, metric=HTER, folds=folds, person_ids=people, num_draws=200
        )
        plain = HTER.compute(truth, score >= 0.5)
        naive.append(plain - HTER.compute(truth, score >= choice.fitted))
        nested.append(choice.gain.value)
        moved += choice.threshold != 0.5
    assert np.mean(naive) > 0.02
    assert abs(np.mean(nested)) < 0.015
    assert moved <= 2


def test_a_threshold_that_helps_is_used() -> None:
    """A network that answers 1 too seldom: the two part at 0.2, not at 0.5."""
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=300)
    score = np.clip(0.2 + 0.1 * (truth - 0.5) + rng.normal(0, 0.05, 300), 0, 1)
    folds, people = np.arange(300) % 5, np.arange(300)
    choice = choose_threshold(truth, score, metric=HTER, folds=folds, person_ids=people)
    assert 0.15 < choice.threshold < 0.25
    assert choice.gain.low > 0.2
