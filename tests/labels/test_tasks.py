import numpy as np
import pandas as pd
import pytest

from pipeline.labels.tasks import (
    Task,
    bin_names,
    decide,
    encode,
    encode_band,
    is_labelled,
    wrong_labels,
)

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


SCORE = Task("male", "binary", "male", classes=("0", "1"))


def test_a_missing_label_is_no_class_and_no_number() -> None:
    # `none` is a class of masks, and no value anywhere else
    codes = encode(MASK, pd.Series(["none", None, "", "nan"]), image_ids=IDS)
    assert codes.tolist() == [2, -1, -1, -1]
    bins = encode(AGE, pd.Series(["29", "NaN", None, "61"]), image_ids=IDS)
    assert bins.tolist() == [0, -1, -1, 2]
    values = encode(VALUE, pd.Series(["0.5", "none", "?", 0.0]), image_ids=IDS)
    assert is_labelled(values).tolist() == [True, False, False, True]
    scores = encode(SCORE, pd.Series(["0", "1", "n/a", "1"]), image_ids=IDS)
    np.testing.assert_array_equal(scores, np.array([0, 1, np.nan, 1], dtype=np.float32))
    assert is_labelled(encode_band(np.array([20.0, np.nan]), edges=(30,), band=1.0)).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("classes", "words", "expected"),
    [
        (("0", "1"), ["0.0", "1.00", " 1", "0"], [0, 1, 1, 0]),
        (("-1", "1"), ["-1", "1", "-1.0", "+1"], [0, 1, 0, 1]),
        (("false", "true"), ["False", "TRUE", "true", "false"], [0, 1, 1, 0]),
        (("1", "1.0", "x"), ["1", "1.0", "x", "1"], [0, 1, 2, 0]),  # two classes: as they are spelt
    ],
)
def test_one_number_is_one_class_however_it_is_spelt(
    classes: tuple[str, ...], words: list[str], expected: list[int]
) -> None:
    task = Task("t", "multiclass", "t", classes=classes)
    assert encode(task, pd.Series(words), image_ids=IDS).tolist() == expected


def test_all_that_is_wrong_is_told_by_kind() -> None:
    found = wrong_labels(VALUE, pd.Series(["2", "abc", "0.5", "nan", "-31"]))
    assert {kind: places.tolist() for kind, places in found.items()} == {
        "not a number": [False, True, False, False, False],
        "outside low 0 to high 1": [True, False, False, False, True],
    }
    found = wrong_labels(MASK, pd.Series(["worn", "Worn", "", "none", "None"]))
    assert {kind: places.sum() for kind, places in found.items()} == {
        "not one of worn, wrong, none": 2
    }
