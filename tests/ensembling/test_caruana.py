import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from pipeline.ensembling.caruana import select_greedily, select_members
from pipeline.ensembling.selection_scores import (
    score_candidates,
    score_candidates_by_counts,
    score_candidates_by_log_loss,
)


def made(seed: int, *, members: int = 6, rows: int = 90, classes: int = 4, sure: float = 1.0):
    """Members (M, N, C) that know something each, and the truth (N,)."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=rows)
    logits = rng.normal(size=(members, rows, classes)) + rng.normal(size=(rows, classes))
    logits[:, np.arange(rows), truth] += rng.uniform(0, 2, size=(members, 1))
    raw = np.exp(sure * logits)
    return raw / raw.sum(axis=2, keepdims=True), truth


def score_of(name: str, truth: np.ndarray):
    if name == "log_loss":
        return lambda probs: -reference.log_loss(truth, probs, labels=range(probs.shape[1]))
    if name == "accuracy":
        return lambda probs: reference.accuracy_score(truth, probs.argmax(1))
    return lambda probs: reference.f1_score(truth, probs.argmax(1), average="macro")


@pytest.mark.parametrize("name", ["macro_f1", "accuracy", "log_loss"])
@pytest.mark.parametrize("sure", [0.3, 1.0, 8.0])
def test_the_fast_raters_are_scikit_learn_s_in_every_round(name: str, sure: float) -> None:
    candidates, truth = made(1, sure=sure)
    fast = (
        score_candidates_by_log_loss(candidates, truth)
        if name == "log_loss"
        else score_candidates_by_counts(candidates, truth, metric=name)
    )
    slow, total = (
        score_candidates(candidates, score_of(name, truth)),
        np.zeros(candidates.shape[1:]),
    )
    for number in range(12):
        np.testing.assert_allclose(fast(total, number), slow(total, number), atol=1e-12)
        total += candidates[number % 5]


def test_equal_leads_are_decided_as_argmax_does() -> None:
    """Probabilities of a few values only, so that ties come often."""
    rng = np.random.default_rng(4)
    candidates = rng.integers(0, 3, size=(5, 200, 3)) / 4.0
    truth, total = rng.integers(3, size=200), np.zeros((200, 3))
    fast = score_candidates_by_counts(candidates, truth, metric="accuracy")
    for number in range(8):
        right = ((total + candidates).argmax(2) == truth).mean(axis=1)
        np.testing.assert_allclose(fast(total, number), right)
        total += candidates[number % 4]


def test_a_score_s_log_loss() -> None:
    rng = np.random.default_rng(5)
    candidates, truth = rng.uniform(0.05, 0.95, size=(3, 50, 1)), rng.integers(2, size=50)
    fast, total = score_candidates_by_log_loss(candidates, truth), np.zeros((50, 1))
    for number in range(3):
        means = (total + candidates) / (number + 1)
        expected = [-reference.log_loss(truth, mean[:, 0]) for mean in means]
        np.testing.assert_allclose(fast(total, number), expected)
        total += candidates[number]


def test_selection_by_hand() -> None:
    """Two half-blind members that know different halves: with replacement each gets half, and the
    third, worse than both, nothing."""
    truth = np.array([0, 0, 1, 1])
    left = np.array([[0.9, 0.1], [0.9, 0.1], [0.5, 0.5], [0.5, 0.5]])
    right = np.array([[0.5, 0.5], [0.5, 0.5], [0.1, 0.9], [0.1, 0.9]])
    noise = np.array([[0.4, 0.6], [0.6, 0.4], [0.6, 0.4], [0.4, 0.6]])
    candidates = np.stack([noise, left, right])
    weights = select_members(candidates, truth, score="log_loss", num_rounds=2)
    assert weights.tolist() == [0.0, 0.5, 0.5]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["macro_f1", "accuracy", "log_loss"]))
def test_never_below_the_best_member_on_the_data_it_selects_on(seed: int, name: str) -> None:
    candidates, truth = made(seed, members=5, rows=60)
    score = score_of(name, truth)
    best = max(score(member) for member in candidates)
    people = np.arange(60) // 3
    for bags, groups in ((0, None), (5, None), (5, people)):
        given = {"score": name, "num_rounds": 10, "num_bags": bags, "groups": groups}
        weights = select_members(candidates, truth, **given)
        assert weights.sum() == pytest.approx(1.0)
        assert (weights >= 0).all()
        assert score(np.tensordot(weights, candidates, axes=1)) >= best - 1e-12
        again = select_members(candidates, truth, **given)
        assert again.tolist() == weights.tolist()


def test_any_score_is_a_function_of_predictions_and_rows() -> None:
    """Numbers: one member is 3 too high, one 3 too low; the mean of both is right."""
    truth = np.linspace(20, 60, 40)
    candidates = np.stack([truth + 3, truth - 3, truth + 20])[:, :, None]

    def score(values: np.ndarray, rows: np.ndarray) -> float:
        return -float(np.abs(values[:, 0] - truth[rows]).mean())

    people = np.arange(40) // 2
    for bags in (0, 10):
        weights = select_members(
            candidates, truth, score=score, num_rounds=6, num_bags=bags, groups=people
        )
        assert weights[2] < 0.2 < min(weights[:2])
        if not bags:
            assert weights.tolist() == [0.5, 0.5, 0.0]
    with pytest.raises(ValueError, match="no score 'f2'"):
        select_members(candidates, truth, score="f2")


def test_equally_good_candidates_give_the_first() -> None:
    candidates, truth = made(2, members=1)
    twice = np.concatenate([candidates, candidates])
    rate = score_candidates_by_counts(twice, truth, metric="accuracy")
    assert select_greedily(rate, twice, num_rounds=5).tolist() == [1.0, 0.0]
