"""What is written to a terminal and what to a file; no test waits for a clock."""

import io

import pytest

from pipeline.console import Bar, follow, paint, progress, say_duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", progress.QUIET, "TQDM_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "0 s"),
        (-1, "0 s"),
        (59.4, "59 s"),
        (119.4, "119 s"),
        (150, "2 min"),
        (5940, "99 min"),
        (7200, "2.0 h"),
    ],
)
def test_a_duration_is_said_in_the_unit_that_fits(seconds: float, says: str) -> None:
    assert say_duration(seconds) == says


def test_days_are_said_from_two_on() -> None:
    assert say_duration(3 * 86_400) == "3.0 days"


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paint("error", "red", stream=Terminal()) == "\x1b[31merror\x1b[0m"
    assert paint("error", "red", stream=io.StringIO()) == "error"
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint("error", "red", stream=Terminal()) == "error"


def test_a_log_gets_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    log = io.StringIO()
    with Bar(4, desc="crop", stream=log) as bar:
        bar.update(1, left=90.0)
        bar.update(3, left=0.0)  # the stage itself says that it is done
    assert log.getvalue() == "crop: 1 of 4 images, 90 s left\n"


def test_a_short_piece_of_work_leaves_a_log_empty() -> None:
    log = io.StringIO()
    with Bar(4, desc="crop", stream=log) as bar:
        bar.update(4)
    assert log.getvalue() == ""


def test_a_terminal_gets_a_line_that_goes_again() -> None:
    terminal = Terminal()
    with Bar(8, desc="crop", stream=terminal) as bar:
        bar.update(2, left=30.0)
        bar.update(0)
    shown = terminal.getvalue()
    assert "2/8 images" in shown and "30 s left" in shown
    assert shown.endswith("\r")


def test_a_process_with_a_parent_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(progress.QUIET, "1")
    terminal = Terminal()
    with Bar(8, desc="crop", stream=terminal) as bar:
        bar.update(8)
    assert terminal.getvalue() == "" and bar.count == 8


def test_followed_items_come_through() -> None:
    assert list(follow(["ab", "c"], desc="x", total=3, size=len)) == ["ab", "c"]
    with pytest.raises(ValueError, match="say the total"):
        next(follow(iter("ab"), desc="x"))
