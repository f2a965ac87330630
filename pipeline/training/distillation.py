"""Targets of a student: what its teachers answer on its training images, in place of the labels.

A cell that holds out a fold learns from teachers that held out the same fold, as with
pseudo-labels: teachers of other folds have learnt from the people it is scored on, and would pass
that on. The cell that learns from everybody is scored on nobody: it takes out-of-fold answers, each
by networks that were not trained on the image's person. The teachers' answers are stored beside it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.ensembling.blending import mean_probs
from pipeline.experiment.blend import gather_votes, member_probs
from pipeline.experiment.cells import teacher_cells
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import predict_cells
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.tasks import answer_task, member_tasks
from pipeline.faces.crop_store import open_crops
from pipeline.labels.answers import combine_probs
from pipeline.labels.kinds import COLUMN_A_CLASS
from pipeline.labels.tasks import Task, is_labelled
from pipeline.metrics.answer_space import ANSWER
from pipeline.storage import REFIT, Cell, Runs, read_table, write_table
from pipeline.tables import pick

Targets = dict[str, np.ndarray]


def distillation_targets(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    train: pd.DataFrame,
    targets: Targets,
    *,
    device: torch.device,
    precision: str,
) -> Targets:
    """The targets of the training images, those of a student by its teachers."""
    member = settings.members[cell.member]
    if member.distil is None:
        return targets
    tasks = member_tasks(settings, member)
    path = runs.pseudo(cell)
    if not path.exists():
        if cell.fold == REFIT:
            frames = {name: read_oof(settings, runs, name) for name in member.distil.by}
        else:
            frames = teacher_predictions(
                settings, runs, cell, train, device=device, precision=precision
            )
        write_table(path, _answer_table(settings, frames, tasks=tasks, image_ids=train["image_id"]))
    answers = pick(read_table(path), train["image_id"], what="the teachers' answers")
    mixed = dict(targets)
    for task in tasks:
        mixed[task.name] = mix_targets(
            targets[task.name],
            answers[task.columns].to_numpy(),
            task=task,
            share=member.distil.share,
        )
    return mixed


def _answer_table(
    settings: Experiment,
    frames: Mapping[str, pd.DataFrame],
    *,
    tasks: Sequence[Task],
    image_ids: pd.Series,
) -> pd.DataFrame:
    """The teachers' mean predictions: image_id and the columns of each task."""
    probs = mean_answers(settings, frames, image_ids=image_ids)
    table = pd.DataFrame({"image_id": image_ids})
    for task in tasks:
        if task.name not in probs:  # a head for the whole answer, and teachers of its parts
            probs[task.name] = combine_probs([probs[part.name] for part in task.parts])
        table[task.columns] = probs[task.name]
    return table


def teacher_predictions(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    images: pd.DataFrame,
    *,
    device: torch.device,
    precision: str,
) -> dict[str, pd.DataFrame]:
    """By member, the predictions of a cell's teachers for these images: a row an image and seed,
    folds and views averaged."""
    teachers: dict[str, list[Cell]] = {}
    for teacher in teacher_cells(settings, cell):
        teachers.setdefault(teacher.member, []).append(teacher)
    frames = {}
    for name, cells in teachers.items():
        frame = predict_cells(
            runs,
            member_context(settings, name),
            cells,
            images,
            crops=open_crops(runs.crops_of(name)),
            settings=settings,
            what=f"for {cell.name}",
            device=device,
            precision=precision,
        )
        frames[name] = frame.groupby(["image_id", "seed"], as_index=False).mean(numeric_only=True)
    return frames


def mean_answers(
    settings: Experiment, frames: Mapping[str, pd.DataFrame], *, image_ids: Sequence[str]
) -> Targets:
    """The mean (N, C) of members' predictions by task, each member counting the same: tasks, parts
    of a head for the whole answer, and that head."""
    votes: dict[str, list[np.ndarray]] = {}
    for name, frame in frames.items():
        probs = member_probs(frame, image_ids=image_ids, settings=settings, member=name)
        for task, task_probs in probs.items():
            votes.setdefault(task, []).append(task_probs)
        if ANSWER in settings.members[name].tasks:
            head = answer_task(settings)
            own_votes = gather_votes(frame, image_ids=image_ids, task=head, part="oof")
            votes.setdefault(ANSWER, []).append(mean_probs(own_votes))
    return {task: mean_probs(of_task) for task, of_task in votes.items()}


def mix_targets(targets: np.ndarray, probs: np.ndarray, *, task: Task, share: float) -> np.ndarray:
    """`share` of the teachers' probabilities (N, C) and the rest of the targets: shares of classes
    (N, C), or (N,) of a score or a number. Where a label is missing, the teachers' answer alone."""
    answers = probs if task.kind in COLUMN_A_CLASS else probs[:, 0]
    known = is_labelled(targets)
    if task.kind == "multilabel":  # each label by itself may be missing
        known = ~np.isnan(targets)
    if task.kind == "multiclass":
        targets = class_shares(targets, num_classes=len(task.classes))
    mixed = np.array(answers, dtype=np.float64)
    mixed[known] = share * answers[known] + (1.0 - share) * targets[known]
    return mixed.astype(np.float32)


def class_shares(targets: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Class numbers (N,) as shares (N, C) float32, NaN for a missing label; shares stay."""
    if targets.ndim == 2:
        return targets
    shares = np.eye(num_classes, dtype=np.float32)[targets]
    shares[~is_labelled(targets)] = np.nan
    return shares
