"""Tables fit the terminal: nothing is cut, and no word is broken."""

import pytest

from pipeline.console.table_layout import layout_table
from pipeline.console.wrapping import terminal_width

HEAD = ("member", "backbone", "size", "parameters", "accuracy", "95 % interval", "behind the best")
ROWS = [
    HEAD,
    ("second", "tf_efficientnet_lite0", "224", "3.4 M", "0.6100", "0.5512..0.6688", "–"),
    ("first", "resnet18", "96", "11.2 M", "0.5800", "0.5100..0.6500", "0.0300 (0.0100..0.0500)"),
]


def test_a_narrow_table_is_as_it_is() -> None:
    lines = layout_table([("a", "bb"), ("ccc", "1")], left=1, width=80)
    assert lines == ["a    bb", "ccc   1"]


def test_a_wide_table_stands_in_blocks_that_name_their_rows() -> None:
    lines = layout_table(ROWS, left=2, names=1, width=80, indent=2)
    assert max(map(len, lines)) <= 80 and all(not line or line.startswith("  ") for line in lines)
    first, second = "\n".join(lines).split("\n\n")
    assert first.split("\n")[1].split() == " ".join(["second", *ROWS[1][1:6]]).split()
    assert second.split("\n")[2].split() == ["first", *ROWS[2][6].split()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 140])
@pytest.mark.parametrize("names", [1, 2])
def test_every_cell_is_there_in_whatever_width(width: int, names: int) -> None:
    lines = layout_table(ROWS, left=2, names=names, width=width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).replace(";", " ").split()
    for row in ROWS[1:]:
        for cell in row:
            assert all(word in words for word in cell.split())


def test_cells_without_room_beside_the_names_become_sentences() -> None:
    lines = layout_table([("who", "what"), ("a" * 30, "no room " * 6)], left=2, names=1, width=50)
    assert lines[0] == "a" * 30
    assert lines[1].startswith("  what no room") and max(map(len, lines)) <= 50


def test_a_file_has_80_columns_unless_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert terminal_width() == 120
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("sys.__stdout__", open("/dev/null", encoding="utf-8"))  # noqa: SIM115
    assert terminal_width() == 80
