"""Numbers as people write them."""

import pytest

from pipeline.labels.number_words import NumberStyle, find_style, say_unsure_numbers


@pytest.mark.parametrize(
    ("texts", "style", "plain"),
    [
        (["35%", "4.5 %", ""], NumberStyle(unit="%"), ["35", "4.5", ""]),
        (["3,5", "10", "-0,25"], NumberStyle(comma=True), ["3.5", "10", "-0.25"]),
        (["3,5%", "7%"], NumberStyle(unit="%", comma=True), ["3.5", "7"]),
        (["1,234", "12,5"], NumberStyle(comma=True), ["1.234", "12.5"]),
        (["23 years", "1 year", "7.5 years"], NumberStyle(unit=" years"), ["23", "1", "7.5"]),
        (["23岁", "8岁"], NumberStyle(unit="岁"), ["23", "8"]),
        (["22,212", "1,234,567"], NumberStyle(thousands=","), ["22212", "1234567"]),
        (["1,234", "2,500", "9,876", "961"], NumberStyle(thousands=","), ["1234", "2500"]),
        (["1.234.567,5", "12"], NumberStyle(comma=True, thousands="."), ["1234567.5", "12"]),
        (["1'234", "12.5"], NumberStyle(thousands="'"), ["1234", "12.5"]),
    ],
)
def test_a_column_is_read_as_it_is_written(texts, style, plain) -> None:
    found = find_style(texts)
    assert found == style
    assert [found.read(text) for text in texts][: len(plain)] == plain


@pytest.mark.parametrize(
    "texts",
    [
        ["1,234", "2,500"],
        ["35%", "4"],
        ["1.5", "2,5"],
        ["1", "2"],
        ["a,b"],
        ["", "?"],
        ["1,2,3"],
        ["3D", "2D"],
        ["20s", "30s"],
        ["3 kg", "4 cm"],
        ["3 kg", "4"],
    ],
)
def test_what_is_not_sure_stays_as_it_is(texts) -> None:
    assert find_style(texts) is None


def test_numbers_are_written_so_too() -> None:
    assert NumberStyle(unit="%", comma=True).write("3.5") == "3,5%"
    assert NumberStyle(unit=" years", thousands=",").write("1234567.25") == "1,234,567.25 years"


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["22,212", "1,234"], "'22,212' may be 22212 or 22.212"),
        (["3,5", "3.5"], "'3,5' has a comma and '3.5' a point"),
        (["23 years", "5 months"], "different units"),
        (["23 years", "45"], "different units"),
        (["23 years"] * 20 + ["unknown"], "'unknown' is none"),
        (["1", "2.5", "x"], ""),
        (["10-19", "20-29"], ""),
        (["cat", "3 dogs"], ""),
    ],
)
def test_what_is_not_sure_is_said(texts, says) -> None:
    said = say_unsure_numbers(texts)
    assert says in said
    assert bool(says) == bool(said)
