"""One cell on one device: assembled from the rooms, trained, saved every epoch, marked done.

The unit that is trained, resumed, scheduled and counted. It does not know who launched it.
"""

import json
from functools import partial

import pandas as pd
import torch

from pipeline.config import Member
from pipeline.console import follow
from pipeline.experiment.build import (
    fresh_state,
    head_losses,
    make_criteria,
    make_mix,
    make_sampler,
    member_transform,
)
from pipeline.experiment.cells import member_cells
from pipeline.experiment.data_loading import make_batches
from pipeline.experiment.images_table import held_out
from pipeline.experiment.memory import peak_memory
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import group_of, member_tasks, targets_of
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.images.dataset import CropDataset, named_deaths
from pipeline.images.sampler import in_order
from pipeline.images.transform import normalise
from pipeline.labels.answers import combine_classes, combine_probs
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.metrics import find_metric
from pipeline.models.logits import Logits
from pipeline.models.loop import LoopSettings, is_finished, train_epochs
from pipeline.models.network import to_probs
from pipeline.models.schedule import Schedule
from pipeline.storage import REFIT, Cell, read_json, write_text
from pipeline.training.checkpointing import finish_cell, restore_checkpoint, save_checkpoint
from pipeline.training.distillation import distillation_targets
from pipeline.training.oom import Pieces, last_checkpoint_named
from pipeline.training.pseudo_labels import add_pseudo_labels
from pipeline.training.trackers import open_track


def train_cell(
    work: Work, cell: Cell, *, images: pd.DataFrame, device: torch.device, precision: str
) -> dict:
    """Trains a cell, or what is left of it, writes weights and OOF table, and gives its facts."""
    member = work.settings.members[cell.member]
    tasks = member_tasks(work.settings, member)
    is_held = held_out(work.settings, images, cell.fold)
    held = images[is_held].reset_index(drop=True)
    train = images[~is_held].reset_index(drop=True)
    alone = cell.fold == REFIT
    learnt = (
        _learnt_from_folds(work, cell)
        if alone
        else {"early_stop": member.early_stop, "best": member.best}
    )
    transform = member_transform(member)
    recipe = LoopSettings(
        criteria=make_criteria(member, tasks, train),
        schedule=Schedule(**member.schedule.model_dump()),
        num_epochs=member.epochs,
        seed=cell.seed,
        clip_norm=member.clip_norm,
        frozen_norm=member.frozen_norm,
        precision=precision,
        compiled=work.settings.compile,
        **learnt,
    )
    state = fresh_state(member, tasks, seed=cell.seed, device=device, precision=precision)
    restore_checkpoint(work, cell, state)
    crops = open_crops(work.runs.crops)
    held_targets = training_targets(member, tasks, held)
    place = {"device": device, "precision": precision}
    taught = distillation_targets(
        work, cell, train, training_targets(member, tasks, train), **place
    )
    train, taught = add_pseudo_labels(work, cell, train, taught, **place)
    batch_size, held_size = member.batch_size, work.settings.infer.batch_size
    loaders = [
        make_batches(
            work.settings,
            CropDataset(
                crops,
                rows=part["row"].to_numpy(),
                size=transform.size,
                targets=targets,
                names=part["image_id"].to_numpy(),
            ),
            batches,
            device=device,
            batch_size=max(batch_size, held_size),
            recipe=augment,
        )
        for part, targets, augment, batches in (
            (
                train,
                taught,
                member.augment,
                make_sampler(work.settings, member, train, seed=_sampler_seed(cell)),
            ),
            (held, {}, (), in_order(len(held), batch_size=held_size)),
        )
    ]
    num_micro_batches = Pieces(work, cell, batch_size=batch_size)
    score = partial(_score, work=work, member=member, tasks=tasks, held=held)
    epochs = train_epochs(
        state,
        recipe=recipe,
        loader=loaders[0],
        held_out=None if alone else loaders[1],
        held_out_targets={task: torch.from_numpy(values) for task, values in held_targets.items()},
        to_input=partial(normalise, transform=transform),
        score=score,
        device=device,
        show=lambda batches: follow(
            batches,
            desc=f"{cell.name} epoch {len(state.history) + 1}/{recipe.stop_after or member.epochs}",
            total=len(loaders[0]) * batch_size,
            size=lambda batch: len(batch[0]),
        ),
        on_split=num_micro_batches.on_split,
        **make_mix(member, tasks),
    )
    track = open_track(work, cell, past=len(state.history))
    with last_checkpoint_named(work, cell), named_deaths(*loaders), track as log:
        for row in epochs:
            num_micro_batches.ended(state.num_micro_batches)
            row["memory_mb"] = peak_memory(device.type)
            log(row["epoch"], row)
            rows = "".join(json.dumps(each) + "\n" for each in state.history)
            write_text(work.runs.history(cell), rows)
            if not is_finished(state, recipe=recipe):
                save_checkpoint(work, cell, state)
    return finish_cell(work, cell, state, held=held, tasks=tasks, transform=transform)


def _sampler_seed(cell: Cell) -> int:
    return (cell.seed * 1_009 + cell.fold) % 2**63  # seed 0 of a refit would be below 0


def _learnt_from_folds(work: Work, cell: Cell) -> dict:
    """How long to train on everybody: the median of the folds' best epochs (the lower of two), with
    the scores of the fold nearest to it for a schedule that looks at scores."""
    folds = [c for c in member_cells(work.settings, cell.member) if c.seed == cell.seed]
    best = {c: read_json(work.runs.done(c))["best_epoch"] for c in folds}
    epochs = sorted(best.values())[(len(best) - 1) // 2]
    nearest = min(folds, key=lambda c: (abs(best[c] - epochs), c.fold))
    lines = work.runs.history(nearest).read_text(encoding="utf-8").splitlines()
    scores = tuple(json.loads(line)["score"] for line in lines)
    return {"stop_after": epochs, "past_scores": scores, "early_stop": None, "best": "last"}


def _score(
    logits: Logits, *, work: Work, member: Member, tasks: list[Task], held: pd.DataFrame
) -> dict[str, float]:
    """Each task's metric on the held-out images; `score` where one metric says it all."""
    losses, truths = head_losses(member, tasks), targets_of(tasks, held)
    row, probs, known = {}, {}, {task.name: task for task in tasks}
    for name, task in known.items():
        metric = find_metric(task.metric)
        seen = probs[name] = to_probs(logits[name], task=task, loss=losses[name]).numpy()
        answer = seen_by(metric, task, seen)
        row[f"{name}.{task.metric}"] = metric.compute(truths[name], answer, group_of(task, held))
    contest = work.settings.competition
    if len(tasks) == 1 or "answer" in known:
        task = known.get("answer", tasks[0])
        row["score"] = find_metric(task.metric).as_score(row[f"{task.name}.{task.metric}"])
    elif contest.answer.is_product and set(contest.answer.tasks) <= set(known):
        sizes = [len(known[name].classes) for name in contest.answer.tasks]
        truth = combine_classes([truths[name] for name in contest.answer.tasks], sizes=sizes)
        joint = combine_probs([probs[name] for name in contest.answer.tasks])
        metric = find_metric(contest.metric_name)
        seen = joint.argmax(axis=1) if metric.looks_at == "decision" else joint
        row[f"answer.{contest.metric_name}"] = metric.compute(truth, seen)
        row["score"] = metric.as_score(row[f"answer.{contest.metric_name}"])
    return row
