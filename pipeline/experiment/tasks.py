"""The tasks of a competition and of a member, with their targets."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.config import Experiment, Member
from pipeline.experiment.own_metric import bind_own_metrics
from pipeline.labels.answers import combine_classes, combine_names
from pipeline.labels.columns import stored_column
from pipeline.labels.label_words import NOTHING
from pipeline.labels.tasks import Task, bin_names, encode, to_numbers
from pipeline.metrics.metrics import find_metric


def contest_tasks(settings: Experiment) -> list[Task]:
    """The contest's tasks as the rooms see them."""
    tasks = []
    for name, task in settings.competition.tasks.items():
        classes = task.classes or (bin_names(task.edges) if task.edges else ())
        tasks.append(
            Task(
                name=name,
                kind=task.kind,
                column=stored_column(task.column or name),
                classes=tuple(classes),
                edges=tuple(task.edges or ()),
                low=-np.inf if task.low is None else task.low,
                high=np.inf if task.high is None else task.high,
                scale=task.scale,
                centre=task.centre,
                constant=task.constant,
                metric=task.metric_name,
                group=task.group,
                separator=task.label_separator,
                nothing=task.nothing or NOTHING,
            )
        )
    bind_own_metrics(settings.competition, tasks)
    return tasks


def check_metrics(settings: Experiment) -> None:
    """Raises ValueError, in a sentence, for a metric of the user's own that can't be loaded."""
    names = [task.metric for task in contest_tasks(settings)]
    for name in (*names, settings.competition.metric_name):
        find_metric(name)


def member_tasks(settings: Experiment, member: Member) -> list[Task]:
    """The tasks of one member, in the order of its heads."""
    known = {task.name: task for task in contest_tasks(settings)}
    if settings.competition.answer.is_product:
        known["answer"] = answer_task(settings)
    spans = {name: head.span for name, head in member.tasks.items() if head.span is not None}
    known |= {n: replace(known[n], low=low, high=high) for n, (low, high) in spans.items()}
    return [known[name] for name in member.tasks]


def answer_task(settings: Experiment) -> Task:
    """The product of the answer's tasks as one task of kind multiclass, under the reserved name."""
    contest = settings.competition
    known = {task.name: task for task in contest_tasks(settings)}
    parts = tuple(known[name] for name in contest.answer.tasks)
    return Task(
        name="answer",
        kind="multiclass",
        column="answer",
        classes=tuple(combine_names([part.classes for part in parts])),
        constant=all(part.constant for part in parts),
        metric=contest.metric_name,
        parts=parts,
    )


def targets_of(tasks: Iterable[Task], images: pd.DataFrame) -> dict[str, np.ndarray]:
    """Each task's target of every image, with the answer's own edges."""
    ids = images["image_id"]
    targets = {}
    for task in tasks:
        if task.parts:
            codes = list(targets_of(task.parts, images).values())
            sizes = [len(part.classes) for part in task.parts]
            targets[task.name] = combine_classes(codes, sizes=sizes)
        else:
            targets[task.name] = encode(task, images[task.column], image_ids=ids)
    return targets


def group_of(task: Task, images: pd.DataFrame) -> np.ndarray | None:
    """The task's group (N,) as numbers; None when it names none. Raises ValueError naming the image
    of one that is no number."""
    if task.group is None:
        return None
    column = replace(task, column=task.group)
    return to_numbers(column, images[task.group], image_ids=images["image_id"])
