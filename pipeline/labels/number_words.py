"""Numbers as people write them: `35%`, `23 years`, `3,5` and `22,212`. Pure.

A column is read so only where all of its values are. `1,234` may be a thousand or a little more
than one: where nothing in the column decides that, its values stay what they are: no numbers.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WRITTEN = re.compile(r"([+-]?[\d.,']*\d)(\s*)(%|°|[^\W\d_]+\.?)?")  # the number, a blank, the unit
# units that may stand without a blank; other letters behind a digit are names: 3D, 20s, 1st
GLUED = (
    *("%", "°", "deg", "y", "yr", "yrs", "year", "years", "jahre", "ans", "años", "anos", "лет"),
    *("岁", "歲", "歳", "才", "세", "살", "kg", "g", "lb", "lbs", "cm", "mm", "m", "px"),
)
COMMA = re.compile(r"[+-]?(\d+(,\d+)?|,\d+)")
PLAIN = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)")
GROUPS = {  # the sign between thousands: its numbers
    ",": re.compile(r"[+-]?([1-9]\d{0,2}(,\d{3})+|\d{1,3})(\.\d+)?"),
    ".": re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+|\d{1,3})(,\d+)?"),
    "'": re.compile(r"[+-]?([1-9]\d{0,2}('\d{3})+|\d{1,3})(\.\d+)?"),
}
LEAST_GROUPED = 3  # values like 1,234 beside some like 961: they are thousands
BLANK = ("", "nan", "na", "n/a", "none", "null", "?", "-")
MOST_UNITS = 3  # more different words behind numbers are no units: `12 Main Street`
MOST_OTHERS = 0.1  # share of values that are no numbers in a column of numbers


@dataclass(frozen=True)
class NumberStyle:
    """How a column writes its numbers: `35%` is 35, `23 years` is 23.

    `unit` stands behind the number, with its blank; `thousands` parts the thousands; with `comma`
    the decimals stand behind a comma.
    """

    unit: str = ""
    comma: bool = False
    thousands: str = ""

    def read(self, text: str) -> str:
        """A text as Python writes the number."""
        plain = text.strip()
        found = WRITTEN.fullmatch(plain)
        if self.unit and found is not None and _same_unit(found[3] or "", self.unit):
            plain = found[1]
        if self.thousands and GROUPS[self.thousands].fullmatch(plain):
            plain = plain.replace(self.thousands, "")
        return plain.replace(",", ".") if self.comma else plain

    def write(self, text: str) -> str:
        """A number's text as the column writes it."""
        whole, point, rest = text.partition(".")
        if self.thousands:
            whole = re.sub(r"\B(?=(\d{3})+$)", self.thousands, whole)
        point = "," if point and self.comma else point
        return f"{whole}{point}{rest}{self.unit}"

    def describe(self, texts: Iterable[str]) -> str:
        """What is meant by the first of its values that is no plain number, in words."""
        text = next(text for text in _known(texts) if self.read(text) != text)
        return f"{text!r} is read as {self.read(text)}"


def is_number(text: str) -> bool:
    """Whether Python reads a text as a number, without any style."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def find_style(texts: Iterable[str]) -> NumberStyle | None:
    """How the texts write numbers; None where they need no other reading, or are no numbers."""
    known = _known(texts)
    parts = [_parts(text) for text in known]
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(known):
        return None
    unit = found[0][1]
    if not all(_same_unit(other, unit) for _, other in found):
        return None
    numbers = [number for number, _ in found]
    if all(PLAIN.fullmatch(number) for number in numbers):
        return NumberStyle(unit) if unit else None
    fits = _fitting(numbers)
    if len(fits) > 1 and _are_thousands(numbers):
        fits = fits[1:]
    if len(fits) != 1:
        return None
    comma, thousands = fits[0]
    return NumberStyle(unit, comma, thousands)


def say_unsure_numbers(texts: Iterable[str]) -> str:
    """Why texts that are numbers can't be read as such, and what to write; '' where they can, or
    are no numbers."""
    known = _known(texts)
    parts = {text: _parts(text) for text in known}
    numbers = {text: part for text, part in parts.items() if part is not None}
    units = [unit for _, unit in numbers.values()]
    special = any(units) or any(set(number) & set(",'") for number, _ in numbers.values())
    if not special or find_style(known) is not None:
        return ""
    if len(set(units)) > MOST_UNITS:
        return ""
    others = [text for text in known if parts[text] is None]
    if not numbers or len(others) > MOST_OTHERS * len(known):
        return ""
    text, (number, unit) = next(iter(numbers.items()))
    if others:
        return (
            f"{text!r} is a number and {others[0]!r} is none ({len(others)} of {len(known)} "
            "values); leave the cells without a number empty"
        )
    for other, (_, second) in numbers.items():
        if not _same_unit(unit, second):
            return (
                f"{text!r} and {other!r} have different units; write plain numbers without a unit"
            )
    commas = [text for text, (number, _) in numbers.items() if "," in number]
    points = [text for text, (number, _) in numbers.items() if "." in number]
    if commas and points:
        return (
            f"{commas[0]!r} has a comma and {points[0]!r} a point; write all decimals with a point"
        )
    if commas and len(_fitting([number for number, _ in numbers.values()])) > 1:
        text = commas[0]
        number, _ = numbers[text]
        thousand, decimal = number.replace(",", ""), number.replace(",", ".")
        return f"{text!r} may be {thousand} or {decimal}; write it as the one that is meant"
    return ""


def _fitting(numbers: Sequence[str]) -> list[tuple[bool, str]]:
    """The ways in which all numbers can be written: decimal comma or not, the sign of thousands."""
    ways = [(False, ",", GROUPS[","]), (True, ".", GROUPS["."]), (False, "'", GROUPS["'"])]
    fits = [(True, "")] if all(COMMA.fullmatch(number) for number in numbers) else []
    for comma, sign, pattern in ways:
        used = any(sign in number for number in numbers)
        if used and all(pattern.fullmatch(number) for number in numbers):
            fits.append((comma, sign))
    return fits


def _are_thousands(numbers: Sequence[str]) -> bool:
    """Whether numbers that might have a decimal comma have thousands: some are smaller and bare.
    Decimals that are all three digits long or none are hardly found."""
    grouped = sum("," in number for number in numbers)
    return LEAST_GROUPED <= grouped < len(numbers)


def _known(texts: Iterable[str]) -> list[str]:
    return [text.strip() for text in texts if text.strip().casefold() not in BLANK]


def _parts(text: str) -> tuple[str, str] | None:
    """A text's number and its unit with the blank before it; None where it is no such text."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        return None
    number, blank, unit = found.groups(default="")
    if unit and not blank and unit.casefold() not in GLUED:
        return None
    return number, f"{blank}{unit}" if unit else ""


def _same_unit(one: str, other: str) -> bool:
    """Whether two units are one: year and years, Kg and kg."""
    plain = [unit.strip().casefold().removesuffix(".").removesuffix("s") for unit in (one, other)]
    return plain[0] == plain[1]
