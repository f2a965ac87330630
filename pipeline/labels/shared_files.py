"""Rows of one file: one image with one label, however many rows (raters, copies) name it."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.labels.layouts.face_boxes import BOX
from pipeline.labels.tasks import Task, class_numbers, encode, is_missing, label_texts, wrong_labels
from pipeline.tables import OK

MOST_FREQUENT = "most frequent class (of equally frequent ones the first in classes)"
SHOWN = 3  # files that a sentence names
TRAINABLE = (OK, "unlabelled")


def check_parts(images: pd.DataFrame) -> None:
    """Raises ValueError for files that both a train row and a test row name."""
    there = images[images["status"].isin(TRAINABLE)]
    there = there.assign(path=[os.path.normpath(path) for path in there["path"]])
    train = there[there["part"] == "train"]
    test = there[there["part"] == "test"]
    both = test[test["path"].isin(set(train["path"]))]
    if len(both):
        raise ValueError(
            f"{len(both)} of {len(test)} test images are train images too, the first is "
            f"{both['path'].iloc[0]}; where one table holds both parts, table.split names the "
            "column that tells them apart"
        )


def merge_rows(images: pd.DataFrame, tasks: Sequence[Task]) -> tuple[pd.DataFrame, list[str]]:
    """The images table with one row for each train file and box; sentences about what was merged.

    The first row stays, with the number of its rows in `num_rows`. Its label becomes the mean of a
    number, and of classes the most frequent one; of equally frequent ones the first of the task's
    classes. Missing labels do not count. Test rows stay: each must be answered.

    Raises ValueError where rows of one file name different people.
    """
    key = ["path", *(column for column in BOX if column in images.columns)]
    mergeable = (images["part"] == "train") & images["status"].isin(TRAINABLE)
    images = images.assign(path=[os.path.normpath(path) for path in images["path"]])
    repeated = mergeable & images.duplicated(["part", *key], keep=False)
    if not repeated.any():
        return images, []
    _check_people(images[repeated], key)
    groups = images[repeated].groupby(key, sort=False, dropna=False)
    first = groups.head(1).index
    merged = images.astype({task.column: object for task in tasks}).assign(num_rows=1)
    notes = [_say_merged(images[repeated], num_files=len(first), tasks=tasks)]
    members = groups.indices  # positions within images[repeated]
    rows = images.index[repeated]
    columns = {task.column: task for task in tasks}
    groups_of_tasks = [task.group for task in tasks if task.group in images.columns]
    for positions, row in zip(members.values(), first, strict=True):
        same = images.loc[rows[positions]]
        merged.at[row, "num_rows"] = len(same)
        for column, task in columns.items():
            merged.at[row, column] = merge_labels(task, same[column])
        for group in dict.fromkeys(groups_of_tasks):
            merged.at[row, group] = _mean_text(same[group])
        named = same["person_id"].dropna()
        merged.at[row, "person_id"] = named.iloc[0] if len(named) else None
    dropped = rows.difference(first)
    notes += _say_disagreeing(images[repeated], groups.ngroup(), tasks)
    return merged.drop(index=dropped).reset_index(drop=True), notes


def merge_labels(task: Task, values: pd.Series) -> object:
    """The one label of several rows of an image; None where all are missing.

    The mean of numbers; of classes the most frequent, and of equally frequent ones the first in the
    order of the task; of several labels each as most rows have it. Values that are wrong stay: the
    check of labels names them.
    """
    known = values[~is_missing(task, values)]
    if not len(known):
        return None
    if known.nunique() == 1:
        return known.iloc[0]
    if task.edges or task.kind == "regression":
        numbers = pd.to_numeric(known, errors="coerce")
        if numbers.isna().any():
            return known[numbers.isna()].iloc[0]
        wrong = (numbers < task.low) | (numbers > task.high)
        if wrong.any():
            return known[wrong].iloc[0]
        return repr(float(numbers.mean()))
    if task.kind == "multilabel":
        return _merge_label_sets(task, known)
    codes = class_numbers(task, known)
    if (codes < 0).any():
        return known[codes < 0].iloc[0]
    return task.classes[int(np.bincount(codes).argmax())]


def _merge_label_sets(task: Task, texts: pd.Series) -> object:
    """Each label as most rows that know it have it; of equally many it is true."""
    for wrong in wrong_labels(task, texts).values():
        return texts[wrong].iloc[0]
    rows = encode(task, texts, image_ids=pd.Series("", index=texts.index))
    num_known = (~np.isnan(rows)).sum(axis=0)
    num_true = np.nansum(rows, axis=0)
    merged = np.where(num_known > 0, (2 * num_true >= num_known) * 1.0, np.nan)
    return label_texts(task, merged[None])[0]


def _check_people(rows: pd.DataFrame, key: list[str]) -> None:
    people = rows.groupby(key, sort=False, dropna=False)["person_id"].nunique()
    several = people[people > 1]
    if len(several):
        path = several.index[0] if len(key) == 1 else several.index[0][0]
        names = rows.loc[rows["path"] == path, "person_id"].dropna().unique()
        raise ValueError(
            f"{_count(len(several), 'file has', 'files have')} rows that name different people, "
            f"the first is {path}: "
            f"{', '.join(map(str, names[:3]))}; if each row is a face of its own, table.box names "
            "the columns of its box; if the column names raters, take away table.person"
        )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _say_merged(rows: pd.DataFrame, *, num_files: int, tasks: Sequence[Task]) -> str:
    rules = []
    for task in tasks:
        number = bool(task.edges) or task.kind == "regression"
        rule = "mean" if number else MOST_FREQUENT
        if task.kind == "multilabel":
            rule = "labels that half of the rows have"
        rules.append(f"{task.column} is their {rule}")
    files = "1 file, so they are 1 image" if num_files == 1 else f"{num_files} files, so they are "
    if num_files != 1:
        files += f"{num_files} images"
    return (
        f"{len(rows)} train rows share {files}: {', '.join(dict.fromkeys(rules))}; where each row "
        "is a face of its own, table.box names the columns of its box"
    )


def _say_disagreeing(rows: pd.DataFrame, group: pd.Series, tasks: Sequence[Task]) -> list[str]:
    """A sentence for each task of classes whose rows of one file say different classes."""
    notes = []
    for task in tasks:
        if task.edges or task.kind in ("regression", "multilabel"):
            continue
        known = rows[~is_missing(task, rows[task.column])]
        codes = pd.Series(class_numbers(task, known[task.column]), index=known.index)
        several = codes.groupby(group[known.index], sort=False).unique()
        several = several[several.map(len) > 1]
        if not len(several):
            continue
        shown = ", ".join(
            f"{rows.loc[group == one, 'path'].iloc[0]} "
            f"({' and '.join(str(task.classes[code]) for code in found if code >= 0)})"
            for one, found in several.head(SHOWN).items()
        )
        more = ", ..." if len(several) > SHOWN else ""
        files = _count(len(several), "file has", "files have")
        notes.append(f"{files} rows that disagree in {task.column}: {shown}{more}")
    return notes


def _mean_text(values: pd.Series) -> object:
    """The mean of a group column where it holds numbers, else its first value."""
    numbers = pd.to_numeric(values, errors="coerce")
    return values.iloc[0] if numbers.isna().any() else repr(float(numbers.mean()))
