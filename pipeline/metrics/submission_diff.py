"""Two answer files beside each other: which answers changed, and in which attribute. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.labels.answers import split_classes


@dataclass(frozen=True)
class Attribute:
    """A part of a combined answer: a task's name and the words of its classes."""

    name: str
    classes: tuple[str, ...]


def count_flips(
    first: np.ndarray, second: np.ndarray, attributes: Sequence[Attribute]
) -> pd.DataFrame:
    """How often each attribute went from one class to another, the commonest first.

    `first` and `second` are combined class numbers (N,); columns attribute, was, now, count, share
    (of all rows).
    """
    rows = []
    sizes = [len(attribute.classes) for attribute in attributes]
    parts = zip(split_classes(first, sizes=sizes), split_classes(second, sizes=sizes), strict=True)
    for attribute, (one, other) in zip(attributes, parts, strict=True):
        moved = one != other
        size = len(attribute.classes)
        pairs, counts = np.unique(one[moved] * size + other[moved], return_counts=True)
        rows += [
            {
                "attribute": attribute.name,
                "was": attribute.classes[pair // size],
                "now": attribute.classes[pair % size],
                "count": int(count),
                "share": count / len(first),
            }
            for pair, count in zip(pairs, counts, strict=True)
        ]
    frame = pd.DataFrame(rows, columns=["attribute", "was", "now", "count", "share"])
    return frame.sort_values("count", ascending=False, kind="stable").reset_index(drop=True)


def name_flips(first: np.ndarray, second: np.ndarray, attributes: Sequence[Attribute]) -> list[str]:
    """What changed in each row, in words: `age 30-60 -> <30, mask worn -> none`; '' for nothing."""
    sizes = [len(attribute.classes) for attribute in attributes]
    said: list[list[str]] = [[] for _ in first]
    parts = zip(split_classes(first, sizes=sizes), split_classes(second, sizes=sizes), strict=True)
    for attribute, (one, other) in zip(attributes, parts, strict=True):
        for row in np.flatnonzero(one != other):
            was, now = attribute.classes[one[row]], attribute.classes[other[row]]
            said[row].append(f"{attribute.name} {was} -> {now}")
    return [", ".join(words) for words in said]


@dataclass(frozen=True)
class Shift:
    """How far numbers moved: rows that changed, the mean over all rows, the largest and where."""

    num_changed: int
    mean: float  # of the absolute changes, over all rows
    bias: float  # of the changes: above 0, the second answers more
    largest: float
    row: int


def measure_shift(first: np.ndarray, second: np.ndarray) -> Shift:
    """The change from `first` to `second` (N,)."""
    moved = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    row = int(np.abs(moved).argmax())
    return Shift(
        num_changed=int((moved != 0).sum()),
        mean=float(np.abs(moved).mean()),
        bias=float(moved.mean()),
        largest=float(moved[row]),
        row=row,
    )


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """How unlike two answers are: the share of rows that differ; of fractions the mean change."""
    first, second = np.asarray(first), np.asarray(second)
    if np.issubdtype(first.dtype, np.floating) and np.issubdtype(second.dtype, np.floating):
        return float(np.abs(first - second).mean())
    return float((first != second).mean())
