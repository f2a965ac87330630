"""Pooling within clusters: by hand, and what must hold whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import pair_confusion_matrix

from pipeline.ensembling.person_pooling import measure_clusters, pool_answer, pool_probs
from pipeline.labels.answers import combine_probs, marginal_probs

PROBS = np.array([[0.8, 0.2], [0.4, 0.6], [0.1, 0.9]])


def test_a_cluster_answers_with_its_mean() -> None:
    pooled = pool_probs(PROBS, np.array([5, 5, 2]))
    np.testing.assert_allclose(pooled, [[0.6, 0.4], [0.6, 0.4], [0.1, 0.9]])


def test_log_is_the_geometric_mean_brought_back_to_one() -> None:
    pooled = pool_probs(PROBS, np.array([1, 1, 2]), how="log")
    left, right = np.sqrt(0.8 * 0.4), np.sqrt(0.2 * 0.6)
    np.testing.assert_allclose(pooled[0], [left / (left + right), right / (left + right)])
    np.testing.assert_allclose(pooled[2], PROBS[2])


def test_a_score_keeps_its_column_and_a_number_its_unit() -> None:
    score = pool_probs(np.array([[0.9], [0.5]]), np.zeros(2), kind="binary", how="log")
    odds = np.sqrt(9.0 * 1.0)  # the geometric mean of the odds
    np.testing.assert_allclose(score[:, 0], odds / (1.0 + odds))
    years = pool_probs(np.array([[20.0], [30.0]]), np.zeros(2), kind="regression", how="log")
    np.testing.assert_allclose(years[:, 0], 25.0)


def test_only_what_is_constant_is_pooled_in_a_product() -> None:
    mask, age = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.7, 0.3], [0.1, 0.9]])
    pooled = pool_answer(
        combine_probs([mask, age]), np.zeros(2), sizes=[2, 2], constant=[False, True]
    )
    np.testing.assert_allclose(pooled, combine_probs([mask, np.tile([0.4, 0.6], (2, 1))]))


def test_pooling_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="4 combined classes"):
        pool_answer(np.full((2, 4), 0.25), np.zeros(2), sizes=[2, 3], constant=[False, True])
    with pytest.raises(ValueError, match="2 clusters for 3 images"):
        pool_probs(PROBS, np.zeros(2))


crowds = st.integers(0, 2**31 - 1).map(np.random.default_rng)


@given(crowds, st.integers(1, 30), st.sampled_from(["mean", "log"]))
@settings(max_examples=40, deadline=None)
def test_pooled_answers_are_probabilities_and_agree_within_a_cluster(rng, number, how) -> None:
    sizes, constant = [3, 2, 3], [False, True, True]
    joint = rng.dirichlet(np.full(18, 0.05), size=number)  # many are nearly 0
    clusters = rng.integers(0, 4, size=number)
    pooled = pool_answer(joint, clusters, sizes=sizes, constant=constant, how=how)
    assert (pooled >= 0.0).all()
    np.testing.assert_allclose(pooled.sum(axis=1), 1.0, atol=1e-6)
    for task in (1, 2):
        marginal = marginal_probs(pooled, sizes=sizes, task=task)
        for cluster in np.unique(clusters):
            assert np.ptp(marginal[clusters == cluster], axis=0).max() < 1e-6
    alone = pool_answer(joint, np.arange(number), sizes=sizes, constant=constant, how="mean")
    np.testing.assert_allclose(alone, joint, atol=1e-6)


@given(crowds, st.integers(2, 60))
@settings(max_examples=40, deadline=None)
def test_pairs_are_counted_as_scikit_learn_counts_them(rng, number) -> None:
    clusters, people = rng.integers(0, 6, size=(2, number))
    found = measure_clusters(clusters, people.astype(str))
    (_, wrong), (missed, right) = pair_confusion_matrix(people, clusters)
    if right + wrong:
        assert found.precision == pytest.approx(right / (right + wrong))
    else:
        assert np.isnan(found.precision)
    if right + missed:
        assert found.recall == pytest.approx(right / (right + missed))


def test_purity_is_of_images_that_share_a_cluster() -> None:
    people = np.array(["a", "a", "b", "b", "c", "d"])
    found = measure_clusters(np.array([1, 1, 1, 2, 3, 4]), people)
    assert found.purity == pytest.approx(2 / 3)
    assert (found.num_joined, found.num_clusters, found.num_people) == (3, 4, 4)
    assert np.isnan(measure_clusters(np.arange(6), people).purity)
