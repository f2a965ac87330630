"""The table and the certificate agree with counting by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.folds.assignment import assign_folds
from pipeline.folds.balance import balance_table, certificate, describe

PEOPLE = np.array(["a", "a", "b", "b", "c", "c", "d", "d"])
LABELS = pd.DataFrame({"mask": [0, 1] * 4, "gender": ["f"] * 6 + ["m"] * 2})
FOLDS = np.array([0, 0, 0, 0, 0, 0, 1, 1])


def test_table_counts_by_hand():
    table = balance_table(FOLDS, LABELS)
    assert table[["label", "value", "total", "fold0", "fold1"]].to_numpy().tolist() == [
        ["mask", 0, 4, 3, 1],
        ["mask", 1, 4, 3, 1],
        ["gender", "f", 6, 6, 0],
        ["gender", "m", 2, 0, 2],
    ]
    assert table["worst_deviation"].tolist() == [0.25, 0.25, 0.5, 0.5]


def test_certificate_names_the_worst_and_why_a_class_is_missing():
    found = certificate(FOLDS, PEOPLE, LABELS)
    assert json.loads(json.dumps(found)) == found
    assert found["images_per_fold"] == [6, 2] and found["people_per_fold"] == [3, 1]
    assert found["people_in_two_folds"] == 0
    worst = found["worst"]
    assert (worst["label"], worst["value"], worst["fold"]) == ("gender", "f", 0)
    assert (worst["expected"], worst["found"], worst["deviation"]) == (3.0, 6, 0.5)
    # three people of two images each: 4 to 2 is the best, a sixth off
    assert worst["smallest_possible"] == pytest.approx(1 / 6)
    assert not worst["cannot_be_better"]
    few, many = found["missing"][1], found["missing"][0]
    assert few["value"] == "m" and "only 1 people have it and there are 2 folds" in few["reason"]
    assert many["value"] == "f" and "although 3 people have it" in many["reason"]


def test_description_says_what_the_certificate_says():
    text = describe(certificate(FOLDS, PEOPLE, LABELS))
    assert "8 images of 4 people in 2 folds" in text
    assert "gender f in fold 0: 6 of 6 images where 3.0 would be even, 50.00 %" in text
    assert "no split can get below 16.67 %" in text
    assert "gender m is not in fold 0: only 1 people" in text
    assert "LEAK" not in text
    leaky = describe(certificate(np.array([0, 1] * 4), PEOPLE, LABELS))
    assert "LEAK: 4 people are in more than one fold" in leaky


def test_it_speaks_of_people_only_where_they_are_named():
    images = np.arange(8)
    text = describe(certificate(FOLDS, images, LABELS, unit="images", start="greedy"))
    assert "8 images in 2 folds" in text and "people" not in text
    assert "went on from the more even one: greedy" in text
    text = describe(certificate(FOLDS, PEOPLE, LABELS, unit="groups"))
    assert "8 images of 4 groups in 2 folds" in text and "people" not in text
    assert "start" not in text


def test_an_even_split_is_said_to_be_even():
    text = describe(certificate([0, 0, 1, 1], [1, 2, 3, 4], pd.DataFrame({"sex": [*"mfmf"]})))
    assert "every label value is spread evenly over the folds" in text and "worst" not in text


@pytest.mark.parametrize("seed", range(8))
def test_no_split_beats_the_bound(seed):
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(12), rng.integers(1, 6, size=12))
    labels = pd.DataFrame(
        {"a": rng.integers(0, 3, 12)[people], "b": rng.integers(0, 2, len(people))}
    )
    folds = assign_folds(people, labels, num_folds=4, seed=0)
    for split in [folds] + [np.append(0, rng.integers(0, 4, 12))[people + 1] for _ in range(50)]:
        if split.max() != 3:
            continue
        found = certificate(split, people, labels)
        for cell in (found["worst"], found["images"]):
            assert cell["deviation"] >= cell["smallest_possible"] - 1e-12
        table = balance_table(split, labels)
        assert found["worst"]["deviation"] == pytest.approx(table["worst_deviation"].max())


def test_null_fold_is_refused():
    with pytest.raises(ValueError, match="Every image needs a fold"):
        balance_table([0, 1, np.nan, 1, 0, 0, 0, 0], LABELS)
