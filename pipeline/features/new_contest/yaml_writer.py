"""YAML with a reason behind each line. Text in, text out."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 100
PLAIN = re.compile(r"\.{0,2}[A-Za-z_/]([A-Za-z0-9_./@+ -]*[A-Za-z0-9_./@+-])?|\.")
WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "~")  # quoted to be safe


@dataclass(frozen=True)
class Entry:
    """One key of the config with the reason for its value.

    `value` is a plain value, or a list of entries one level deeper. A `proposed` entry is written
    as a comment, for the user to take the # away. An entry without a key is a comment alone.
    """

    key: str = ""
    value: Any = None
    why: str = ""
    proposed: bool = False


def write_yaml(entries: Iterable[Entry], *, depth: int = 0) -> str:
    """The entries as YAML text that ends with a line break."""
    return "".join(f"{line}\n" for line in _lines(entries, depth))


def flow(value: Any) -> str:
    """A value as it stands behind its key, in one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_text(str(key))}: {flow(one)}" for key, one in value.items())
        return "{" + inside + "}"
    assert isinstance(value, Sequence), f"{type(value).__name__} is no value of a config"
    return "[" + ", ".join(flow(one) for one in value) + "]"


def _lines(entries: Iterable[Entry], depth: int) -> Iterator[str]:
    start = "  " * depth
    for entry in entries:
        if not entry.key:
            yield from (f"{start}# {line}" for line in _wrap(entry.why, WIDTH - len(start) - 4))
            continue
        mark = "# " if entry.proposed else ""
        if isinstance(entry.value, list) and all(isinstance(one, Entry) for one in entry.value):
            yield from _with_reason(f"{start}{mark}{entry.key}:", entry.why, start)
            yield from (f"{mark}{line}" for line in _lines(entry.value, depth + 1))
        elif _is_long_list(entry):
            yield from _with_reason(f"{start}{mark}{entry.key}:", entry.why, start)
            yield from (f"{start}{mark}  - {flow(one)}" for one in entry.value)
        else:
            line = f"{start}{mark}{entry.key}: {flow(entry.value)}"
            yield from _with_reason(line, entry.why, start)


def _is_long_list(entry: Entry) -> bool:
    """Whether a value is a list that is read more easily with one item a line."""
    return isinstance(entry.value, list) and len(flow(entry.value)) > WIDTH


def _with_reason(line: str, why: str, start: str) -> Iterator[str]:
    """The line with its reason behind it, or above it where both are too long for one line."""
    if not why:
        yield line
    elif len(line) + len(why) + 4 <= WIDTH:
        yield f"{line}  # {why}"
    else:
        yield from (f"{start}# {part}" for part in _wrap(why, WIDTH - len(start) - 2))
        yield line


def _wrap(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _text(text: str) -> str:
    """A text without quotes where it stays one; a number, a truth value or a sign would not."""
    if PLAIN.fullmatch(text) and text.casefold() not in WORDS and ": " not in text:
        return text
    return json.dumps(text, ensure_ascii=False)
