"""One cell (member x fold x seed) on one device: built, trained, saved every epoch, marked done.

A cell is what is trained, resumed, scheduled and counted. It does not know who launched it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment, Member
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
from pipeline.experiment.data_loading import Feed, make_batches
from pipeline.experiment.images_table import held_out
from pipeline.experiment.memory import peak_memory
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.teaching_images import is_taught
from pipeline.faces.crop_store import open_crops
from pipeline.images.dataset import CropDataset, named_deaths
from pipeline.images.map_store import MapBatches, maps_to_input
from pipeline.images.sampler import in_order
from pipeline.images.transform import normalise
from pipeline.models.logits import ToInput
from pipeline.models.loop import HeldOut, LoopSettings, State, is_finished, train_epochs
from pipeline.models.schedule import Schedule
from pipeline.models.trunk import Tail
from pipeline.storage import REFIT, Cell, Runs, read_json, write_text
from pipeline.training.checkpointing import (
    TrainedCell,
    finish_cell,
    restore_checkpoint,
    save_checkpoint,
)
from pipeline.training.distillation import distillation_targets
from pipeline.training.held_out_score import score_held_out
from pipeline.training.initial_weights import with_own_weights
from pipeline.training.oom import MicroBatchLog, last_checkpoint_named
from pipeline.training.pseudo_labels import add_pseudo_labels
from pipeline.training.trackers import open_track
from pipeline.training.trunk_cache import cached_trunk


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
    loop_settings = LoopSettings(
        criteria=make_criteria(member, tasks, train, held),
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
    if cell.fold == REFIT:
        loop_settings = _as_long_as_the_folds(settings, runs, cell, loop_settings)
    state = fresh_state(member, tasks, seed=cell.seed, device=device, precision=precision)
    restore_checkpoint(settings, runs, cell, state)

    targets = training_targets(member, tasks, train)
    targets = distillation_targets(
        settings, runs, cell, train, targets, device=device, precision=precision
    )
    train, targets = add_pseudo_labels(
        settings, runs, cell, train, targets, device=device, precision=precision
    )
    feeds = _make_feeds(
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
        held_targets = training_targets(member, tasks, held)
        evaluation = HeldOut(
            feeds.held,
            {task: torch.from_numpy(values) for task, values in held_targets.items()},
            score=partial(
                score_held_out,
                contest=settings.competition,
                tasks=tasks,
                losses=head_losses(member, tasks),
                held=held,
            ),
        )

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


@dataclass(frozen=True)
class _Feeds:
    """Where batches come from, and what makes the network's input of them."""

    train: Feed | MapBatches
    held: Feed | MapBatches
    to_input: ToInput
    loaders: tuple[Feed, ...]  # those that may have processes of their own


def _make_feeds(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    member: Member,
    state: State,
    images: pd.DataFrame,
    *,
    train: pd.DataFrame,
    held: pd.DataFrame,
    targets: dict[str, np.ndarray],
    device: torch.device,
    precision: str,
) -> _Feeds:
    """Batches of crops; where the member caches its trunk, of maps, and the state's networks take
    these from here on. `images` are all labelled ones."""
    sampler = make_sampler(settings, member, train, seed=_sampler_seed(cell))
    held_size = settings.infer.batch_size
    in_turn = in_order(len(held), batch_size=held_size)
    rows, held_rows = train["row"].to_numpy(), held["row"].to_numpy()
    if member.trunk is not None:
        backbone = state.network.backbone
        cut, store = cached_trunk(
            settings, runs, cell, member, backbone, images, device=device, precision=precision
        )
        Tail(backbone, cut)
        if state.ema is not None:
            Tail(state.ema.module.backbone, cut)
        return _Feeds(
            MapBatches(store, sampler, rows=rows, targets=targets),
            MapBatches(store, in_turn, rows=held_rows, targets={}, plain=True),
            maps_to_input,
            loaders=(),
        )
    transform = member_transform(member)
    crops = open_crops(runs.crops_of(cell.member))
    largest_batch = max(member.batch_size, held_size)
    loader = make_batches(
        settings,
        CropDataset(
            crops,
            rows=rows,
            size=transform.size,
            targets=targets,
            names=train["image_id"].to_numpy(),
        ),
        sampler,
        device=device,
        batch_size=largest_batch,
        recipe=member.augment,
    )
    held_loader = make_batches(
        settings,
        CropDataset(
            crops,
            rows=held_rows,
            size=transform.size,
            targets={},
            names=held["image_id"].to_numpy(),
        ),
        in_turn,
        device=device,
        batch_size=largest_batch,
    )
    to_input = partial(normalise, transform=transform)
    return _Feeds(loader, held_loader, to_input, loaders=(loader, held_loader))


def _sampler_seed(cell: Cell) -> int:
    return (cell.seed * 1_009 + cell.fold) % 2**63  # seed 0 of a refit would be below 0


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
