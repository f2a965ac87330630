"""Numbers as people write them."""

import pytest

from pipeline.labels.number_words import NumberStyle, find_style


@pytest.mark.parametrize(
    ("texts", "style", "plain"),
    [
        (["35%", "4.5 %", ""], NumberStyle(percent=True), ["35", "4.5", ""]),
        (["3,5", "10", "-0,25"], NumberStyle(comma=True), ["3.5", "10", "-0.25"]),
        (["3,5%", "7%"], NumberStyle(percent=True, comma=True), ["3.5", "7"]),
        (["1,234", "12,5"], NumberStyle(comma=True), ["1.234", "12.5"]),
    ],
)
def test_a_column_is_read_as_it_is_written(texts, style, plain) -> None:
    found = find_style(texts)
    assert found == style
    assert [found.read(text) for text in texts] == plain


@pytest.mark.parametrize(
    "texts",
    [["1,234", "2,500"], ["35%", "4"], ["1.5", "2,5"], ["1", "2"], ["a,b"], ["", "?"], ["1,2,3"]],
)
def test_what_is_not_sure_stays_as_it_is(texts) -> None:
    assert find_style(texts) is None


def test_numbers_are_written_so_too() -> None:
    assert NumberStyle(percent=True, comma=True).write("3.5") == "3,5%"
