"""Numbers as people write them: `35%`, and `3,5` with a decimal comma. Pure.

A column is read so only where all of its values are. `1,234` may be a thousand or a little more
than one: where nothing in the column decides that, its values stay what they are: no numbers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+) ?%?")
THOUSANDS = re.compile(r"[+-]?\d{1,3},\d{3} ?%?")
BLANK = ("", "nan", "na", "n/a", "none", "null", "?", "-")


@dataclass(frozen=True)
class NumberStyle:
    """How a column writes its numbers; `35%` is 35."""

    percent: bool = False
    comma: bool = False

    def read(self, text: str) -> str:
        """A text as Python writes the number."""
        plain = text.strip()
        if self.percent:
            plain = plain.removesuffix("%").strip()
        return plain.replace(",", ".") if self.comma else plain

    def write(self, text: str) -> str:
        """A number's text as the column writes it."""
        written = text.replace(".", ",") if self.comma else text
        return f"{written}%" if self.percent else written

    def describe(self, text: str) -> str:
        """What is meant by one of its values, in words."""
        return f"{text!r} is read as {self.read(text)}"


def find_style(texts: Iterable[str]) -> NumberStyle | None:
    """How the texts write numbers; None where they need no other reading, or are no numbers."""
    known = [text.strip() for text in texts if text.strip().casefold() not in BLANK]
    if not known or not all(NUMBER.fullmatch(text) for text in known):
        return None
    percent = all(text.endswith("%") for text in known)
    if not percent and any(text.endswith("%") for text in known):
        return None
    with_comma = [text for text in known if "," in text]
    comma = bool(with_comma) and not any("." in text for text in known)
    if with_comma and (not comma or all(THOUSANDS.fullmatch(text) for text in with_comma)):
        return None
    return NumberStyle(percent, comma) if percent or comma else None
