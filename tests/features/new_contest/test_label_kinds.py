"""Columns of labels by their values: kinds, classes in order, ranges."""

import pandas as pd
import pytest

from pipeline.features.new_contest.label_kinds import guess_kind, order_pair, sort_classes


def kind(name: str, values: list, **words):
    return guess_kind(name, pd.Series([str(value) for value in values]), **words)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["0", "1", "0", "1"], ("0", "1")),
        (["1", "-1", "-1", "1"], ("-1", "1")),
        (["1.0", "0.0", "nan", "1.0"], ("0", "1")),
        (["yes", "no", "yes", ""], ("no", "yes")),
        (["Female", "Male", "Male"], ("Male", "Female")),
        (["b", "a", "a"], ("a", "b")),
    ],
)
def test_two_values_are_a_yes_or_no_with_the_no_first(values, classes) -> None:
    found = kind("x", values)
    assert (found.kind, found.classes) == ("binary", classes)


def test_few_whole_numbers_are_classes_and_many_are_measured() -> None:
    assert kind("label", [0, 1, 2, 0, 1, 2, 2]).classes == ("0", "1", "2")
    assert kind("score", range(40)).kind == "regression"
    assert kind("beauty_rating", [1, 2, 3, 4, 5] * 4).kind == "regression"
    raters = kind("label", [1, 2, 3, 4, 5] * 4, rows_of_file=4.0)
    assert (raters.kind, raters.low, raters.high) == ("regression", 1.0, 5.0)


def test_an_age_has_a_range_and_what_lies_outside_is_left_out() -> None:
    found = kind("age", [-31, 25, 2014, 40, 31, 62, 18, 33])
    assert (found.kind, found.low, found.high, found.invalid) == ("regression", 0.0, 120.0, True)
    assert found.centre == 32.0  # the median of what can be
    assert not kind("age", range(20, 60)).invalid


def test_a_share_lies_between_0_and_1() -> None:
    found = kind("occlusion", [0.1 * number for number in range(11)])
    assert (found.low, found.high) == (0.0, 1.0)


def test_ranges_are_classes_in_their_order_and_other_words_are_left_out() -> None:
    values = ["(25, 32)", "(4, 6)", "(60, 100)", "(25, 32)", "(4, 6)", "35", "(8, 12)"]
    found = kind("age", values)
    assert found.classes == ("(4, 6)", "(8, 12)", "(25, 32)", "(60, 100)")
    assert found.invalid
    assert sort_classes(["more than 70", "10-19", "0-2", "70"]) == [
        "0-2",
        "10-19",
        "70",
        "more than 70",
    ]


def test_what_can_be_no_label_says_why() -> None:
    assert "one value only" in kind("x", ["a", "a"]).why
    assert "different words" in kind("x", [f"word{number}" for number in range(9)]).why


def test_an_unknown_pair_is_ordered_by_letter() -> None:
    assert order_pair(["smile", "frown"]) == ("frown", "smile")
