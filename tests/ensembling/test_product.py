import numpy as np
import pytest

from pipeline.ensembling.product import join_answers

MASK, AGE = np.array([[0.8, 0.2]]), np.array([[0.5, 0.3, 0.2]])
JOINT = np.array([[0.1, 0.1, 0.1, 0.2, 0.2, 0.3]])


def test_whole_answers_and_products_meet_in_the_answer_s_classes() -> None:
    product = np.array([[0.40, 0.24, 0.16, 0.10, 0.06, 0.04]])
    np.testing.assert_allclose(join_answers(None, [MASK, AGE], sizes=[2, 3]), product)
    joined = join_answers(JOINT, [MASK, AGE], sizes=[2, 3], weights=(1.0, 3.0))
    np.testing.assert_allclose(joined, JOINT / 4 + product * 3 / 4)
    assert join_answers(JOINT, [None, None], sizes=[2, 3]) is JOINT


def test_a_task_that_nobody_answers_alone_takes_the_joint_s_marginal() -> None:
    joined = join_answers(JOINT, [None, AGE], sizes=[2, 3])
    marginal = np.array([0.3, 0.7])
    np.testing.assert_allclose(joined, (JOINT + np.kron(marginal, AGE[0])) / 2)
    np.testing.assert_allclose(joined.sum(), 1.0)
    with pytest.raises(ValueError, match="predicted by no member"):
        join_answers(None, [None, AGE], sizes=[2, 3])
