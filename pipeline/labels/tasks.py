"""One task: raw label values to class numbers or values and back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.labels.kinds import COLUMN_A_CLASS
from pipeline.labels.label_sets import parse_texts, write_texts
from pipeline.labels.label_words import NOTHING, SEPARATOR

MISSING_WORDS = ("", "nan", "none", "null", "na", "n/a", "?", "-")  # of no label, in any case


@dataclass(frozen=True)
class Task:
    """A task with its classes (of kind multilabel: its labels) named; a task of kind regression has
    none."""

    name: str
    kind: str
    column: str
    classes: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    low: float = -np.inf
    high: float = np.inf
    scale: float = 1.0
    centre: float = 0.0
    constant: bool = False
    metric: str = ""
    group: str | None = None  # a numeric column of the images table
    separator: str = SEPARATOR  # of the labels of an image with several
    nothing: str = NOTHING  # the word for an image with none of them
    parts: tuple["Task", ...] = ()  # of a product: the tasks whose classes it combines

    @property
    def learns_number(self) -> bool:
        """Whether its target is a number: a number's own, or the one behind classes with edges."""
        return self.kind == "regression" or (bool(self.edges) and bool(np.isfinite(self.low)))

    @property
    def num_columns(self) -> int:
        """Columns of a prediction: one a class, or one for the score or the value."""
        return len(self.classes) if self.kind in COLUMN_A_CLASS else 1

    @property
    def columns(self) -> list[str]:
        """Names of the prediction's columns: `mask.worn`, `age.value`, `smile.score`."""
        if self.kind in COLUMN_A_CLASS:
            return [f"{self.name}.{word}" for word in self.classes]
        return [f"{self.name}.{'score' if self.kind == 'binary' else 'value'}"]


class LabelError(ValueError):
    """A label that its task does not know, in one image."""

    def __init__(self, image_id: str, says: str) -> None:
        super().__init__(f"{image_id}: {says}")
        self.image_id = image_id


def bin_names(edges: Sequence[float]) -> tuple[str, ...]:
    """Names of the bins that rising edges make: (30, 60) gives <30, 30-60, >=60."""
    words = [f"{edge:g}" for edge in edges]
    middle = [f"{low}-{high}" for low, high in pairwise(words)]
    return (f"<{words[0]}", *middle, f">={words[-1]}")


def bin_edges(values: np.ndarray, *, num_bins: int) -> np.ndarray:
    """The inner edges (num_bins - 1,) of equally wide bins from the least value to the greatest."""
    return np.linspace(values.min(), values.max(), num_bins + 1)[1:-1].astype(values.dtype)


def encode(
    task: Task, values: pd.Series, *, image_ids: pd.Series, edges: Sequence[float] | None = None
) -> np.ndarray:
    """The task's target of each label (N,): int64 class numbers, or float32 values and scores; of
    kind multilabel (N, C) float32 of 0 and 1.

    A missing label is -1 among class numbers and NaN among floats. `edges` bins a number at other
    places than the task does. Raises LabelError naming the image of the first wrong label.
    """
    if task.kind == "regression":
        return encode_number(task, values, image_ids=image_ids)
    if task.edges:
        numbers = to_numbers(task, values, image_ids=image_ids)
        codes = np.searchsorted(edges or task.edges, numbers, side="right")
        codes[np.isnan(numbers)] = -1  # searchsorted puts NaN into the last bin
        return codes.astype(np.int64)
    if task.kind == "multilabel":
        return encode_labels(task, values, image_ids=image_ids)
    codes = class_numbers(task, values)
    missing = is_missing(task, values)
    wrong = (codes < 0) & ~missing
    if wrong.any():
        first = int(wrong.argmax())
        raise LabelError(
            image_ids.iloc[first],
            f"{task.column} is {values.iloc[first]!r}; "
            f"the classes of task {task.name} are {', '.join(task.classes)}",
        )
    if task.kind == "binary":
        return np.where(codes < 0, np.nan, codes).astype(np.float32)
    return codes.astype(np.int64)


def encode_labels(task: Task, values: pd.Series, *, image_ids: pd.Series) -> np.ndarray:
    """The labels (N, C) as float32 0 and 1, NaN where one is not known, or where a text is missing.

    Raises LabelError naming the image of the first word that is none of the task's labels.
    """
    found, wrong = _parse(task, values)
    if wrong:
        row, word = next(iter(wrong.items()))
        raise LabelError(
            image_ids.iloc[row],
            f"{task.column} holds {word!r}; the labels of task {task.name} are "
            f"{', '.join(task.classes)}",
        )
    return found


def label_texts(task: Task, targets: np.ndarray) -> np.ndarray:
    """The texts (N,) of the labels (N, C) of a task of kind multilabel, None for a missing row."""
    return write_texts(targets, labels=task.classes, separator=task.separator, nothing=task.nothing)


def _parse(task: Task, values: pd.Series) -> tuple[np.ndarray, dict[int, str]]:
    words = values.map(_as_word).str.strip()
    texts = words.where(~is_missing(task, values), None)
    return parse_texts(texts, labels=task.classes, separator=task.separator, nothing=task.nothing)


def encode_number(task: Task, values: pd.Series, *, image_ids: pd.Series) -> np.ndarray:
    """The labels (N,) as float32, NaN where one is missing.

    Raises LabelError naming the image of the first that is no number, or outside low..high.
    """
    numbers = to_numbers(task, values, image_ids=image_ids)
    wrong = (numbers < task.low) | (numbers > task.high)
    if wrong.any():
        first, number = image_ids[wrong].iloc[0], numbers[wrong][0]
        span = f"low {task.low:g} to high {task.high:g}"
        raise LabelError(first, f"{task.column} is {number:g}, outside the task's {span}")
    return numbers.astype(np.float32)


def to_numbers(task: Task, values: pd.Series, *, image_ids: pd.Series) -> np.ndarray:
    """The label column as float64, NaN where a label is missing.

    Raises LabelError naming the image of the first label that is no number.
    """
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(numbers) & ~is_missing(task, values)
    if wrong.any():
        first = int(wrong.argmax())
        found = values.iloc[first]
        raise LabelError(image_ids.iloc[first], f"{task.column} is {found!r}, not a number")
    return np.where(np.isfinite(numbers), numbers, np.nan)


def is_missing(task: Task, values: pd.Series) -> np.ndarray:
    """Which labels (N,) bool are empty, or a word for that (`nan`, `?`) that is no class."""
    words = values.map(_as_word).str.strip()
    empty = values.isna() | words.str.casefold().isin(MISSING_WORDS)
    if task.classes and not task.edges:
        # `none` is a class of masks, and in another case a wrong one rather than a missing one
        empty &= ~words.str.casefold().isin([word.casefold() for word in task.classes])
    if task.kind == "multilabel":
        empty &= words != task.nothing
    return empty.to_numpy(dtype=bool)


def is_labelled(targets: np.ndarray) -> np.ndarray:
    """Which targets (N,) or (N, C) that `encode` gave hold a label (of several: any), (N,) bool."""
    if targets.dtype.kind == "f":
        known = ~np.isnan(targets)
        return known if known.ndim == 1 else known.any(axis=1)
    return targets >= 0


def class_numbers(task: Task, values: pd.Series) -> np.ndarray:
    """The class number (N,) int64 of each label as it is spelt, -1 where it is none.

    A word is its own class. Two spellings of one number (`0` and `0.0`) or of one truth value
    (`True` and `true`) are one class where no two classes are spelt so.
    """
    words = values.map(_as_word).str.strip()
    codes = pd.Index(task.classes).get_indexer(words)
    plain = [plain_word(word) for word in task.classes]
    if (codes < 0).any() and len(set(plain)) == len(plain):
        unknown = codes < 0
        codes[unknown] = pd.Index(plain).get_indexer(words[unknown].map(plain_word))
    return codes.astype(np.int64)


def wrong_labels(task: Task, values: pd.Series) -> dict[str, np.ndarray]:
    """Which labels (N,) bool are wrong, by what is wrong with them; missing ones are not wrong."""
    known = ~is_missing(task, values)
    if task.kind == "multilabel":
        return _wrong_words(task, values)
    if task.classes and not task.edges:
        wrong = {f"not one of {', '.join(task.classes)}": known & (class_numbers(task, values) < 0)}
    else:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
        finite = np.isfinite(numbers)
        outside = finite & ((numbers < task.low) | (numbers > task.high))
        wrong = {
            "not a number": known & ~finite,
            f"outside low {task.low:g} to high {task.high:g}": known & outside,
        }
    return {kind: places for kind, places in wrong.items() if places.any()}


def _wrong_words(task: Task, values: pd.Series) -> dict[str, np.ndarray]:
    """Which texts (N,) bool hold a word that is no label, by what is wrong: the word that is in
    most of them, with the nearest label."""
    _, wrong = _parse(task, values)
    if not wrong:
        return {}
    places = np.zeros(len(values), dtype=bool)
    places[list(wrong)] = True
    word = pd.Series(list(wrong.values())).mode().iloc[0]
    close = get_close_matches(word, task.classes, n=1, cutoff=0.6)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    allowed = ", ".join(task.classes)
    return {f"not made of its labels: {word!r} is none{hint}; they are {allowed}": places}


def encode_band(numbers: np.ndarray, *, edges: Sequence[float], band: float) -> np.ndarray:
    """Soft targets (N, C) of whole numbers: within `band` of an edge both bins share the image.

    The share above an edge rises linearly from 0 at edge - band to 1 at edge + band, for the middle
    of the unit that a whole number stands for (30 is 30.5). The row of a missing number is NaN.
    """
    above = (numbers[:, None] + 0.5 - np.asarray(edges)[None, :]) / (2.0 * band) + 0.5
    above = np.clip(above, 0.0, 1.0)
    ones = np.ones((len(numbers), 1))
    zeros = np.zeros((len(numbers), 1))
    cumulative = np.concatenate([ones, above, zeros], axis=1)
    return (cumulative[:, :-1] - cumulative[:, 1:]).clip(0.0).astype(np.float32)


def decide(
    task: Task, probs: np.ndarray, *, threshold: float | Sequence[float] = 0.5
) -> np.ndarray:
    """The decision (N,) of probabilities (N, C): likeliest class, 0 or 1, or the clipped value; of
    kind multilabel (N, C) of 0 and 1, `threshold` one for all labels or one a label.

    The first of equally likely classes wins.
    """
    if task.kind == "multiclass":
        return probs.argmax(axis=1)
    if task.kind == "multilabel":
        return (probs >= np.asarray(threshold)).astype(np.int64)
    if task.kind == "binary":
        return (probs[:, 0] >= threshold).astype(np.int64)
    return np.clip(probs[:, 0], task.low, task.high)


def _as_word(value: object) -> str:
    """A label as its class's word: 1 and 1.0 are both '1'."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def plain_word(word: str) -> str:
    """One spelling for all that mean the same number or the same truth value."""
    if word.casefold() in ("true", "false"):
        return word.casefold()
    try:
        number = float(word)
    except ValueError:
        return word
    # JSON, YAML and pandas write one number in several ways; `nan` and `inf` are words here
    return f"{number:.12g}" if np.isfinite(number) else word
