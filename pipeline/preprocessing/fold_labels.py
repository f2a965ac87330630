"""What folds are balanced on, and folds that a column of the contest gives."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.experiment.tasks import targets_of
from pipeline.labels.tasks import Task, is_labelled

NO_LABEL = "no label"  # is spread over the folds as a class is
MANY_VALUES = 20  # a column of more different numbers is balanced by its quintiles


def balanced_labels(
    images: pd.DataFrame, *, tasks: Sequence[Task], names: Sequence[str]
) -> pd.DataFrame:
    """One column a name, one row an image: the classes of a task, or the values of a column of the
    images; numbers as their quintiles; of several labels a column each.

    Raises ValueError for a name that is neither.
    """
    known = {task.name: task for task in tasks}
    columns: dict[str, np.ndarray] = {}
    for name in names:
        if name in known and known[name].kind == "multilabel":
            columns |= _label_values(known[name], images)
        elif name in known:
            columns[name] = _task_values(known[name], images)
        elif name in images.columns:
            columns[name] = _column_values(images[name])
        else:
            allowed = ", ".join((*known, *images.columns.difference(list(known))))
            raise ValueError(f"folds.balance: no task or column {name!r}; there are {allowed}")
    return pd.DataFrame(columns)


def folds_of_column(images: pd.DataFrame, *, column: str, num_folds: int) -> np.ndarray:
    """The fold (n,) of each image: the place of its column's value among all values, sorted.

    Raises ValueError for a column that is not there or has not `num_folds` values.
    """
    if column not in images.columns:
        raise ValueError(f"folds.column: no column {column!r}; there are {list(images.columns)}")
    values = images[column].astype(str)
    known = sorted(values.unique())
    if len(known) != num_folds:
        first = ", ".join(known[:8])
        raise ValueError(f"folds.num: {column} has {len(known)} values ({first}), not {num_folds}")
    print("split: " + ", ".join(f"fold {i} is {column} {v}" for i, v in enumerate(known)))
    return values.map({value: fold for fold, value in enumerate(known)}).to_numpy()


def _task_values(task: Task, images: pd.DataFrame) -> np.ndarray:
    targets = targets_of([task], images)[task.name]
    known = is_labelled(targets)
    values = np.full(len(targets), NO_LABEL, dtype=object)
    found = pd.Series(targets[known])
    if task.kind == "regression":
        values[known] = _quintiles(found)
    else:
        values[known] = found.astype(int).map(dict(enumerate(task.classes)))
    return values


def _label_values(task: Task, images: pd.DataFrame) -> dict[str, np.ndarray]:
    """Of several labels each as a column of 1, 0, or no label."""
    targets = targets_of([task], images)[task.name]
    columns = {}
    for place, word in enumerate(task.classes):
        values = np.where(targets[:, place] > 0.5, "1", "0").astype(object)
        values[np.isnan(targets[:, place])] = NO_LABEL
        columns[f"{task.name}.{word}"] = values
    return columns


def _column_values(column: pd.Series) -> np.ndarray:
    values = column.astype(str)
    numbers = pd.to_numeric(values, errors="coerce")
    is_number = numbers.notna().all() and numbers.nunique() > MANY_VALUES
    return _quintiles(numbers) if is_number else values.to_numpy()


def _quintiles(numbers: pd.Series) -> np.ndarray:
    if numbers.nunique() == 1:  # one value has no fifths
        return np.full(len(numbers), "all")
    return pd.qcut(numbers, 5, duplicates="drop").astype(str).to_numpy()
