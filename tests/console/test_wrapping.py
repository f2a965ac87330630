"""Sentences on a terminal of 80 columns break between words; files and tables stay whole."""

import io

from pipeline.console.wrapping import WrappedStream, wrap_line, wrap_on_terminal

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


def test_tables_paths_and_colours_stay_whole() -> None:
    table = (
        "mask        mask   roc_auc   0.9410 0.7711..1.0000   0.5000 0.9479 0.0902 and more of it"
    )
    path = "/" + "a-long-name/" * 12
    colour = "\x1b[31merror:\x1b[0m " + LONG
    for line in (table, colour):
        assert wrap_line(line, width=60) == line
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
