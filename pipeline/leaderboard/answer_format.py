"""How one answer is written in the contest's file, and read back from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.ensembling.answer_file import Column
from pipeline.metrics.answer_space import AnswerSpace


@dataclass(frozen=True)
class AnswerFormat:
    """How one answer is written: its columns, and what a value is.

    `value` is `index` (the class number), `label` (the class name), `probability` (of class 1; of a
    multiclass answer a column a class) or `number`. `whole`: numbers are rounded.
    """

    space: AnswerSpace
    columns: tuple[str, ...]
    value: str
    whole: bool = False

    @property
    def words(self) -> list[str]:
        """What is written for each class, by class number; none for other kinds of value."""
        if self.value == "label":
            return list(self.space.classes)
        if self.value == "index":
            return [str(number) for number in range(len(self.space.classes))]
        return []

    def write(self, joint: np.ndarray, decided: np.ndarray) -> list[Column]:
        """The columns of the file, of probabilities or values (N, C) and of the answers (N,)."""
        if self.value == "probability":
            return [
                Column(name, joint[:, place], bounds=(0.0, 1.0))
                for place, name in enumerate(self.columns)
            ]
        (name,) = self.columns
        if self.value == "number":
            task = self.space.tasks[0]
            values = _round(decided, low=task.low, high=task.high) if self.whole else decided
            return [Column(name, values, bounds=(task.low, task.high))]
        if self.value == "label":
            words = np.array(self.space.classes, dtype=object)
            return [Column(name, words[decided], allowed=set(self.space.classes))]
        return [Column(name, decided, allowed=set(range(len(self.space.classes))))]

    def read(self, frame: pd.DataFrame) -> np.ndarray:
        """What a file's texts say: class numbers or numbers (N,), or probabilities (N, C).

        The frame's index names a row in the ValueError for a value that is none of the contest's.
        """
        if len(self.columns) > 1:
            return np.stack([self.read_column(frame, name) for name in self.columns], axis=1)
        values = self.read_column(frame, self.columns[0])
        return values[:, None] if self.value == "probability" else values

    def read_column(self, frame: pd.DataFrame, name: str) -> np.ndarray:
        """One column (N,): class numbers (int64), or numbers (float64). Raises ValueError."""
        texts = frame[name].astype(str)
        if self.words:
            # `1.0` is what other programs write for the index 1
            codes = pd.Index(self.words).get_indexer(texts)
            if self.value == "index":
                codes = np.where(codes < 0, _whole_codes(texts, len(self.words)), codes)
            if (codes < 0).any():
                row = int((codes < 0).argmax())
                allowed = list_words(self.words)
                if self.value == "index":
                    allowed = f"class numbers from 0 to {len(self.words) - 1}"
                raise ValueError(
                    f"{frame.index[row]!r} is answered {texts.iloc[row]!r} in {name}; allowed: "
                    f"{allowed}"
                )
            return codes.astype(np.int64)
        numbers = to_floats(texts)
        low, high = self._span()
        wrong = ~np.isfinite(numbers) | (numbers < low) | (numbers > high)
        if wrong.any():
            row = int(wrong.argmax())
            span = "a number" if np.isinf([low, high]).all() else f"{low:g} to {high:g}"
            raise ValueError(
                f"{frame.index[row]!r} is answered {texts.iloc[row]!r} in {name}; it is to be "
                f"{span}"
            )
        return numbers

    def seen(self, written: np.ndarray) -> np.ndarray:
        """What the metric looks at in written answers: (N,), or probabilities (N, C)."""
        if self.value == "probability":
            return self.space.scored(written)
        looks_at = self.space.metric.looks_at
        if looks_at == "decision":
            return written
        if written.ndim == 1 and self.space.kind == "multiclass":  # a metric of probabilities
            return np.eye(len(self.space.classes))[written]
        return written.astype(np.float64)

    def _span(self) -> tuple[float, float]:
        if self.value == "probability":
            return 0.0, 1.0
        return self.space.tasks[0].low, self.space.tasks[0].high


def to_floats(texts: Sequence[str]) -> np.ndarray:
    """The texts (N,) as float64, NaN for one that is no number; exact, unlike pandas' own."""

    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return np.nan

    return np.array([number(text) for text in texts], dtype=np.float64)


def list_words(words: Sequence[str], *, most: int = 6) -> str:
    """The words for a sentence: all of them, or the first few and their number."""
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[: most - 2])}, … ({len(words)} in all)"


def _round(values: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """The nearest whole numbers (N,) int64 that are not below `low` nor above `high`."""
    return np.clip(np.rint(values), np.ceil(low), np.floor(high)).astype(np.int64)


def _whole_codes(texts: pd.Series, num_classes: int) -> np.ndarray:
    numbers = to_floats(texts)
    fits = np.isfinite(numbers) & (numbers % 1 == 0) & (numbers >= 0) & (numbers < num_classes)
    return np.where(fits, np.nan_to_num(numbers, posinf=0, neginf=0), -1).astype(np.int64)
