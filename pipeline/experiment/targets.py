"""A member's targets: what its heads learn, the groups that losses need, what is drawn evenly."""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd

from pipeline.config import Experiment, Member
from pipeline.config.competition import Competition
from pipeline.experiment.tasks import answer_task, contest_tasks, group_of, targets_of
from pipeline.labels.containers import is_there
from pipeline.labels.csv_reader import read_contest_table
from pipeline.labels.kinds import GROUP_LOSSES, LAYOUT_COLUMNS
from pipeline.labels.tasks import (
    Task,
    bin_edges,
    encode,
    encode_band,
    encode_number,
    is_labelled,
    label_texts,
    to_numbers,
)
from pipeline.storage import Runs, read_table
from pipeline.tables import IMAGES


def training_targets(
    member: Member, tasks: Sequence[Task], images: pd.DataFrame
) -> dict[str, np.ndarray]:
    """The targets as the member learns them: its own edges, softened near them if asked; and
    `TASK@group` where a loss needs the task's group."""
    targets = {}
    for task in tasks:
        head, ids = member.tasks[task.name], images["image_id"]
        if head.band is not None:
            numbers = to_numbers(task, images[task.column], image_ids=ids)
            edges = head.edges or task.edges
            targets[task.name] = encode_band(numbers, edges=edges, band=head.band)
        else:
            targets[task.name] = own_targets(member, task, images)
        if any(name in GROUP_LOSSES for name in head.losses_for(task.kind)):
            group = group_of(task, images)
            assert group is not None, "the settings ask for the task's group where a loss needs it"
            targets[f"{task.name}@group"] = group.astype(np.float32)
    return targets


def own_targets(member: Member, task: Task, images: pd.DataFrame) -> np.ndarray:
    """The targets (N,) with the member's own edges, not softened."""
    if task.parts:
        return targets_of([task], images)[task.name]
    edges, ids = member.tasks[task.name].edges, images["image_id"]
    if task.learns_number:
        return encode_number(task, images[task.column], image_ids=ids)
    return encode(task, images[task.column], image_ids=ids, edges=edges)


def check_balance(settings: Experiment, runs: Runs, member: Member) -> None:
    """Raises ValueError for a balance_on that will be no task and no column of the images."""
    name = member.balance_on
    tasks = [*settings.competition.learnable]
    if name is None or name in tasks:
        return
    columns = _columns_to_come(settings.competition, runs)
    if columns is not None and name not in columns:
        raise ValueError(unknown_column(name, (*tasks, *sorted(columns - set(tasks)))))


def unknown_column(name: str, known: Sequence[str]) -> str:
    """The sentence for a name that is neither a task nor a column."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    return f"no task or column {name!r}{hint} there are {', '.join(known)}"


def _columns_to_come(contest: Competition, runs: Runs) -> set[str] | None:
    """The columns that the training images have or will have; None when it can't be known yet."""
    if runs.images.exists():
        found = set(read_table(runs.images).columns)
    elif contest.table is not None and is_there(runs.root / contest.table.train):
        found = set(read_contest_table(runs.root / contest.table.train, needs=()).columns)
    elif (known := LAYOUT_COLUMNS[contest.layout]) is not None:
        found = {*known, "split"}
    else:
        return None
    groups = {task.group for task in contest.tasks.values() if task.group}
    made = {"how", "face_status", "num_faces", "fold", *(f"{group}_half" for group in groups)}
    return found | made | {*IMAGES.key, *IMAGES.columns, "width", "height"}


def balance_codes(settings: Experiment, member: Member, train: pd.DataFrame) -> np.ndarray:
    """What is drawn equally often, as a code (N,) an image, -1 where it is missing.

    It is a task's classes, the bins of a number, or the values of a column.
    """
    name = member.balance_on or next(iter(member.tasks))
    tasks = {task.name: task for task in contest_tasks(settings)}
    if settings.competition.answer.is_product:
        tasks["answer"] = answer_task(settings)
    if name in tasks:
        values = targets_of([tasks[name]], train)[name]
        known = is_labelled(values)
        is_number = tasks[name].kind == "regression"
        if tasks[name].kind == "multilabel":  # images with the same labels are of one kind
            values = label_texts(tasks[name], values)
    elif name in train.columns:
        values = train[name].to_numpy()
        known = train[name].notna().to_numpy()
        is_number = values.dtype.kind == "f" or len(set(values)) > member.balance_bins
        is_number = is_number and values.dtype.kind in "fiu"
    else:
        columns = (*tasks, *train.columns.difference(list(tasks)))
        raise ValueError(f"balance_on: {unknown_column(name, columns)}")
    codes = np.full(len(values), -1, dtype=np.int64)
    found = values[known]
    if is_number and len(np.unique(found)) > member.balance_bins:
        numbers = found.astype(np.float64)
        edges = bin_edges(numbers, num_bins=member.balance_bins)
        codes[known] = np.searchsorted(edges, numbers, side="right")
    else:
        codes[known] = pd.factorize(pd.Series(found).astype(str))[0]
    return codes
