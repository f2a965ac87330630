"""One task: raw label values to class numbers or values and back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Task:
    """A task as the rooms see it; `classes` holds a name for every class of any kind but number."""

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
    parts: tuple["Task", ...] = ()  # of a product: the tasks whose classes it combines

    @property
    def learns_number(self) -> bool:
        """Whether its target is a number: a number's own, or the one behind classes with edges."""
        return self.kind == "regression" or (bool(self.edges) and bool(np.isfinite(self.low)))

    @property
    def num_columns(self) -> int:
        """Columns of a prediction: one a class, or one for the score or the value."""
        return len(self.classes) if self.kind == "multiclass" else 1

    @property
    def columns(self) -> list[str]:
        """Names of the prediction's columns: `mask.worn`, `age.value`, `smile.score`."""
        if self.kind == "multiclass":
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
    """The labels as the task's target: int64 class numbers, else float32 (scores 0 or 1).

    `edges` bins otherwise than the task says. Raises ValueError naming the image of a label that is
    missing or unknown.
    """
    if task.kind == "regression" or task.edges:
        numbers = to_numbers(task, values, image_ids=image_ids)
        if task.kind == "regression":
            return encode_number(task, values, image_ids=image_ids)
        return np.searchsorted(edges or task.edges, numbers, side="right").astype(np.int64)
    codes = pd.Index(task.classes).get_indexer(values.map(_as_word))
    if (codes < 0).any():
        first = int((codes < 0).argmax())
        raise LabelError(
            image_ids.iloc[first],
            f"{task.column} is {values.iloc[first]!r}; "
            f"the classes of task {task.name} are {', '.join(task.classes)}",
        )
    return codes.astype(np.float32 if task.kind == "binary" else np.int64)


def encode_number(task: Task, values: pd.Series, *, image_ids: pd.Series) -> np.ndarray:
    """The labels (N,) as float32. Raises ValueError naming the image of one outside low..high."""
    numbers = to_numbers(task, values, image_ids=image_ids)
    wrong = (numbers < task.low) | (numbers > task.high)
    if wrong.any():
        first, number = image_ids[wrong].iloc[0], numbers[wrong][0]
        span = f"low {task.low:g} to high {task.high:g}"
        raise LabelError(first, f"{task.column} is {number:g}, outside the task's {span}")
    return numbers.astype(np.float32)


def encode_band(numbers: np.ndarray, *, edges: Sequence[float], band: float) -> np.ndarray:
    """Soft targets (N, C) of whole numbers: within `band` of an edge both bins share the image.

    The share above an edge rises linearly from 0 at edge - band to 1 at edge + band, for the middle
    of the unit that a whole number stands for (30 is 30.5).
    """
    above = (numbers[:, None] + 0.5 - np.asarray(edges)[None, :]) / (2.0 * band) + 0.5
    above = np.clip(above, 0.0, 1.0)
    ones, zeros = np.ones((len(numbers), 1)), np.zeros((len(numbers), 1))
    cumulative = np.concatenate([ones, above, zeros], axis=1)
    return (cumulative[:, :-1] - cumulative[:, 1:]).clip(0.0).astype(np.float32)


def to_numbers(task: Task, values: pd.Series, *, image_ids: pd.Series) -> np.ndarray:
    """The label column as float64. Raises ValueError naming the image of one that is no number."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        first = int((~np.isfinite(numbers)).argmax())
        found = values.iloc[first]
        raise LabelError(image_ids.iloc[first], f"{task.column} is {found!r}, not a number")
    return numbers


def decide(task: Task, probs: np.ndarray, *, threshold: float = 0.5) -> np.ndarray:
    """The answer (N,) of probabilities (N, C): likeliest class, 0/1 for a score, clipped value.

    The first of equally likely classes wins.
    """
    if task.kind == "multiclass":
        return probs.argmax(axis=1)
    if task.kind == "binary":
        return (probs[:, 0] >= threshold).astype(np.int64)
    return np.clip(probs[:, 0], task.low, task.high)


def _as_word(value: object) -> str:
    """A label as its class's word: 1 and 1.0 are both '1'."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
