"""Sentences on a terminal of 80 columns break between words; files and tables stay whole."""

import io
import shlex

import pytest

from pipeline.console.wrapping import WrappedStream, wrap_command, wrap_line, wrap_on_terminal

LONG = "split: " + "no person is in two folds and " * 5


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_sentence_is_broken_between_words() -> None:
    pieces = wrap_line(LONG, width=80).split("\n")
    assert max(len(piece) for piece in pieces) <= 80
    assert " ".join(piece.strip() for piece in pieces).split() == LONG.split()
    assert all(piece.startswith("  ") for piece in pieces[1:])
    indented = wrap_line("    " + LONG, width=80).split("\n")
    assert indented[0].startswith("    split") and indented[1].startswith("      ")


def test_rows_of_tables_and_paths_stay_whole() -> None:
    table = (
        "mask        mask   roc_auc   0.9410 0.7711..1.0000   0.5000 0.9479 0.0902 and more of it"
    )
    path = "/" + "a-long-name/" * 12
    assert wrap_line(table, width=60) == table
    coloured = "\x1b[32mdone\x1b[0m " + "x" * 55  # an escape sequence takes no room
    assert wrap_line(coloured, width=60) == coloured
    assert path in wrap_line(f"wrote {path} and more", width=60)


def test_only_a_terminal_is_wrapped(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = io.StringIO()
    assert wrap_on_terminal(file) is file
    terminal = Terminal()
    stream = wrap_on_terminal(terminal)
    assert isinstance(stream, WrappedStream) and wrap_on_terminal(stream) is stream
    print(LONG[:50], end="", file=stream)
    print(LONG[50:], file=stream)
    print("asks: ", end="", file=stream, flush=True)
    lines = terminal.getvalue().split("\n")
    assert lines[-1] == "asks: "
    assert max(len(line) for line in lines) <= 80 and len(lines) > 2


def test_the_last_column_is_wrapped_below_itself() -> None:
    line = "note  data      " + "nobody is named and so it goes on and on " * 3
    first, *others = wrap_line(line, width=60).split("\n")
    assert first.startswith("note  data      nobody is named")
    assert all(piece.startswith(" " * 16) and piece[16] != " " for piece in others)
    assert max(len(piece) for piece in [first, *others]) <= 60


def test_a_command_that_is_broken_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    words = ["./run.sh", "train", "-c", "my-contest", "root=/data/my images", "members.age.lr=1e-4"]
    said = wrap_command("next:", words, stream=Terminal())
    assert max(len(line) for line in said.split("\n")) <= 60 and "\n" in said
    pasted = said.removeprefix("next: ").replace("\\\n", "")
    assert shlex.split(pasted) == words
    assert wrap_command("next:", words, stream=io.StringIO()) == f"next: {shlex.join(words)}"
