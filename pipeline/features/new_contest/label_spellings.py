"""Words of labels in several spellings or in lists: what to mend before they are learnt."""

import re
from collections import defaultdict

import pandas as pd

from pipeline.labels.tasks import plain_word

TRUTH = {"0", "1", "true", "false", "yes", "no", "y", "n", "t", "f"}
MOST_SHOWN = 6
LIST = re.compile(r"\[.*\]|\{.*\}|\(\s*(['\"].*)?\)", re.DOTALL)
MOST_IN_LISTS = 60  # different words of lists that are labels
MOST_WORDS = 200  # with more different words a column holds no classes


def say_mixed_spellings(known: pd.Series) -> str:
    """Why the words of a column are no clean classes, and what to write; '' where they are.

    Two spellings of one number or of one truth value (`True` and `true`) are read as one.
    """
    counts: dict[str, int] = known.map(plain_word).value_counts().to_dict()
    if len(counts) > 2 and {word.casefold() for word in counts} <= TRUTH:
        shown = ", ".join(repr(word) for word in list(counts)[:MOST_SHOWN])
        return f"{shown} are several spellings of yes and no; write one word for each of the two"
    spelt: dict[str, list[str]] = defaultdict(list)
    for word in counts:
        spelt[word.casefold()].append(word)
    mixed = [words for words in spelt.values() if len(words) > 1]
    if not mixed or len(spelt) > min(MOST_WORDS, 0.5 * len(known)):
        return ""
    first, second, *_ = mixed[0]
    others = len(mixed) - 1
    more = f"; so do spellings of {others} other word{'s' * (others > 1)}" if others else ""
    return (
        f"{first!r} ({_rows(counts[first])}) and {second!r} ({_rows(counts[second])}) differ only "
        f"in capital letters{more}; write one spelling for each class"
    )


def say_lists(known: pd.Series) -> str:
    """Why cells that are lists of words are not read, and what to write; '' where they are none."""
    cells = [str(cell) for cell in known.unique()]
    if not all(LIST.fullmatch(cell) for cell in cells):
        return ""
    lists = [[word.strip(" '\"") for word in cell[1:-1].split(",")] for cell in cells]
    words = {word for one in lists for word in one if word}
    if len(words) > MOST_IN_LISTS or not any(re.search(r"[^\W\d_]", word) for word in words):
        return ""
    place = max(range(len(cells)), key=lambda number: (min(len(lists[number]), 2), -number))
    return (
        f"{cells[place]} is a list in one cell, which is not read; write the words alone, with "
        f"bars between ({'|'.join(lists[place])}), and none for an empty list"
    )


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"
