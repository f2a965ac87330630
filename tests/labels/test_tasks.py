import numpy as np
import pandas as pd
import pytest

from pipeline.labels.tasks import Task, bin_names, decide, encode, encode_band

IDS = pd.Series(["a", "b", "c", "d"])
AGE = Task("age", "multiclass", "age", classes=bin_names((30, 60)), edges=(30, 60))
MASK = Task("mask", "multiclass", "mask", classes=("worn", "wrong", "none"))
VALUE = Task("v", "regression", "v", low=0.0, high=1.0)


def test_an_edge_belongs_to_the_bin_above_it() -> None:
    ages = pd.Series(["29", "30", "59", "60"])
    assert AGE.classes == ("<30", "30-60", ">=60")
    assert encode(AGE, ages, image_ids=IDS).tolist() == [0, 1, 1, 2]
    assert encode(AGE, ages, image_ids=IDS, edges=(30, 59)).tolist() == [0, 1, 2, 2]


def test_words_become_their_places_and_come_back() -> None:
    words = pd.Series(["none", "worn", "wrong", "none"])
    codes = encode(MASK, words, image_ids=IDS)
    assert codes.tolist() == [2, 0, 1, 2]
    assert [MASK.classes[code] for code in codes] == words.tolist()


@pytest.mark.parametrize(
    ("task", "values", "says"),
    [
        (MASK, ["worn", "hat", "none", "none"], "b: mask is 'hat'"),
        (AGE, ["1", "2", "x", "4"], "c: "),
    ],
)
def test_an_unknown_label_names_its_image(task: Task, values: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        encode(task, pd.Series(values), image_ids=IDS)


def test_a_band_shares_what_lies_near_an_edge() -> None:
    # by hand: the middle of year 29 is 29.5, half a year below the edge of 30; with a band of two
    # years the share above is (29.5 - 28) / 4 = 0.375
    soft = encode_band(np.array([20.0, 29.0, 30.0, 70.0]), edges=(30, 60), band=2.0)
    expected = [[1, 0, 0], [0.625, 0.375, 0], [0.375, 0.625, 0], [0, 0, 1]]
    np.testing.assert_allclose(soft, expected, atol=1e-6)
    narrow = encode_band(np.arange(0.0, 100.0), edges=(30, 60), band=0.5)
    years = pd.Series(np.arange(100).astype(str))
    assert (narrow.argmax(1) == encode(AGE, years, image_ids=years)).all()


def test_decisions() -> None:
    assert decide(MASK, np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])).tolist() == [1, 0]
    score = Task("s", "binary", "s", classes=("no", "yes"))
    assert decide(score, np.array([[0.5], [0.49]])).tolist() == [1, 0]
    assert decide(VALUE, np.array([[-0.5], [0.5], [2.0]])).tolist() == [0.0, 0.5, 1.0]
