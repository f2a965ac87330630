"""The training loop, top to bottom. It yields after every epoch; saving is the caller's.

All randomness of an epoch comes from (seed, epoch), so a run that goes on from a checkpoint
takes the same steps as one that was never stopped.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
from timm.utils import ModelEmaV3
from torch import nn
from torch.utils.data import DataLoader

from pipeline.models.gradient import (
    FiniteLossMonitor,
    Targets,
    add_gradients_that_fit,
    check_held_out,
    total_loss,
)
from pipeline.models.logits import Logits, ToInput, move, predict_logits
from pipeline.models.losses import Criterion
from pipeline.models.network import freeze_batchnorm
from pipeline.models.schedule import Schedule, epochs_since_best, lr_factor
from pipeline.models.speedups import WORTH_LEARNING, compiled, cudnn_benchmark

Score = Callable[[Logits], dict[str, float]]
Mix = Callable[[torch.Tensor, Targets, tuple[int, ...]], tuple[torch.Tensor, Targets]]


@dataclass(frozen=True)
class LoopSettings:
    """What the loop needs to know of a member."""

    criteria: tuple[Criterion, ...]
    schedule: Schedule
    num_epochs: int
    seed: int
    clip_norm: float | None = None
    frozen_norm: bool = False
    early_stop: int | None = None
    best: str = "metric"
    precision: str = "float32"
    compiled: bool = False
    stop_after: int | None = None  # epochs, of the num_epochs that the schedule is made for
    past_scores: tuple[float, ...] | None = None  # what plateau looks at when nobody is held out


@dataclass
class State:
    """All that changes while a cell is trained."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    ema: ModelEmaV3 | None
    scaler: torch.amp.GradScaler
    history: list[dict] = field(default_factory=list)  # one row an epoch
    best_weights: dict[str, torch.Tensor] | None = None
    best_logits: Logits | None = None  # of the held-out images
    num_micro_batches: int = (
        1  # in which a batch of this epoch is learnt: the memory may ask for several
    )

    @property
    def scores(self) -> list[float]:
        return [row["score"] for row in self.history]


def train_epochs(
    state: State,
    *,
    recipe: LoopSettings,
    loader: DataLoader,
    held_out: Iterable | None,
    held_out_targets: Targets,
    to_input: ToInput,
    score: Score,
    device: torch.device,
    show: Callable[[Iterable], Iterable],
    mix: Mix = lambda inputs, targets, seed: (inputs, targets),
    on_split: Callable[[int], None] = lambda num_micro_batches: None,
) -> Iterator[dict]:
    """Trains from where the state stands and yields each epoch's row of the history.

    `score` turns the held-out logits into metrics; the one that decides (higher is better) is named
    `score`; without it, or where it is undefined, the held-out loss decides. `mix` turns a batch of
    inputs and targets into a mixed one, by a seed. With no one held out the last epoch is kept.
    `halved` is told when the memory asks for more pieces of a batch. Raises NotFiniteError for a
    loss that is no longer finite.
    """
    network, optimiser, steps_per_epoch = state.network, state.optimiser, len(loader)
    learner = compiled(network) if recipe.compiled else network
    trying = steps_left(state, recipe=recipe, steps_per_epoch=steps_per_epoch) >= WORTH_LEARNING
    for epoch in range(len(state.history), recipe.num_epochs):
        if is_finished(state, recipe=recipe):
            return
        started = time.monotonic()
        begin_epoch(state, epoch=epoch, recipe=recipe, loader=loader)
        total, num_seen, whole = torch.zeros((), device=device), 0, 0
        watch = FiniteLossMonitor(epoch=epoch, steps_per_epoch=steps_per_epoch, device=device)
        for batch, (pixels, targets) in enumerate(show(loader)):
            step = epoch * steps_per_epoch + batch
            factor = lr_factor(
                recipe.schedule,
                step=step,
                steps_per_epoch=steps_per_epoch,
                num_epochs=recipe.num_epochs,
                scores=state.scores if recipe.past_scores is None else recipe.past_scores[:epoch],
            )
            set_rates(optimiser, factor=factor)
            inputs = to_input(move(pixels, device))
            targets = {task: move(value, device) for task, value in targets.items()}
            inputs, targets = mix(inputs, targets, (recipe.seed, epoch, batch))
            often = len(pixels) == (whole := whole or len(pixels))  # the last one may be smaller
            with cudnn_benchmark(device, often=often and trying):
                loss, state.num_micro_batches = add_gradients_that_fit(
                    learner if often and state.num_micro_batches == 1 else network,
                    inputs,
                    targets,
                    optimiser=optimiser,
                    num_micro_batches=state.num_micro_batches,
                    on_split=on_split,
                    criteria=recipe.criteria,
                    scaler=state.scaler,
                    precision=recipe.precision,
                )
            watch.see(loss, lr=highest_lr(optimiser))
            if recipe.clip_norm is not None:
                state.scaler.unscale_(optimiser)
                nn.utils.clip_grad_norm_(network.parameters(), recipe.clip_norm)
            state.scaler.step(optimiser)
            state.scaler.update()
            if state.ema is not None:
                state.ema.update(network, step=step)
            total += loss * len(pixels)  # on the device: .item() here would wait for it
            num_seen += len(pixels)
        train_loss = total.item() / num_seen  # waits for the device, so the clock is right here
        images_per_second = num_seen / (time.monotonic() - started)
        watch.look()
        judged = network if state.ema is None else state.ema.module
        row = {"epoch": epoch + 1, "lr": highest_lr(optimiser), "train_loss": train_loss}
        logits, row["score"] = None, 0.0
        if held_out is not None:
            looks = {"to_input": to_input, "device": device, "precision": recipe.precision}
            logits = held_out_logits(judged, held_out, **looks)
            loss = total_loss(logits, held_out_targets, criteria=recipe.criteria).item()
            check_held_out(loss, epoch=epoch, lr=highest_lr(optimiser))
            row |= {"held_out_loss": loss, **_decides(score(logits), loss=loss, best=recipe.best)}
        row["seconds"] = round(time.monotonic() - started, 3)
        row["images_per_second"] = round(images_per_second, 1)
        better = (
            not state.history or _keeps_last(recipe, held_out) or row["score"] > max(state.scores)
        )
        state.history.append(row)
        if better:
            state.best_logits = logits
            state.best_weights = {
                key: value.detach().cpu().clone() for key, value in judged.state_dict().items()
            }
        yield row


def _decides(metrics: dict[str, float], *, loss: float, best: str) -> dict[str, float]:
    """The metrics, with the loss for the score where there is none, or none that is defined (nobody
    of one of the classes is held out)."""
    score = metrics.get("score", math.nan)
    return metrics | {"score": -loss if best == "loss" or math.isnan(score) else score}


def held_out_logits(network: nn.Module, held_out: Iterable, **looks) -> Logits:
    """The logits of the images as they are; `looks` as predict_logits takes them."""
    (views,) = predict_logits([network], held_out, views={"identity": lambda x: x}, **looks)
    return views["identity"]


def is_finished(state: State, *, recipe: LoopSettings) -> bool:
    """Whether all epochs are done, or early stopping has waited long enough."""
    if len(state.history) >= (recipe.stop_after or recipe.num_epochs):
        return True
    waited = epochs_since_best(state.scores) if state.history else 0
    return recipe.early_stop is not None and waited >= recipe.early_stop


def steps_left(state: State, *, recipe: LoopSettings, steps_per_epoch: int) -> int:
    """Steps until the last epoch, should no early stop come."""
    return ((recipe.stop_after or recipe.num_epochs) - len(state.history)) * steps_per_epoch


def _keeps_last(recipe: LoopSettings, held_out: Iterable | None) -> bool:
    return held_out is None or recipe.best == "last"


def begin_epoch(state: State, *, epoch: int, recipe: LoopSettings, loader: DataLoader) -> None:
    """The epoch's own randomness, its layers ready to learn, its batches whole: the memory may have
    been full of what others needed, and a run that goes on must take the same steps."""
    torch.manual_seed(recipe.seed * 100_003 + epoch)
    loader.batch_sampler.epoch = epoch
    state.network.train()
    freeze_batchnorm(state.network.backbone, every=recipe.frozen_norm)
    state.num_micro_batches = 1


def set_rates(optimiser: torch.optim.Optimizer, *, factor: float) -> None:
    """Every group's own learning rate, times the factor."""
    for group in optimiser.param_groups:
        group["lr"] = group["initial_lr"] * factor


def highest_lr(optimiser: torch.optim.Optimizer) -> float:
    """The largest learning rate of the groups, as last set."""
    return max(group["lr"] for group in optimiser.param_groups)
