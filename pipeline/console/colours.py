"""Colours, on a terminal only. NO_COLOR turns them off (https://no-color.org)."""

import os
from typing import TextIO

CODES = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


def has_colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours to somebody who wants them."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, colour: str, *, stream: TextIO) -> str:
    """The text in a colour where the stream shows colours, else the text as it is."""
    if not has_colours(stream):
        return text
    return f"\x1b[{CODES[colour]}m{text}\x1b[0m"
