import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.labels.answers import (
    combine_classes,
    combine_names,
    combine_probs,
    marginal_probs,
    split_classes,
)


def test_the_contest_s_own_formula() -> None:
    # P-stage: ans = mask * 6 + gender * 3 + age
    mask, gender, age = np.array([0, 1, 2]), np.array([1, 0, 1]), np.array([2, 1, 0])
    combined = combine_classes([mask, gender, age], sizes=[3, 2, 3])
    assert combined.tolist() == (mask * 6 + gender * 3 + age).tolist()
    names = combine_names([("worn", "wrong", "none"), ("m", "f"), ("y", "a", "o")])
    assert names[combined[0]] == "worn/f/o"


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_split_undoes_combine(sizes: list[int], random) -> None:
    classes = [np.array([random.randrange(size) for _ in range(7)]) for size in sizes]
    for found, expected in zip(
        split_classes(combine_classes(classes, sizes=sizes), sizes=sizes), classes, strict=True
    ):
        assert found.tolist() == expected.tolist()


def test_marginals_undo_a_product_of_probabilities() -> None:
    rng = np.random.default_rng(0)
    probs = [rng.dirichlet(np.ones(size), size=5) for size in (3, 2, 3)]
    joint = combine_probs(probs)
    np.testing.assert_allclose(joint.sum(axis=1), 1.0)
    for task, expected in enumerate(probs):
        np.testing.assert_allclose(marginal_probs(joint, sizes=(3, 2, 3), task=task), expected)


def test_a_class_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"class numbers 0\.\.3 in a task of 3"):
        combine_classes([np.array([0, 3])], sizes=[3])


def test_a_product_lacks_a_class_where_one_of_its_tasks_does() -> None:
    combined = combine_classes([np.array([0, -1, 2]), np.array([1, 1, -1])], sizes=[3, 2])
    assert combined.tolist() == [1, -1, -1]
