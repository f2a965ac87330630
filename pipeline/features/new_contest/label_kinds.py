"""What a column of labels is: classes, a yes or no, or a number, by its values and its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from pipeline.features.new_contest.label_scales import find_scale, find_several_labels
from pipeline.features.new_contest.label_spellings import say_lists, say_mixed_spellings
from pipeline.features.new_contest.table_columns import known_values
from pipeline.labels.number_words import find_style, say_unsure_numbers

AGE_NAME = re.compile(r"(.*_)?(age|ages|real_age|apparent_age\w*|years?)(_.*)?")
NUMBER_NAME = re.compile(
    r".*(rating|beauty|attract|bmi|height|weight|yaw|pitch|roll|angle|occlu|share|percent|income"
    r"|valence|arousal|pawpularity|intensity|quality)\w*|.*_[xy]"
)
GRADE_NAME = re.compile(r".*(grade|level|severity|stage|ordinal|diagnosis)\w*")
YEARS = r"( ?(y|yrs?|years?)\.?)?( ?old)?"
RANGE = re.compile(
    rf"[(\[] ?\d+ ?, ?\d+ ?[)\]]|[(\[]? ?\d+ ?(-|–|_|to) ?\d+{YEARS} ?[)\]]?"
    rf"|\d+ ?(\+|(and|or) (over|more|above|older|under|below|less|younger)){YEARS}"
    rf"|\d+{YEARS} ?(\+|(and|or) (over|more|above|older|under|below|less|younger))"
    rf"|(more than|over|above|under|below|less than|up to|[<>]=?) ?_?\d+{YEARS}",
    re.IGNORECASE,
)
LESS = re.compile(r"\D*(<|under|below|less|up to)|.*\b(under|below|less|younger)$", re.IGNORECASE)
MORE = re.compile(r"\D*(more|over|above|>)", re.IGNORECASE)
PAIRS = (  # the word for 0 first
    ("0", "1"),
    ("-1", "1"),
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("male", "female"),
    ("m", "f"),
    ("man", "woman"),
    ("men", "women"),
    ("real", "fake"),
    ("live", "spoof"),
    ("negative", "positive"),
    ("normal", "abnormal"),
    ("neg", "pos"),
    ("original", "fake"),
    ("closed", "open"),
)
FEW_CLASSES = 12  # whole numbers with more values than this are measured, not counted
MOST_CLASSES = 200
OLDEST = 120.0


@dataclass(frozen=True)
class LabelKind:
    """The kind of a task and its settings; `why` says what in the values led there.

    `kind` is '' for a column that can be no label, and `why` says so.
    """

    kind: str
    why: str
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    centre: float = 0.0
    scale: float = 1.0
    invalid: bool = False  # some values can't be, and are left out
    balance: float = field(default=1.0)  # rows of the rarest class, as a share of an even one
    separator: str = ""  # between the words of several labels in one cell
    nothing: str = ""  # the word for an image with none of them
    read: str = ""  # how its numbers are read, in words, where they are not plain
    problem: str = ""  # what must be mended in the table before it can be a label


def guess_kind(name: str, values: pd.Series, *, rows_of_file: float = 1.0) -> LabelKind:
    """The kind of a label column of texts.

    `rows_of_file` is the mean number of rows for one image: several are raters, whose mean is a
    number.
    """
    known = known_values(values)
    distinct = list(known.value_counts().index)
    if len(distinct) < 2:
        return LabelKind("", f"{name} has one value only")
    problem = say_lists(known) or say_mixed_spellings(known)
    if problem:
        return LabelKind("multiclass", "words", problem=problem)
    style = find_style(known)
    plain = known if style is None else known.map(style.read)
    numbers = pd.to_numeric(plain, errors="coerce")
    if numbers.notna().mean() > 0.9 and len(distinct) > 2:
        found = _number_kind(name, known, numbers, counts=style is None, rows_of_file=rows_of_file)
        return found if style is None else replace(found, read=style.describe(known))
    problem = say_unsure_numbers(known) if len(distinct) > 2 else ""
    if problem:
        return LabelKind("regression", "numbers", problem=problem)
    if len({_plain(word) for word in distinct}) == 2:
        return _pair_kind(known)
    ranges = _find_ranges(known)
    if ranges:
        return _range_kind(known, ranges)
    several = find_several_labels(known)
    if several is not None:
        return LabelKind(
            "multilabel",
            f"cells of several of {len(several.words)} words, parted by {several.separator!r}",
            several.words,
            separator=several.separator,
            nothing=several.nothing,
        )
    scale = find_scale(distinct)
    if scale is not None:
        why = f"{len(scale)} words of a scale, from {scale[0]} to {scale[-1]}"
        return LabelKind("multiclass", why, scale, balance=_balance(known))
    if len(distinct) > MOST_CLASSES or len(distinct) > 0.5 * len(known):
        return LabelKind("", f"{name} has {len(distinct)} different words in {len(known)} rows")
    classes = sort_classes(distinct)
    return LabelKind(
        "multiclass", f"{len(classes)} different words", tuple(classes), balance=_balance(known)
    )


def check_label(label: LabelKind, *, place: str) -> None:
    """Raises ValueError where the values, which stand at `place`, must be mended first."""
    if label.problem:
        raise ValueError(
            f"new: {place}: {label.problem}, wherever such labels stand, and type the same again"
        )


def sort_classes(words: Sequence[str]) -> list[str]:
    """Classes in their natural order: numbers and ranges by number, words by letter."""

    def key(word: str) -> tuple[float, str]:
        found = re.search(r"\d+(\.\d+)?", word)
        begins = found is not None and re.fullmatch(r"\D{0,12}", word[: found.start()]) is not None
        beside = -0.5 if LESS.match(word) else 0.5 if MORE.match(word) else 0.0
        return (float(found.group()) + beside if begins and found else np.inf, word)

    return sorted(words, key=key)


def order_pair(words: Sequence[str]) -> tuple[str, ...]:
    """Two classes, the one for no first where that is known; else by letter."""
    plain = {_plain(word): word for word in words}
    for pair in PAIRS:
        if set(plain) == set(pair):
            return tuple(plain[word] for word in pair)
    return tuple(sort_classes(list(plain.values())))


def _plain(word: str) -> str:
    """`1` for 1.0 and +1, else the word in small letters."""
    try:
        number = float(word)
    except ValueError:
        return word.casefold()
    return f"{number:g}"


def _pair_kind(known: pd.Series) -> LabelKind:
    plain = known.map(_plain)
    counts = plain.value_counts()
    spelt = {_plain(word): word for word in known.value_counts().index[::-1]}
    numbers_only = all(re.fullmatch(r"[+-]?\d+(\.0+)?", word) for word in spelt.values())
    words = list(counts.index) if numbers_only else [spelt[word] for word in counts.index]
    classes = order_pair(words)
    share = counts.min() / len(plain)
    why = f"two values, the rarer one in {share:.0%} of the rows; the word for 0 stands first"
    return LabelKind("binary", why, classes, balance=2.0 * share)


def _number_kind(
    name: str, known: pd.Series, numbers: pd.Series, *, counts: bool, rows_of_file: float
) -> LabelKind:
    """Classes where the numbers are few, whole and begin at -1, 0 or 1, and the column's name is no
    measure; else a number with its range. `counts`: they are plain, and so can be classes."""
    found = numbers.dropna().to_numpy(dtype=np.float64)
    word = name.casefold()
    whole = bool((found % 1 == 0).all())
    values = np.unique(found)
    measured = NUMBER_NAME.fullmatch(word) is not None or AGE_NAME.fullmatch(word) is not None
    few = whole and len(values) <= FEW_CLASSES and values[0] in (-1.0, 0.0, 1.0)
    if counts and few and not measured and rows_of_file < 1.5 and len(values) < 0.5 * len(found):
        classes = tuple(f"{value:g}" for value in values)
        why = f"{len(classes)} whole numbers, {classes[0]} to {classes[-1]}, taken as classes"
        return LabelKind("multiclass", why, classes, balance=_balance(known))
    wrong = int(numbers.isna().sum())
    low, high, said = _span(word, found, whole=whole)
    inside = found
    if low is not None:
        inside = inside[inside >= low]
    if high is not None:
        inside = inside[inside <= high]
    wrong += len(found) - len(inside)
    why = f"{len(values)} different numbers from {found.min():g} to {found.max():g}{said}"
    centre, scale = float(np.median(inside)), float(np.std(inside))
    return LabelKind(
        "regression",
        why,
        low=low,
        high=high,
        centre=_short(centre),
        scale=_short(scale) or 1.0,
        invalid=wrong > 0,
    )


def _span(word: str, found: np.ndarray, *, whole: bool) -> tuple[float | None, float | None, str]:
    """The range that a number can have, and how it was found, in words."""
    if AGE_NAME.fullmatch(word):
        return 0.0, OLDEST, "; an age lies between 0 and 120"
    if found.min() >= 0.0 and found.max() <= 1.0:
        return 0.0, 1.0, "; so a share"
    if whole and len(np.unique(found)) <= 21:
        return float(found.min()), float(found.max()), "; so a scale"
    if found.min() >= 1.0 and found.max() <= 5.0:
        return 1.0, 5.0, "; so a rating"
    if found.min() >= 0.0 and found.max() <= 100.0 and found.max() > 90.0:
        return 0.0, 100.0, "; so of 100"
    if found.min() >= 0.0:
        return 0.0, None, ""
    return None, None, ""


def _find_ranges(known: pd.Series) -> list[str]:
    """The words that are ranges of numbers, `(25, 32)` or `more than 70`, where most are."""
    counts = known.value_counts()
    ranges = [word for word in counts.index if RANGE.fullmatch(word) and not word.isdecimal()]
    if len(ranges) >= 3 and counts[ranges].sum() > 0.5 * len(known):
        return ranges
    return []


def _range_kind(known: pd.Series, ranges: Sequence[str]) -> LabelKind:
    counts = known.value_counts()
    others = [word for word in counts.index if word not in ranges]
    why = f"{len(ranges)} ranges of numbers"
    if others:
        rows = int(counts[others].sum())
        shown = ", ".join(others[:4])
        why += f"; {rows} rows hold something else ({shown}) and are left out"
    in_ranges = known[known.isin(ranges)]
    return LabelKind(
        "multiclass",
        why,
        tuple(sort_classes(ranges)),
        invalid=bool(others),
        balance=_balance(in_ranges),
    )


def _balance(known: pd.Series) -> float:
    counts = known.value_counts()
    return float(counts.min() / (len(known) / len(counts)))


def _short(number: float) -> float:
    """A number with three digits that count: a start for training need not be exact."""
    return float(f"{number:.3g}")
