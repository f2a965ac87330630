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


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["25-39", "<25", "40-59", "60+"], ["<25", "25-39", "40-59", "60+"]),
        (["30+", "under 20", "20-29"], ["under 20", "20-29", "30+"]),
        (["30-39", "29 and under", "over 39"], ["29 and under", "30-39", "over 39"]),
    ],
)
def test_the_open_ranges_stand_at_the_ends(words: list[str], order: list[str]) -> None:
    assert sort_classes(words) == order


def test_ranges_may_be_of_years_and_numbers_with_commas_are_none() -> None:
    found = kind("age_group", ["<25", "25-39 yrs", "40-59 yrs", "60+ years"] * 3)
    assert found.why.startswith("4 ranges of numbers")
    assert not found.invalid
    assert "22212 or 22.212" in kind("income", ["22,212", "1,234", "5,678"] * 3).problem


def test_numbers_with_a_unit_are_measured() -> None:
    found = kind("age", [f"{number} Jahre" for number in range(20, 50)])
    assert (found.kind, found.high, found.read) == ("regression", 120.0, "'20 Jahre' is read as 20")
    assert kind("shown", ["0%", "50%", "100%"] * 4).kind == "regression"  # no class is called 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["true", "1", "false", "0"], "several spellings of yes and no"),
        (["Male", "male", "Female"], "'Male' (2 rows) and 'male' (2 rows) differ only"),
        (["Male", "male"], "differ only"),
        (["Child", "child", "Adult", "adult", "Senior"], "so do spellings of 1 other word;"),
        (["['hat', 'old']", "['old']", "[]"], "['hat', 'old'] is a list in one cell"),
        (['["hat","old"]', '["old"]', "[]"], "bars between (hat|old)"),
        (["[0, 2]", "[4, 6]", "[8, 12]"], ""),
        (["True", "true", "False"], ""),
        (["a", "b", "c"], ""),
    ],
)
def test_words_in_several_spellings_are_to_be_mended(words: list[str], says: str) -> None:
    problem = kind("x", words * 2).problem
    assert says in problem
    assert bool(says) == bool(problem)
