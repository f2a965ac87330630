import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.ensemble import VotingClassifier

from pipeline.ensembling.blending import (
    geometric_mean,
    hard_vote,
    hard_vote_scores,
    mean_probs,
    median_probs,
    median_values,
    rank_mean,
)


class Fixed:
    """A scikit-learn classifier that answers what it was given."""

    def __init__(self, probs: np.ndarray) -> None:
        self.probs = probs

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.probs[rows[:, 0]].argmax(axis=1)


def test_hard_vote_is_scikit_learn_s_where_there_is_no_tie() -> None:
    rng = np.random.default_rng(0)
    votes = rng.dirichlet(np.ones(2), size=(5, 40))  # five voters and two classes: never a tie
    rows = np.arange(40)[:, None]
    voting = VotingClassifier([(str(i), None) for i in range(5)])
    voting.estimators_ = [Fixed(vote) for vote in votes]
    voting.le_ = type("Names", (), {"inverse_transform": staticmethod(lambda codes: codes)})
    assert hard_vote(votes).argmax(axis=1).tolist() == voting.predict(rows).tolist()


def test_a_tie_goes_to_the_higher_mean_probability() -> None:
    votes = [np.array([[0.6, 0.4, 0.0]]), np.array([[0.1, 0.9, 0.0]])]
    assert hard_vote(votes).argmax() == 1  # one vote each; means 0.35 and 0.65
    assert hard_vote(votes[::-1]).argmax() == 1


@given(arrays(np.float64, (3, 6, 4), elements=st.floats(0.001, 1.0)))
def test_blends_stay_probabilities(raw: np.ndarray) -> None:
    votes = raw / raw.sum(axis=2, keepdims=True)
    for blended in (mean_probs(votes), mean_probs(votes, weights=[1, 0, 3]), hard_vote(votes)):
        np.testing.assert_allclose(blended.sum(axis=1), 1.0)
        assert (blended >= 0).all()


def test_weights() -> None:
    votes = [np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])]
    assert mean_probs(votes, weights=[3, 1]).tolist() == [[0.75, 0.25]]
    for weights in ([0, 0], [2, -1]):
        with pytest.raises(ValueError, match="weights must be 0 or more"):
            mean_probs(votes, weights=weights)


def test_scores_vote_by_threshold_and_numbers_by_median() -> None:
    votes = [np.array([[0.9]]), np.array([[0.4]]), np.array([[0.6]])]
    assert hard_vote_scores(votes)[0, 0] == pytest.approx(2 / 3, abs=1e-5)
    assert median_values(votes).tolist() == [[0.6]]


def test_geometric_mean_is_scipy_s_normalised() -> None:
    votes = np.random.default_rng(1).dirichlet(np.ones(3), size=(4, 20))
    for weights in (None, [1, 2, 0, 1]):
        raw = stats.gmean(
            votes,
            axis=0,
            weights=None
            if weights is None
            else np.array(weights)[:, None, None] * np.ones_like(votes),
        )
        expected = raw / raw.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(geometric_mean(votes, weights=weights), expected, rtol=1e-9)
    score = geometric_mean([np.array([[0.9]]), np.array([[0.5]])])
    assert score[0, 0] == pytest.approx(0.75)  # odds 9 and 1: their geometric mean is 3


def test_ranks_are_shares_of_the_references_and_ties_half() -> None:
    votes = [np.array([[0.2], [0.9], [0.9], [0.1]]), np.array([[5.0], [7.0], [6.0], [4.0]])]
    assert rank_mean(votes)[:, 0].tolist() == [0.375, 0.8125, 0.6875, 0.125]
    expected = (stats.rankdata(votes[0]) - 0.5) / 4
    assert rank_mean(votes[:1])[:, 0].tolist() == expected.tolist()
    new = rank_mean([np.array([[0.15], [0.95]])], references=votes[:1])
    assert new[:, 0].tolist() == [0.25, 1.0]


def test_the_median_of_classes_is_normalised() -> None:
    votes = np.random.default_rng(2).dirichlet(np.ones(3), size=(5, 10))
    found = median_probs(votes)
    middle = np.median(votes, axis=0)
    np.testing.assert_allclose(found, middle / middle.sum(axis=1, keepdims=True))
    assert median_probs([np.array([[0.2]]), np.array([[0.4]]), np.array([[0.9]])]) == 0.4
