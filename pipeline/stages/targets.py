"""A member's targets: what its heads learn, the groups that losses need, what is drawn evenly."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.config import Experiment, Member
from pipeline.labels.kinds import GROUP_LOSSES
from pipeline.labels.tasks import Task, bin_edges, encode, encode_band, to_numbers
from pipeline.stages.members import answer_task, contest_tasks, group_of, targets_of


def training_targets(
    member: Member, tasks: Sequence[Task], pictures: pd.DataFrame
) -> dict[str, np.ndarray]:
    """The targets as the member learns them: its own edges, softened near them if asked; and
    `TASK@group` where a loss needs the task's group."""
    targets = {}
    for task in tasks:
        head, ids = member.tasks[task.name], pictures["image_id"]
        if head.band is not None:
            numbers = to_numbers(task, pictures[task.column], image_ids=ids)
            edges = head.edges or task.edges
            targets[task.name] = encode_band(numbers, edges=edges, band=head.band)
        else:
            targets[task.name] = own_targets(member, task, pictures)
        if any(name in GROUP_LOSSES for name in head.losses_for(task.kind)):
            targets[f"{task.name}@group"] = group_of(task, pictures).astype(np.float32)
    return targets


def own_targets(member: Member, task: Task, pictures: pd.DataFrame) -> np.ndarray:
    """The targets (N,) with the member's own edges, not softened."""
    if task.parts:
        return targets_of([task], pictures)[task.name]
    edges, ids = member.tasks[task.name].edges, pictures["image_id"]
    return encode(task, pictures[task.column], image_ids=ids, edges=edges)


def balance_codes(settings: Experiment, member: Member, train: pd.DataFrame) -> np.ndarray:
    """What is drawn equally often (N,): a task's classes, a number's bins, or a column's values."""
    name = member.balance_on or next(iter(member.tasks))
    tasks = {task.name: task for task in contest_tasks(settings)}
    if settings.competition.answer.is_product:
        tasks["answer"] = answer_task(settings)
    if name in tasks:
        values = targets_of([tasks[name]], train)[name]
        is_number = tasks[name].kind == "number"
    elif name in train.columns:
        values = train[name].to_numpy()
        is_number = values.dtype.kind == "f" or len(set(values)) > member.balance_bins
        is_number = is_number and values.dtype.kind in "fiu"
    else:
        known = ", ".join((*tasks, *train.columns.difference(list(tasks))))
        raise ValueError(f"balance_on: no task or column {name!r}; there are {known}")
    if is_number and len(np.unique(values)) > member.balance_bins:
        values = values.astype(np.float64)
        return np.searchsorted(
            bin_edges(values, num_bins=member.balance_bins), values, side="right"
        )
    return pd.factorize(pd.Series(values).astype(str))[0]
