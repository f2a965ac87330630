"""Pseudo-labels of a cell: test images that other members are sure of, learnt beside the others.

For a cell that holds out a fold, only cells that held out the same fold are asked: nobody whom the
cell is scored on had a part in its labels. What they said is kept beside the cell, so that a cell
that goes on learns from the same labels.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.ensembling.confident import choose_agreeing, choose_confident
from pipeline.ensembling.person_pooling import pool_answer, pool_probs
from pipeline.experiment.blend import gather_votes
from pipeline.experiment.images_table import read_test
from pipeline.experiment.tasks import member_tasks
from pipeline.labels.answers import combine_probs
from pipeline.labels.tasks import Task
from pipeline.people.people import clusters_of, test_people
from pipeline.storage import Cell, Runs, read_table, write_table
from pipeline.tables import pick
from pipeline.training.distillation import class_shares, mean_answers, teacher_predictions

Targets = dict[str, np.ndarray]
CLUSTER = "pseudo:"  # before the name of a person who is only a cluster of test images


def add_pseudo_labels(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    train: pd.DataFrame,
    targets: Targets,
    *,
    device: torch.device,
    precision: str,
) -> tuple[pd.DataFrame, Targets]:
    """The training images and their targets, with those that other members are sure of added."""
    member = settings.members[cell.member]
    if member.pseudo is None:
        return train, targets
    tasks = member_tasks(settings, member)
    path = runs.pseudo(cell)
    if not path.exists():
        write_table(path, _label(settings, runs, cell, tasks, device=device, precision=precision))
    labelled = read_table(path)
    chosen = labelled[labelled["chosen"]].reset_index(drop=True)
    print(
        f"train: {cell.name}: {len(chosen)} of {len(labelled)} test images with labels by "
        f"{', '.join(member.pseudo.by)} beside {len(train)} train images"
    )
    images = pick(read_test(runs), chosen["image_id"], what="test images")
    people = CLUSTER + chosen["cluster"].astype(str)
    images = images.assign(person_id=people.to_numpy(), fold=cell.fold)
    joined = {}
    for task in tasks:
        joined[task.name] = join_targets(
            targets[task.name],
            chosen[task.columns].to_numpy(np.float32),
            task=task,
            soft=member.pseudo.labels == "soft",
        )
    return pd.concat([train, images], ignore_index=True), joined


def _label(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    tasks: list[Task],
    *,
    device: torch.device,
    precision: str,
) -> pd.DataFrame:
    """The teachers' mean predictions for each test image that has a crop, and whether it is learnt:
    columns image_id, cluster, chosen, and those of the tasks."""
    test = read_test(runs)
    test = test[test["row"] >= 0].reset_index(drop=True)
    frames = teacher_predictions(settings, runs, cell, test, device=device, precision=precision)
    probs = mean_answers(settings, frames, image_ids=test["image_id"])
    clusters = np.arange(len(test))
    if any(task.constant or any(p.constant for p in task.parts) for task in tasks):
        clusters = clusters_of(test_people(settings, runs), test["image_id"])
    labels = {task.name: _pooled(task, probs, clusters) for task in tasks}
    options = settings.members[cell.member].pseudo
    assert options is not None, "only a member with pseudo-labels asks for them"
    chosen = np.ones(len(test), dtype=bool)
    classes = {task.name: labels[task.name] for task in tasks if task.kind != "regression"}
    if classes:
        chosen &= choose_confident(classes, confidence=options.confidence, share=options.share)
    for task in tasks:
        if task.kind == "regression":
            assert options.spread is not None, "a number needs it, says the config"
            votes = _votes(frames, task, image_ids=test["image_id"])
            chosen &= choose_agreeing(votes, spread=options.spread, share=options.share)
    table = pd.DataFrame({"image_id": test["image_id"], "cluster": clusters, "chosen": chosen})
    for task in tasks:
        table[task.columns] = labels[task.name]
    return table


def _votes(frames: Mapping[str, pd.DataFrame], task: Task, *, image_ids: pd.Series) -> np.ndarray:
    """What each network of each teacher says of a number (V, N)."""
    votes = []
    for frame in frames.values():
        if task.columns[0] in frame.columns:
            votes += gather_votes(frame, image_ids=image_ids, task=task, part="oof")
    return np.stack([vote[:, 0] for vote in votes])


def _pooled(task: Task, probs: Targets, clusters: np.ndarray) -> np.ndarray:
    """A task's probabilities (N, C), the same for a person's images where it is constant."""
    if not task.parts:
        own = probs[task.name]
        return pool_probs(own, clusters, kind=task.kind) if task.constant else own
    joint = probs.get(task.name)
    if joint is None:
        joint = combine_probs([probs[part.name] for part in task.parts])
    return pool_answer(
        joint,
        clusters,
        sizes=[len(part.classes) for part in task.parts],
        constant=[part.constant for part in task.parts],
    )


def join_targets(targets: np.ndarray, probs: np.ndarray, *, task: Task, soft: bool) -> np.ndarray:
    """The targets with those of the added images behind them, in one form: numbers in the label's
    unit, class numbers, or where either is soft the shares of the classes."""
    if task.kind == "regression":
        return np.concatenate([targets, probs[:, 0].astype(targets.dtype)])
    if task.kind == "binary":
        added = probs[:, 0] if soft else (probs[:, 0] >= 0.5)
        return np.concatenate([targets, added.astype(targets.dtype)])
    codes = probs.argmax(axis=1)
    if targets.ndim == 1 and not soft:
        return np.concatenate([targets, codes.astype(targets.dtype)])
    num_classes = len(task.classes)
    added = probs if soft else class_shares(codes, num_classes=num_classes)
    return np.concatenate([class_shares(targets, num_classes=num_classes), added])
