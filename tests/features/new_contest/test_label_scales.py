"""Scales in their order, and cells that hold several labels."""

import pandas as pd
import pytest

from pipeline.features.new_contest.label_kinds import guess_kind
from pipeline.features.new_contest.label_scales import find_scale, find_several_labels


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["high", "low", "medium"], ("low", "medium", "high")),
        (["Very_High", "High", "Medium", "Low"], ("Low", "Medium", "High", "Very_High")),
        (["severe", "none", "mild"], ("none", "mild", "severe")),
        (["adult", "child", "elderly"], ("child", "adult", "elderly")),
    ],
)
def test_words_of_a_scale_stand_in_its_order(words, order) -> None:
    assert find_scale(words) == order


def test_other_words_are_no_scale() -> None:
    assert find_scale(["happy", "sad", "low"]) is None
    assert find_scale(["low", "high"]) is None


def test_cells_of_several_labels() -> None:
    cells = ["smile hat", "hat beard", "smile", "none", "smile beard", "beard", "hat smile beard"]
    found = find_several_labels(pd.Series(cells * 2))
    assert found is not None
    assert (found.words, found.separator, found.nothing) == (("beard", "hat", "smile"), " ", "none")
    bars = find_several_labels(pd.Series(["a b|c", "c|d", "a b|d", "a b", "d", "a b|c|d"] * 2))
    assert bars is not None
    assert (bars.words, bars.separator) == (("a b", "c", "d"), "|")


@pytest.mark.parametrize(
    "cells",
    [
        ["very low", "low", "medium", "high", "very high", "quite high"],
        ["dark brown", "light brown", "dark blond", "light blond", "red", "black", "dark red"],
        ["(0, 2)", "(4, 6)", "(8, 12)", "(15, 20)"],
        ["happy", "sad", "angry"],
    ],
)
def test_names_of_several_words_are_one_label(cells) -> None:
    assert find_several_labels(pd.Series(cells * 3)) is None


def test_percents_and_decimal_commas_are_numbers() -> None:
    percent = guess_kind("share", pd.Series([f"{n}%" for n in range(30)]))
    assert percent.kind == "regression"
    comma = guess_kind("score", pd.Series([f"{n},5" for n in range(30)]))
    assert (comma.kind, comma.centre) == ("regression", 15.0)
