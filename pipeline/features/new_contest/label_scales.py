"""Words of labels that say more than their names: a scale in its order, several in one cell."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

SCALES = (  # the lowest word first; one list for each way to say it
    ("never", "rarely", "seldom", "sometimes", "often", "usually", "always"),
    (
        *("none", "no", "absent", "healthy", "normal", "minimal", "very mild", "mild"),
        *("moderate", "severe", "very severe", "extreme", "proliferative"),
    ),
    (
        *("extremely low", "very low", "low", "below average", "medium low", "medium", "average"),
        *("moderate", "normal", "medium high", "above average", "high", "very high"),
        *("extremely high",),
    ),
    ("very small", "tiny", "small", "medium", "large", "big", "very large", "huge"),
    (
        *("very poor", "terrible", "very bad", "bad", "poor", "fair", "ok", "okay", "average"),
        *("good", "very good", "excellent", "perfect"),
    ),
    (
        *("newborn", "baby", "infant", "toddler", "child", "kid", "preteen", "teen", "teenager"),
        *("adolescent", "young", "youth", "young adult", "adult", "middle", "middle aged"),
        *("middle age", "mature", "old", "elderly", "senior"),
    ),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("very negative", "negative", "neutral", "positive", "very positive"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("first", "second", "third", "fourth", "fifth"),
    ("light", "medium", "dark"),
    ("easy", "medium", "hard"),
)
NOTHING = ("none", "nothing", "no finding", "no_finding", "normal", "healthy", "empty", "no label")
HARD = ("|", ";", ",")  # what hardly stands in a class's name
MOST_LABELS = 60
LEAST_CELLS = 3  # different cells with several words


@dataclass(frozen=True)
class SeveralLabels:
    """The labels that cells hold several of, what parts them, and the word for none of them."""

    words: tuple[str, ...]
    separator: str
    nothing: str = ""


def find_scale(words: Sequence[str]) -> tuple[str, ...] | None:
    """The words in the order of a scale that has them all; None where none has, or of two words."""
    plain = {re.sub(r"[_-]+", " ", word.casefold()).strip(): word for word in words}
    if len(plain) < 3 or len(plain) < len(words):
        return None
    for scale in SCALES:
        if set(plain) <= set(scale):
            return tuple(plain[word] for word in scale if word in plain)
    return None


def find_several_labels(known: pd.Series) -> SeveralLabels | None:
    """How cells hold several labels; None where each is one label.

    Blanks part the words of one label too (`very low`, `dark brown`): they count only where words
    stand first in some cells and later in others.
    """
    cells = [str(cell).strip() for cell in known.unique()]
    for separator in (*HARD, " "):
        found = [_split(cell, separator) for cell in cells]
        longer = [words for words in found if len(words) > 1]
        if len(longer) < LEAST_CELLS or any(len(set(words)) < len(words) for words in longer):
            continue
        counts = Counter(word for words in found for word in words)
        first = {words[0] for words in longer}
        later = {word for words in longer for word in words[1:]}
        repeat = sum(count > 1 for count in counts.values()) >= 0.5 * len(counts)
        if len(counts) > MOST_LABELS or not repeat or len(counts) >= len(cells):
            continue
        if any(re.fullmatch(r"[\d.()\[\]-]+", word) for word in counts):
            continue
        if separator == " " and len(first & later) < 2:
            continue
        alone = {words[0] for words in found if len(words) == 1} - first - later
        nothing = next((word for word in sorted(alone) if word.casefold() in NOTHING), "")
        labels = tuple(sorted(word for word in counts if word != nothing))
        return SeveralLabels(labels, separator, nothing)
    return None


def _split(cell: str, separator: str) -> list[str]:
    parts = cell.split() if separator == " " else cell.split(separator)
    return [part.strip() for part in parts if part.strip()]
