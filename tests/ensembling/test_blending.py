import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.ensemble import VotingClassifier

from pipeline.ensembling.blending import hard_vote, hard_vote_scores, mean_probs, median_values


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
