"""Long sentences on a terminal: broken between words at its width, not in the middle of one."""

import re
import shlex
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

INDENT = "  "  # of the lines that go on
COLUMNS = 80  # where no terminal says how many it has
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def terminal_width() -> int:
    """Columns of the terminal; 80 where the output is a file. COLUMNS=120 states another width."""
    return max(40, shutil.get_terminal_size((COLUMNS, 24)).columns)


def hang(start: str, text: str, *, indent: int, columns: int) -> list[str]:
    """`start` and the text behind it in lines of at most `columns`, the later ones indented. A
    word that is longer, such as a path, stays whole, so that it can be copied."""
    return textwrap.wrap(
        text,
        width=columns,
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def wrap_line(line: str, *, width: int) -> str:
    """The line in pieces of at most `width` columns.

    Of a line with columns, those with two spaces between them, the last one is wrapped below
    itself, if at least half of the width is left to it.
    """
    if len(ESCAPE.sub("", line)) <= width or "\r" in line:
        return line
    text = line.lstrip(" ")
    indent = len(line) - len(text)
    begins = line.rfind("  ", indent) + 2
    if begins == 1:  # no columns
        return "\n".join(hang(line[:indent], text, indent=indent + len(INDENT), columns=width))
    place = len(ESCAPE.sub("", line[:begins]))
    if place > width // 2:
        return line
    pieces = hang("", line[begins:], indent=0, columns=width - place)
    return ("\n" + " " * place).join([line[:begins] + pieces[0], *pieces[1:]])


def wrap_command(lead: str, words: Sequence[str], *, stream: TextIO) -> str:
    """A command behind its lead, quoted. Where a terminal has no room for it, the line ends with a
    backslash, so that the lines can be copied and run as they are; a file gets one line."""
    if not stream.isatty():
        return f"{lead} {shlex.join(words)}".strip()
    return fold_command(lead, words)


def fold_command(lead: str, words: Sequence[str]) -> str:
    """A command behind its lead, quoted, in lines of the terminal's width, or of 80 columns in a
    file; each but the last ends with a backslash."""
    width = terminal_width()
    lines = [lead]
    for word in map(shlex.quote, words):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        has_begun = lines[-1] not in ("", lead)
        if len(line) + len(" \\") > width and has_begun:
            lines[-1] += " \\"
            line = f"{INDENT}{word}"
            lines.append(line)
        lines[-1] = line
    return "\n".join(lines)


class WrappedStream:
    """A terminal's stream whose long sentences are wrapped at its width; all else is the stream's.

    A line is wrapped when its end is written, so that what is printed in pieces is one line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = ""  # of a line whose end was not written yet

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        width = terminal_width()
        for line in lines:
            self._stream.write(wrap_line(line, width=width) + "\n")
        return len(text)

    def flush(self) -> None:
        self._stream.write(self._begun)
        self._begun = ""
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def wrap_on_terminal(stream: TextIO) -> TextIO:
    """The stream with wrapped sentences where it is a terminal; a file gets whole lines."""
    if not stream.isatty() or isinstance(stream, WrappedStream):
        return stream
    return WrappedStream(stream)  # type: ignore[return-value]
