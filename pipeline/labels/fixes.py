"""Corrections that a user lays over the labels, each with its reason. Only the CSV is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import mark_unlabelled, read_csv
from pipeline.labels.tasks import Task, encode

KEYS = ("image_id", "person_id")
FIX_COLUMNS = (*KEYS, "column", "value", "reason")  # of a file of fixes
FIXED = ("image_id", "path", "part", "status", "message")  # what a row is, no label


@dataclass(frozen=True)
class Fix:
    """One line: what `column` is to be in the images whose `key` is `name`. '' takes it out."""

    line: int
    key: str
    name: str
    column: str
    value: str


@dataclass(frozen=True)
class AppliedFixes:
    """How many fixes there were, on how many images, and how many of each column."""

    num_fixes: int
    num_images: int
    columns: dict[str, int]

    def __str__(self) -> str:
        each = ", ".join(f"{column} {count}" for column, count in self.columns.items())
        fixes = f"{self.num_fixes} fix{'es' if self.num_fixes != 1 else ''}"
        images = f"{self.num_images} image{'s' if self.num_images != 1 else ''}"
        return f"{fixes} laid over {images}: {each or 'none'}"


def read_fixes(path: Path) -> list[Fix]:
    """The fixes of a CSV with column, value, reason and image_id or person_id, in its order.

    Raises ValueError, one sentence a line, for a line without its one id or without a reason.
    """
    frame = read_csv(path, needs=("column", "value", "reason"))
    keys = [key for key in KEYS if key in frame.columns]
    if not keys:
        raise ValueError(f"{path}: no column image_id or person_id; it says whose label is mended")
    fixes, problems = [], []
    for line, record in zip(frame.index + 2, frame.to_dict("records"), strict=True):
        named = [key for key in keys if record[key]]
        if len(named) != 1:
            problems.append(f"{path} line {line}: needs an image_id or a person_id, and not both")
        elif not record["reason"].strip():
            problems.append(f"{path} line {line}: needs a reason; what is mended must say why")
        else:
            key = named[0]
            value = record["value"].strip()
            fixes.append(Fix(int(line), key, record[key], record["column"], value))
    if problems:
        raise ValueError("\n".join(problems))
    return fixes


def apply_fixes(
    frame: pd.DataFrame, fixes: Sequence[Fix], *, tasks: Sequence[Task], source: str
) -> tuple[pd.DataFrame, AppliedFixes]:
    """The images table with the fixes laid over its train images in their order, and what was laid.

    Junk and test rows stay as they are. A train image is named by its own id, or by the id that it
    has in the contest's table where a test image has the same. An image that gets its missing label
    is ok; one that loses it is `unlabelled`.

    Raises ValueError, one sentence a line, for a fix that matches no train image, names no column,
    has a value that the column's task does not know, or says again what an earlier line said.
    """
    columns = [column for column in frame.columns if column not in FIXED]
    frame = frame.astype(dict.fromkeys(columns, object))
    train = (frame["status"] != "junk") & (frame["part"] == "train")
    problems: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}  # the line of each fix that was laid
    counts: dict[str, int] = {}
    mended = pd.Series(False, index=frame.index)
    for fix in fixes:
        spot = f"{source} line {fix.line}"
        match = train & _names(frame, fix)
        same = (fix.key, fix.name, fix.column)
        if fix.column not in columns:
            close = get_close_matches(fix.column, columns, n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]!r}?" if close else ";"
            problems.append(
                f"{spot}: no column {fix.column!r}{hint} there are {', '.join(columns)}"
            )
        elif not match.any():
            tested = bool(_names(frame, fix).any())
            where = "; it is a test image, and a fix is laid over train images" if tested else ""
            problems.append(f"{spot}: no train image whose {fix.key} is {fix.name!r}{where}")
        elif same in seen:
            problems.append(f"{spot}: {fix.column} of {fix.name!r} is mended in line {seen[same]}")
        elif message := _refusal(fix, tasks):
            problems.append(f"{spot}: {message}")
        else:
            seen[same] = fix.line
            frame.loc[match, fix.column] = fix.value or None
            counts[fix.column] = counts.get(fix.column, 0) + 1
            mended |= match
    if problems:
        raise ValueError("\n".join(problems))
    labels = dict.fromkeys(task.column for task in tasks)
    return mark_unlabelled(frame, labels=list(labels)), AppliedFixes(
        len(fixes), int(mended.sum()), counts
    )


def _names(frame: pd.DataFrame, fix: Fix) -> pd.Series:
    """Which rows (N,) bool a fix names."""
    found = frame[fix.key].astype(str) == fix.name
    if fix.key == "image_id":  # `train/` stands before a train id that a test image has too
        found |= frame["image_id"] == f"train/{fix.name}"
    return found


def _refusal(fix: Fix, tasks: Sequence[Task]) -> str:
    """Why a value can't stand in its column, or ''."""
    if not fix.value:
        return "an image needs a person_id" if fix.column == "person_id" else ""
    for task in tasks:
        if fix.column == task.column:
            try:
                encode(task, pd.Series([fix.value]), image_ids=pd.Series([fix.name]))
            except ValueError as error:
                return str(error)
    return ""
