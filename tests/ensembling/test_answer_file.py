import numpy as np
import pandas as pd
import pytest

from pipeline.ensembling.answer_file import build_answers, check_answers

NAMES = {"id_column": "ImageID", "answer_column": "ans"}


def test_answers_come_in_the_sample_s_order() -> None:
    frame = build_answers(["a", "b", "c"], np.array([1, 2, 3]), sample_ids=["c", "a", "b"], **NAMES)
    assert frame.to_dict("list") == {"ImageID": ["c", "a", "b"], "ans": [3, 1, 2]}
    check_answers(frame, sample_ids=["c", "a", "b"], allowed=range(18), bounds=None, **NAMES)


def test_ids_that_differ_from_the_sample_stop_it() -> None:
    with pytest.raises(ValueError, match="the first is 'd'"):
        build_answers(["a"], np.array([1]), sample_ids=["a", "d"], **NAMES)


@pytest.mark.parametrize(
    ("answers", "says"),
    [([0, 18], "'b' is answered 18"), ([0, np.nan], "'b' has no answer"), ([-1, 0], "'a'")],
)
def test_an_answer_that_is_not_allowed_is_named(answers: list, says: str) -> None:
    frame = pd.DataFrame({"ImageID": ["a", "b"], "ans": answers})
    with pytest.raises(ValueError, match=says):
        check_answers(frame, sample_ids=None, allowed=range(18), bounds=None, **NAMES)


def test_a_value_outside_its_bounds_and_a_wrong_order_are_refused() -> None:
    frame = pd.DataFrame({"ImageID": ["a", "b"], "ans": [0.5, 1.5]})
    with pytest.raises(ValueError, match=r"'b' is answered 1.5; allowed: \(0.0, 1.0\)"):
        check_answers(frame, sample_ids=None, allowed=None, bounds=(0.0, 1.0), **NAMES)
    with pytest.raises(ValueError, match="order"):
        check_answers(frame, sample_ids=["b", "a"], allowed=None, bounds=None, **NAMES)
