"""Answers written and read back, and what a metric looks at in what is written."""

import numpy as np
import pandas as pd
import pytest

from pipeline.labels.tasks import Task
from pipeline.leaderboard.answer_format import AnswerFormat
from pipeline.metrics.answer_space import AnswerSpace

SMILE = Task("smile", "binary", "smile", classes=("no", "yes"))
KIND = Task("kind", "multiclass", "kind", classes=("1", "2", "3"))
YEARS = Task("years", "regression", "years", low=0.5, high=90)


def space(task: Task, metric: str) -> AnswerSpace:
    return AnswerSpace("answer", (task,), metric)


def there_and_back(one: AnswerFormat, joint: np.ndarray, decided: np.ndarray) -> np.ndarray:
    columns = one.write(joint, decided)
    frame = pd.DataFrame({column.name: column.values for column in columns})
    texts = pd.DataFrame({name: frame[name].map(repr).str.strip("'") for name in frame})
    texts = texts.map(lambda text: text.removeprefix("np.float64(").rstrip(")"))
    return one.read(texts)


@pytest.mark.parametrize("value", ["index", "label"])
def test_classes_come_back(value: str) -> None:
    one = AnswerFormat(space(KIND, "accuracy"), ("k",), value)
    decided = np.array([2, 0, 1])
    (column,) = one.write(np.eye(3), decided)
    assert list(column.values) == ([2, 0, 1] if value == "index" else ["3", "1", "2"])
    back = there_and_back(one, np.eye(3), decided)
    assert back.tolist() == [2, 0, 1]
    assert one.seen(back).tolist() == [2, 0, 1]


def test_scores_come_back_to_the_last_digit() -> None:
    joint = np.array([[0.1 + 0.2], [1 / 3]])
    one = AnswerFormat(space(SMILE, "roc_auc"), ("s",), "probability")
    back = there_and_back(one, joint, np.array([0, 0]))
    assert (one.seen(back) == joint[:, 0]).all()
    decision = AnswerFormat(space(SMILE, "accuracy"), ("s",), "probability")
    assert decision.seen(np.array([[0.2], [0.7]])).tolist() == [0, 1], "decided at 0.5"


def test_decided_answers_are_what_an_auc_sees_where_they_are_written() -> None:
    one = AnswerFormat(space(SMILE, "roc_auc"), ("s",), "index")
    seen = one.seen(there_and_back(one, np.array([[0.6], [0.2]]), np.array([1, 0])))
    assert seen.tolist() == [1.0, 0.0]


def test_numbers_are_rounded_inside_their_range() -> None:
    one = AnswerFormat(space(YEARS, "mae"), ("y",), "number", whole=True)
    (column,) = one.write(np.zeros((3, 1)), np.array([0.5, 30.6, 90.0]))
    assert column.values.tolist() == [1, 31, 90]
    assert column.values.dtype == np.int64


@pytest.mark.parametrize(
    ("value", "text", "says"),
    [
        ("label", "4", "'b' is answered '4' in k; allowed: 1, 2, 3"),
        ("index", "3", "'b' is answered '3' in k; allowed: class numbers from 0 to 2"),
        ("index", "0.5", "'b' is answered '0.5'"),
        ("index", "-1", "'b' is answered '-1'"),
        ("index", "", "'b' is answered ''"),
    ],
)
def test_a_value_that_is_none_of_the_contest_s_is_named(value: str, text: str, says: str) -> None:
    one = AnswerFormat(space(KIND, "accuracy"), ("k",), value)
    with pytest.raises(ValueError, match=says):
        one.read(pd.DataFrame({"k": ["1", text]}, index=["a", "b"]))


def test_a_probability_or_number_outside_its_range_is_named() -> None:
    one = AnswerFormat(space(SMILE, "roc_auc"), ("s",), "probability")
    with pytest.raises(ValueError, match=r"'b' is answered '1.2' in s; it is to be 0 to 1"):
        one.read(pd.DataFrame({"s": ["0.5", "1.2"]}, index=["a", "b"]))
    years = AnswerFormat(space(YEARS, "mae"), ("y",), "number")
    with pytest.raises(ValueError, match=r"'a' is answered 'nan' in y; it is to be 0.5 to 90"):
        years.read(pd.DataFrame({"y": ["nan"]}, index=["a"]))


def test_other_programs_write_the_index_as_1_point_0() -> None:
    one = AnswerFormat(space(KIND, "accuracy"), ("k",), "index")
    assert one.read(pd.DataFrame({"k": ["1.0", "2"]})).tolist() == [1, 2]
