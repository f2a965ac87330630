"""Long sentences on a terminal: broken between words at its width, not in the middle of one."""

import shutil
import textwrap
from typing import Any, TextIO

INDENT = "  "  # of the lines that go on


def wrap_line(line: str, *, width: int) -> str:
    """The line in pieces of at most `width` columns. What is aligned or coloured stays whole:
    columns of a table would lose their place, and an escape sequence would be cut."""
    text = line.lstrip(" ")
    is_sentence = "  " not in text and "\x1b" not in text and "\r" not in text
    if len(line) <= width or not is_sentence:
        return line
    start = line[: len(line) - len(text)]
    return textwrap.fill(
        text,
        width,
        initial_indent=start,
        subsequent_indent=start + INDENT,
        break_long_words=False,  # a path can be copied
        break_on_hyphens=False,
    )


class WrappedStream:
    """A terminal's stream whose long sentences are wrapped at its width; all else is the stream's.

    A line is wrapped when its end is written, so that what is printed in pieces is one line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = ""  # of a line whose end was not written yet

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        width = shutil.get_terminal_size().columns
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
