"""Ranges of settings as users write them, and words for a command line. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHAPES = ("log", "linear")


@dataclass(frozen=True)
class Range:
    """From low to high, of whole numbers when both are; drawn on a log scale or evenly."""

    low: float
    high: float
    log: bool
    whole: bool


@dataclass(frozen=True)
class Choices:
    """One of some values; a list or mapping is named by its JSON text."""

    names: tuple[Any, ...]
    values: tuple[Any, ...]

    def value(self, name: Any) -> Any:
        """The value of the choice that is called `name`. Raises ValueError for an unknown name."""
        return self.values[self.names.index(name)]


def read_range(key: str, words: Sequence[Any]) -> Range | Choices:
    """`[1e-5, 1e-2, log]` and `[0.0, 0.5, linear]` are ranges, anything else is a list of choices.

    Raises ValueError with a sentence that starts with the key.
    """
    if len(words) == 3 and words[2] in SHAPES:
        low, high, shape = words
        if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in words[:2]):
            raise ValueError(f"{key}: a range needs two numbers, found {low!r} and {high!r}")
        if low >= high or (shape == "log" and low <= 0):
            above = " and above 0" if shape == "log" else ""
            raise ValueError(f"{key}: low must be below high{above}, found {low:g} and {high:g}")
        whole = isinstance(low, int) and isinstance(high, int)
        return Range(low=low, high=high, log=shape == "log", whole=whole)
    names = tuple(json.dumps(v) if isinstance(v, list | dict | tuple) else v for v in words)
    if len(names) < 2 or len({(type(name), name) for name in names}) < len(names):
        raise ValueError(
            f"{key}: needs [low, high, log], [low, high, linear] or different choices, "
            f"found {list(words)}"
        )
    return Choices(names=names, values=tuple(words))


def ends_of(span: Range | Choices) -> list[Any]:
    """The values that a check must try: both ends of a range, every choice."""
    return [span.low, span.high] if isinstance(span, Range) else list(span.values)


def merge_settings(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy of plain settings with `a.b.c` set to each change's value."""
    copy = json.loads(json.dumps(raw))
    for key, value in changes.items():
        *above, last = key.split(".")
        place = copy
        for part in above:
            if not isinstance(place.get(part), dict):
                place[part] = {}
            place = place[part]
        place[last] = value
    return copy


def long_command(words: Sequence[str], changes: Mapping[str, Any], *, stages: Sequence[str]) -> str:
    """The typed command with `train` for its stages, and the changes as key=value at its end."""
    kept = []
    for word in words[1:]:
        key, equals, _ = word.partition("=")
        if (equals and (key in changes or key.startswith("tune."))) or word in stages:
            continue
        kept.append(word)
    said = [f"{key}={_typed(value)}" for key, value in changes.items()]
    return " ".join(_quoted(word) for word in (words[0], "train", *kept, *said))


def _typed(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)


def _quoted(word: str) -> str:
    """The word as a shell needs it."""
    plain = all(letter.isalnum() or letter in "_-./=:+@%,~" for letter in word)
    return word if plain else "'" + word.replace("'", "'\\''") + "'"
