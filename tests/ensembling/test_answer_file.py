import numpy as np
import pandas as pd
import pytest

from pipeline.ensembling.answer_file import Column, build_answers, check_answers, write_lines

NAMES = {"id_column": "ImageID"}


def ans(values: list, **limits) -> list[Column]:
    return [Column("ans", np.array(values), **limits)]


def test_answers_come_in_the_sample_s_order() -> None:
    columns, sample = ans([1, 2, 3], allowed=range(18)), ["c", "a", "b"]
    frame = build_answers(["a", "b", "c"], columns, sample_ids=sample, **NAMES)
    assert frame.to_dict("list") == {"ImageID": ["c", "a", "b"], "ans": [3, 1, 2]}
    check_answers(frame, columns, sample_ids=sample, **NAMES)
    assert write_lines(frame, "ans") == "3\n1\n2\n"


def test_unlike_tasks_have_a_column_each() -> None:
    columns = [Column("sex", np.array(["f", "m"])), Column("age", np.array([30.5, 7.0]))]
    frame = build_answers(["a", "b"], columns, sample_ids=["b", "a"], **NAMES)
    assert frame.to_dict("list") == {"ImageID": ["b", "a"], "sex": ["m", "f"], "age": [7.0, 30.5]}
    limited = [Column("sex", frame["sex"], allowed={"f", "m"}), Column("age", frame["age"])]
    check_answers(frame, limited, sample_ids=["b", "a"], **NAMES)
    frame.loc[1, "age"] = np.inf
    with pytest.raises(ValueError, match="'a' is answered inf in age"):
        check_answers(frame, limited, sample_ids=["b", "a"], **NAMES)


def test_ids_that_differ_from_the_sample_stop_it() -> None:
    with pytest.raises(ValueError, match="the first is 'd'"):
        build_answers(["a"], ans([1]), sample_ids=["a", "d"], **NAMES)


@pytest.mark.parametrize(
    ("answers", "says"),
    [([0, 18], "'b' is answered 18"), ([0, np.nan], "'b' has no answer"), ([-1, 0], "'a'")],
)
def test_an_answer_that_is_not_allowed_is_named(answers: list, says: str) -> None:
    frame = pd.DataFrame({"ImageID": ["a", "b"], "ans": answers})
    with pytest.raises(ValueError, match=says):
        check_answers(frame, ans(answers, allowed=range(18)), sample_ids=None, **NAMES)


def test_a_value_outside_its_bounds_and_a_wrong_order_are_refused() -> None:
    frame = pd.DataFrame({"ImageID": ["a", "b"], "ans": [0.5, 1.5]})
    with pytest.raises(ValueError, match=r"'b' is answered 1.5 in ans; allowed: \(0.0, 1.0\)"):
        check_answers(frame, ans([0.5, 1.5], bounds=(0.0, 1.0)), sample_ids=None, **NAMES)
    with pytest.raises(ValueError, match="order"):
        check_answers(frame, ans([0.5, 1.5]), sample_ids=["b", "a"], **NAMES)
    twice = pd.DataFrame({"ImageID": ["a", "a"], "ans": [0, 1]})
    with pytest.raises(ValueError, match="'a' is answered twice"):
        check_answers(twice, ans([0, 1]), sample_ids=None, **NAMES)
