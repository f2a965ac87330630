"""One cell (member x fold x seed) on one device: built, trained, saved every epoch, marked done.

A cell is what is trained, resumed, scheduled and counted. It does not know who launched it.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pandas as pd
import torch

from pipeline.config import Experiment, Member
from pipeline.console import follow
from pipeline.experiment.build import (
    fresh_state,
    head_losses,
    make_criteria,
    make_mix,
    member_transform,
)
from pipeline.experiment.cells import member_cells
from pipeline.experiment.images_table import held_out
from pipeline.experiment.memory import peak_memory
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.teaching_images import is_taught
from pipeline.images.dataset import named_deaths
from pipeline.labels.tasks import Task
from pipeline.models.loop import HeldOut, LoopSettings, is_finished, train_epochs
from pipeline.models.losses import Criterion
from pipeline.models.schedule import Schedule
from pipeline.storage import REFIT, Cell, Runs, read_json, write_text
from pipeline.training.checkpointing import (
    TrainedCell,
    finish_cell,
    restore_checkpoint,
    save_checkpoint,
)
from pipeline.training.distillation import distillation_targets
from pipeline.training.feeds import Feeds, make_feeds
from pipeline.training.held_out_score import score_held_out
from pipeline.training.initial_weights import with_own_weights
from pipeline.training.oom import MicroBatchLog, last_checkpoint_named
from pipeline.training.pseudo_labels import add_pseudo_labels
from pipeline.training.trackers import open_track


def train_cell(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    *,
    images: pd.DataFrame,
    device: torch.device,
    precision: str,
) -> dict:
    """Trains a cell, or what is left of it, writes weights and OOF table, and gives its facts."""
    member = with_own_weights(settings, runs, cell)
    tasks = member_tasks(settings, member)
    transform = member_transform(member)
    is_held = held_out(settings, images, cell.fold)
    held = images[is_held].reset_index(drop=True)
    taught = is_taught(settings, cell.member, images, fold=cell.fold)
    train = images[taught].reset_index(drop=True)
    criteria = make_criteria(member, tasks, train, held)
    loop_settings = _loop_settings(settings, runs, cell, criteria=criteria, precision=precision)
    state = fresh_state(member, tasks, seed=cell.seed, device=device, precision=precision)
    restore_checkpoint(settings, runs, cell, state)

    targets = training_targets(member, tasks, train)
    targets = distillation_targets(
        settings, runs, cell, train, targets, device=device, precision=precision
    )
    train, targets = add_pseudo_labels(
        settings, runs, cell, train, targets, device=device, precision=precision
    )
    feeds = make_feeds(
        settings,
        runs,
        cell,
        member,
        state,
        images,
        train=train,
        held=held,
        targets=targets,
        device=device,
        precision=precision,
    )
    loader = feeds.train
    evaluation = None
    if cell.fold != REFIT:
        evaluation = _held_out_images(settings, feeds, member, tasks, held)

    def count_images(batch: tuple) -> int:
        pixels, _targets = batch
        return len(pixels)

    def show(batches: Iterable) -> Iterable:
        epoch = len(state.history) + 1
        return follow(
            batches,
            desc=f"{cell.name} epoch {epoch}/{loop_settings.last_epoch}",
            total=len(loader) * member.batch_size,
            size=count_images,
        )

    micro_batch_log = MicroBatchLog(
        runs.memory(cell), cell, batch_size=member.batch_size, accumulate=member.accumulate
    )
    epochs = train_epochs(
        state,
        settings=loop_settings,
        loader=loader,
        held_out=evaluation,
        to_input=feeds.to_input,
        device=device,
        mix=make_mix(member, tasks),
        show=show,
        on_split=micro_batch_log.on_split,
    )
    tracker = open_track(settings, runs, cell, past=len(state.history))
    with (
        last_checkpoint_named(runs.checkpoint(cell), cell),
        named_deaths(*feeds.loaders),
        tracker as log,
    ):
        for row in epochs:
            micro_batch_log.on_epoch_end(state.num_micro_batches)
            row["memory_mb"] = peak_memory(device.type)
            log(row["epoch"], row)
            lines = "".join(json.dumps(each) + "\n" for each in state.history)
            write_text(runs.history(cell), lines)
            if not is_finished(state, settings=loop_settings):
                save_checkpoint(settings, runs, cell, state)
    trained = TrainedCell.of(state)
    return finish_cell(settings, runs, cell, trained, held=held, transform=transform)


def _loop_settings(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    *,
    criteria: tuple[Criterion, ...],
    precision: str,
) -> LoopSettings:
    """What the loop is told: the member's recipe, of a refit as long as its folds."""
    member = settings.members[cell.member]
    found = LoopSettings(
        criteria=criteria,
        schedule=Schedule(**member.schedule.model_dump()),
        num_epochs=member.epochs,
        seed=cell.seed,
        clip_norm=member.clip_norm,
        frozen_norm=member.frozen_norm,
        early_stop=member.early_stop,
        best=member.best,
        precision=precision,
        compiled=settings.compile and member.trunk is None,  # whose forward pass is cut
        accumulate=member.accumulate,
    )
    return found if cell.fold != REFIT else _as_long_as_the_folds(settings, runs, cell, found)


def _held_out_images(
    settings: Experiment, feeds: Feeds, member: Member, tasks: list[Task], held: pd.DataFrame
) -> HeldOut:
    """The held-out images with their targets and what scores them after every epoch."""
    targets = training_targets(member, tasks, held)
    return HeldOut(
        feeds.held,
        {task: torch.from_numpy(values) for task, values in targets.items()},
        score=partial(
            score_held_out,
            contest=settings.competition,
            tasks=tasks,
            losses=head_losses(member, tasks),
            held=held,
        ),
    )


def _as_long_as_the_folds(
    settings: Experiment, runs: Runs, cell: Cell, loop_settings: LoopSettings
) -> LoopSettings:
    """The settings of a refit, which learns from everybody and has no held-out scores.

    It stops after the median of the folds' best epochs (the lower of two). A schedule that looks at
    scores gets those of the fold whose best epoch is nearest to that.
    """
    folds = [c for c in member_cells(settings, cell.member) if c.seed == cell.seed]
    best_epochs = {fold: read_json(runs.done(fold))["best_epoch"] for fold in folds}
    median = sorted(best_epochs.values())[(len(best_epochs) - 1) // 2]
    nearest = min(folds, key=lambda fold: (abs(best_epochs[fold] - median), fold.fold))
    lines = runs.history(nearest).read_text(encoding="utf-8").splitlines()
    scores = tuple(json.loads(line)["score"] for line in lines)
    return replace(
        loop_settings, stop_after=median, past_scores=scores, early_stop=None, best="last"
    )
