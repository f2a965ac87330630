"""From an ensemble's outputs to what is said of each face. Numpy and words only.

A OutputSpec is plain values, so that an exported model carries it in a JSON file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.labels.answers import marginal_probs, split_classes

WORDS_JOIN = ", "  # between the labels of a face
LEAST = 1e-12  # below it a log-probability is not looked at


@dataclass(frozen=True)
class TaskSpec:
    """One task as it is read: its name, kind and words; `unit` values outside low..high are cut."""

    name: str
    kind: str  # of the task
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class OutputSpec:
    """One output of the ensemble: an answer of the contest (several tasks are multiplied, the first
    changing slowest), or a task beside it; with its decision."""

    name: str
    tasks: tuple[TaskSpec, ...]
    threshold: float | tuple[float, ...] = 0.5  # of a score; of several labels one or one each
    offsets: tuple[float, ...] | None = None  # of the classes' log-probabilities

    @property
    def is_product(self) -> bool:
        """Whether the output combines several tasks."""
        return len(self.tasks) > 1

    @property
    def sizes(self) -> list[int]:
        """How many classes each task has."""
        return [len(task.classes) for task in self.tasks]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` is the way back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "OutputSpec":
        """The output as `as_dict` wrote it."""
        tasks = tuple(TaskSpec(**{**t, "classes": tuple(t["classes"])}) for t in values["tasks"])
        offsets, threshold = values["offsets"], values["threshold"]
        if isinstance(threshold, list):
            threshold = tuple(threshold)
        return cls(values["name"], tasks, threshold, offsets and tuple(offsets))

    def decide(self, probs: np.ndarray) -> np.ndarray:
        """(N,) the class, 0 or 1, or the value, from (N, C); of several labels (N, C)."""
        task = self.tasks[0]
        if self.is_product or task.kind == "multiclass":
            if self.offsets is None:
                return probs.argmax(axis=1)
            return (np.log(np.clip(probs, LEAST, None)) + np.array(self.offsets)).argmax(axis=1)
        if task.kind == "multilabel":
            return (probs >= np.array(self.threshold)).astype(np.int64)
        if task.kind == "binary":
            return (probs[:, 0] >= self.threshold).astype(np.int64)
        low = -np.inf if task.low is None else task.low
        return np.clip(probs[:, 0], low, np.inf if task.high is None else task.high)


@dataclass(frozen=True)
class TaskPrediction:
    """What is said of one task of one face: the word, several labels' words or the number, how
    likely it is (None for a number or several labels), and every class's probability."""

    task: str
    text: str
    probability: float | None
    probs: dict[str, float]

    @property
    def number(self) -> float | None:
        """The value of a number; None for classes and labels."""
        is_number = self.probability is None and list(self.probs) == ["value"]
        return self.probs["value"] if is_number else None

    @property
    def words(self) -> list[str]:
        """The words that are answered: one, or those of several labels."""
        return [self.text] if self.probability is not None else self.text.split(WORDS_JOIN)


@dataclass(frozen=True)
class FacePrediction:
    """One face with all that is said of it; `answers` is the contest's own answer by column."""

    box: tuple[float, float, float, float]
    how: str
    detected: float
    said: tuple[TaskPrediction, ...]
    answers: dict[str, Any]


def read_outputs(
    readings: Sequence[OutputSpec],
    outputs: Mapping[str, np.ndarray],
    *,
    decided: Mapping[str, np.ndarray] | None = None,
) -> list[tuple[tuple[TaskPrediction, ...], dict[str, Any]]]:
    """For each of N faces what is said and answered, from outputs (N, C) by reading; `decided` (N,)
    or (N, C) are answers that were decided elsewhere."""
    num = len(next(iter(outputs.values())))
    said: list[list[TaskPrediction]] = [[] for _ in range(num)]
    answers: list[dict[str, Any]] = [{} for _ in range(num)]
    for reading in readings:
        probs = outputs[reading.name]
        found = (decided or {}).get(reading.name)
        found = reading.decide(probs) if found is None else found
        codes = split_classes(found, sizes=reading.sizes) if reading.is_product else [found]
        for place, task in enumerate(reading.tasks):
            each = probs
            if reading.is_product:
                each = marginal_probs(probs, sizes=reading.sizes, task=place)
            for row in range(num):
                said[row].append(_say(task, each[row], codes[place][row]))
        for row in range(num):
            answers[row][reading.name] = found[row].tolist()
    return [(tuple(said[row]), answers[row]) for row in range(num)]


def _say(task: TaskSpec, probs: np.ndarray, code: np.ndarray) -> TaskPrediction:
    if task.kind == "regression":
        value = float(code)
        text = f"{value:.0f}" if abs(value) >= 10 else f"{value:.3g}"
        return TaskPrediction(task.name, text, None, {"value": value})
    if task.kind == "multilabel":
        shares = dict(zip(task.classes, map(float, probs), strict=True))
        words = [word for word, yes in zip(task.classes, code, strict=True) if yes]
        return TaskPrediction(task.name, WORDS_JOIN.join(words) or "none of them", None, shares)
    if task.kind == "binary":
        score = float(probs[0])
        names = task.classes or ("0", "1")
        shares = {names[0]: 1.0 - score, names[1]: score}
    else:
        shares = dict(zip(task.classes, map(float, probs), strict=True))
    word = list(shares)[int(code)]
    return TaskPrediction(task.name, word, shares[word], shares)
