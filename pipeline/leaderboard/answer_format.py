"""How one answer is written in the contest's file, and read back from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.ensembling.answer_file import Column
from pipeline.labels.label_words import NOTHING, split_text
from pipeline.labels.number_words import NumberStyle
from pipeline.metrics.answer_space import AnswerSpace


@dataclass(frozen=True)
class AnswerFormat:
    """How one answer is written: its columns, and what a value is.

    `value` is `index` (the class number), `label` (the class name), `probability` (of class 1; of a
    multiclass answer a column a class) or `number`. `whole`: numbers are rounded as the sample's
    are. Of several labels `index` is 0 or 1 in a column a label, `label` their words in one column,
    with `separator` in between; `top` such words are the likeliest classes or labels, the likeliest
    first. Probabilities and numbers are clipped, then brought to sum 1 with `normalise`, then
    rounded to `decimals`, as far as each is asked for, and spelt in the sample's `style`.
    """

    space: AnswerSpace
    columns: tuple[str, ...]
    value: str
    whole: bool = False
    top: int = 0
    separator: str = " "
    clip: tuple[float, float] | None = None
    normalise: bool = False
    decimals: int | None = None
    style: NumberStyle | None = None

    @property
    def change(self) -> str:
        """What writing does to the model's probabilities or numbers, in words; '' for nothing."""
        if self.top:
            return ""  # such a metric looks at the likeliest classes alone
        if self.value in ("index", "label"):
            looks_at = self.space.metric.looks_at
            return "" if looks_at == "decision" else f"decided answers ({self.value})"
        done = []
        if self.clip is not None:
            done.append(f"clipped to {self.clip[0]:g}..{self.clip[1]:g}")
        if self.normalise:
            done.append("brought to sum 1")
        if self.decimals is not None:
            number = "whole numbers" if self.decimals == 0 else f"{self.decimals} decimals"
            done.append(f"rounded to {number}")
        elif self.whole:
            done.append("whole numbers, as the sample's are")
        return ", ".join(done)

    @property
    def words(self) -> list[str]:
        """What is written for each class, by class number; none for other kinds of value."""
        if self.value == "label":
            return list(self.space.classes)
        if self.value == "index":
            return [str(number) for number in range(len(self.space.classes))]
        return []

    @property
    def holds_words(self) -> bool:
        """Whether its one column holds several words: labels, or the likeliest classes."""
        return self.value == "label" and (self.top > 0 or self.space.kind == "multilabel")

    def write(self, joint: np.ndarray, decided: np.ndarray) -> list[Column]:
        """The columns of the file, of probabilities or values (N, C) and of the answers (N,); of
        several labels (N, C)."""
        if self.value == "probability":
            values = self._settle(joint)
            return [
                Column(name, values[:, place], bounds=(0.0, 1.0), style=self.style)
                for place, name in enumerate(self.columns)
            ]
        if self.space.kind == "multilabel" and self.value == "index":
            return [
                Column(name, decided[:, place], allowed={0, 1})
                for place, name in enumerate(self.columns)
            ]
        (name,) = self.columns
        if self.top or self.space.kind == "multilabel":
            return [Column(name, self._texts(joint, decided))]
        if self.value == "number":
            values = self._settle(decided[:, None])[:, 0]
            return [Column(name, values, bounds=self._span(), style=self.style)]
        if self.value == "label":
            words = np.array(self.space.classes, dtype=object)
            return [Column(name, words[decided], allowed=set(self.space.classes))]
        return [Column(name, decided, allowed=set(range(len(self.space.classes))))]

    def as_written(self, joint: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """What the metric sees of these answers once they are in the file: (N,), or (N, C)."""
        if self.value == "probability":
            return self.seen(self._settle(joint))
        if self.value == "number":
            return self.seen(self._settle(decided[:, None])[:, 0].astype(np.float64))
        if self.top or (self.space.kind == "multilabel" and self.value == "label"):
            (column,) = self.write(joint, decided)
            return self.seen(self.read(pd.DataFrame({column.name: column.values})))
        return self.seen(decided)

    def _settle(self, values: np.ndarray) -> np.ndarray:
        """Probabilities or numbers (N, C) as they are written."""
        if self.clip is not None:
            values = np.clip(values, *self.clip)
        if self.normalise:
            values = values / values.sum(axis=1, keepdims=True)
        decimals = 0 if self.decimals is None and self.whole else self.decimals
        if decimals is None:
            return values
        low, high = self._span()
        rounded = _round(values, decimals=decimals, low=low, high=high)
        return rounded.astype(np.int64) if decimals == 0 else rounded

    def read(self, frame: pd.DataFrame) -> np.ndarray:
        """What a file's texts say: class numbers or numbers (N,), or probabilities (N, C); of
        several labels 0 and 1 (N, C), of the likeliest words 1 / place (N, C).

        The frame's index names a row in the ValueError for a value that is none of the contest's.
        """
        if self.holds_words:
            return self._read_words(frame)
        if len(self.columns) > 1 or self.space.kind == "multilabel":
            return np.stack([self.read_column(frame, name) for name in self.columns], axis=1)
        values = self.read_column(frame, self.columns[0])
        return values[:, None] if self.value == "probability" else values

    def read_column(self, frame: pd.DataFrame, name: str) -> np.ndarray:
        """One column (N,): class numbers (int64), or numbers (float64). Raises ValueError."""
        texts = frame[name].astype(str)
        if self.space.kind == "multilabel" and self.value == "index":
            return self._read_numbers(frame, name, allowed=(0.0, 1.0)).astype(np.int64)
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
        return self._read_numbers(frame, name)

    def split(self, text: str) -> list[str]:
        """The words of a text of several."""
        return split_text(text, separator=self.separator)

    def seen(self, written: np.ndarray) -> np.ndarray:
        """What the metric looks at in written answers: (N,), or probabilities (N, C)."""
        if self.value == "probability":
            return self.space.scored(written)
        looks_at = self.space.metric.looks_at
        if looks_at == "decision" or (written.ndim == 2 and self.value != "probability"):
            return written
        if written.ndim == 1 and self.space.kind == "multiclass":  # a metric of probabilities
            return np.eye(len(self.space.classes))[written]
        return written.astype(np.float64)

    def _texts(self, joint: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """The words (N,) of the likeliest classes, or of the decided labels; where none is decided
        the task's word for that, and without such a word the likeliest label: no file may hold an
        empty answer."""
        words = np.array(self.space.classes, dtype=object)
        order = np.argsort(-joint, axis=1, kind="stable")
        if self.top:
            return np.array([self.separator.join(words[row[: self.top]]) for row in order])
        nothing = self.space.tasks[0].nothing
        texts = np.empty(len(joint), dtype=object)
        for place, row in enumerate(decided.astype(bool)):
            texts[place] = self.separator.join(words[row])
            if not row.any():
                texts[place] = words[order[place, 0]] if nothing == NOTHING else nothing
        return texts

    def _read_words(self, frame: pd.DataFrame) -> np.ndarray:
        """The classes (N, C) that a column of words names: 1, or 1 / place of the likeliest."""
        (name,) = self.columns
        places = {word: place for place, word in enumerate(self.space.classes)}
        found = np.zeros((len(frame), len(places)), dtype=np.float64)
        nothing = self.space.tasks[0].nothing
        for row, text in enumerate(frame[name].astype(str)):
            for number, word in enumerate([] if text == nothing else self.split(text)):
                if word not in places:
                    raise ValueError(
                        f"{frame.index[row]!r} is answered {text!r} in {name}; {word!r} is none of "
                        f"{list_words(self.space.classes)}"
                    )
                found[row, places[word]] = 1.0 / (1 + number) if self.top else 1.0
        return found if self.top else found.astype(np.int64)

    def _read_numbers(
        self, frame: pd.DataFrame, name: str, *, allowed: Sequence[float] | None = None
    ) -> np.ndarray:
        """One column (N,) of numbers (float64). Raises ValueError for one that can't be."""
        texts = frame[name].astype(str)
        numbers = to_floats(texts if self.style is None else texts.map(self.style.read))
        low, high = self._span()
        wrong = ~np.isfinite(numbers) | (numbers < low) | (numbers > high)
        if allowed is not None:
            wrong |= ~np.isin(numbers, allowed)
        if wrong.any():
            row = int(wrong.argmax())
            span = "a number" if np.isinf([low, high]).all() else f"{low:g} to {high:g}"
            raise ValueError(
                f"{frame.index[row]!r} is answered {texts.iloc[row]!r} in {name}; it is to be "
                f"{span}"
            )
        return numbers

    def _span(self) -> tuple[float, float]:
        if self.value in ("probability", "index"):
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


def _round(values: np.ndarray, *, decimals: int, low: float, high: float) -> np.ndarray:
    """The nearest numbers of so many decimals that are not below `low` nor above `high`."""
    step = 10.0**decimals
    least, most = np.ceil(low * step) / step, np.floor(high * step) / step
    return np.clip(np.round(values, decimals), least, most)


def _whole_codes(texts: pd.Series, num_classes: int) -> np.ndarray:
    numbers = to_floats(texts)
    fits = np.isfinite(numbers) & (numbers % 1 == 0) & (numbers >= 0) & (numbers < num_classes)
    return np.where(fits, np.nan_to_num(numbers, posinf=0, neginf=0), -1).astype(np.int64)
