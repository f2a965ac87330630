"""The training loop, top to bottom. It yields after every epoch; saving is the caller's.

All randomness of an epoch comes from (seed, epoch), so a run that goes on from a checkpoint
takes the same steps as one that was never stopped.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from timm.utils import ModelEmaV3
from torch import nn

from pipeline.models.gradient import (
    FiniteLossMonitor,
    Targets,
    add_gradients_that_fit,
    check_held_out,
    total_loss,
)
from pipeline.models.logits import Logits, ToInput, move, predict_logits
from pipeline.models.losses import Criterion
from pipeline.models.network import FaceNetwork, freeze_batchnorm
from pipeline.models.schedule import Schedule, epochs_since_best, lr_factor
from pipeline.models.speedups import WORTH_LEARNING, Forward, compiled, cudnn_benchmark

Score = Callable[[Logits], dict[str, float]]
Mix = Callable[[torch.Tensor, Targets, tuple[int, ...]], tuple[torch.Tensor, Targets]]


@runtime_checkable
class EpochOrder(Protocol):
    """A sampler that draws a new order of the images for every epoch."""

    epoch: int


class TrainingBatches(Protocol):
    """Batches (pixels, targets) of one epoch, as torch's DataLoader gives them. The sampler is an
    EpochOrder."""

    @property
    def batch_sampler(self) -> object: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[tuple[torch.Tensor, Targets]]: ...


@dataclass(frozen=True)
class LoopSettings:
    """What the loop must know of a member's settings."""

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
    accumulate: int = 1  # pieces of each batch, whose gradients are added
    stop_after: int | None = None  # epochs, of the num_epochs that the schedule is made for
    past_scores: tuple[float, ...] | None = None  # what plateau looks at when nobody is held out

    @property
    def last_epoch(self) -> int:
        """The epoch, counted from 1, that is the last one unless early stopping comes before."""
        return self.stop_after or self.num_epochs


@dataclass(frozen=True)
class HeldOut:
    """The images of the held-out fold and how the logits of all of them are scored.

    `score` gives metrics by name. The one that decides about epochs (higher is better) is named
    `score`; without it, or where it is NaN, the held-out loss decides.
    """

    batches: Iterable
    targets: Targets
    score: Score


@dataclass
class State:
    """All that changes while a cell is trained."""

    network: FaceNetwork
    optimiser: torch.optim.Optimizer
    ema: ModelEmaV3 | None
    scaler: torch.amp.GradScaler
    history: list[dict] = field(default_factory=list)  # one row an epoch
    best_weights: dict[str, torch.Tensor] | None = None
    best_logits: Logits | None = None  # of the held-out images
    num_micro_batches: int = 1  # pieces of each batch in this epoch: more where memory was full

    @property
    def scores(self) -> list[float]:
        """The score of each epoch so far; higher is better."""
        return [row["score"] for row in self.history]


def train_epochs(
    state: State,
    *,
    settings: LoopSettings,
    loader: TrainingBatches,
    held_out: HeldOut | None,
    to_input: ToInput,
    device: torch.device,
    mix: Mix | None = None,
    show: Callable[[Iterable], Iterable] = iter,
    on_split: Callable[[int], None] | None = None,
) -> Iterator[dict]:
    """Trains from where the state stands and yields each epoch's row of the history.

    `to_input` turns uint8 pixels into the network's input. `mix` turns a batch of inputs and
    targets into a mixed one, by a seed. `show` wraps an epoch's batches, as a progress bar does.
    `on_split` is called with the number of pieces when a full memory asks for more of them.
    With nobody held out the last epoch is kept. Raises NotFiniteError for a loss that is NaN or
    infinite.
    """
    network = state.network
    steps_per_epoch = len(loader)
    learner: Forward = compiled(network) if settings.compiled else network
    # trying cuDNN's algorithms costs seconds, so only a long training does it
    is_long = (
        steps_left(state, settings=settings, steps_per_epoch=steps_per_epoch) >= WORTH_LEARNING
    )
    for epoch in range(len(state.history), settings.num_epochs):
        if is_finished(state, settings=settings):
            return
        started = time.monotonic()
        begin_epoch(state, epoch=epoch, settings=settings, loader=loader)
        scores = state.scores if settings.past_scores is None else settings.past_scores[:epoch]
        monitor = FiniteLossMonitor(epoch=epoch, steps_per_epoch=steps_per_epoch, device=device)
        total = torch.zeros((), device=device)
        num_seen = 0
        batch_size = None
        for batch, (pixels, targets) in enumerate(show(loader)):
            step = epoch * steps_per_epoch + batch
            factor = lr_factor(
                settings.schedule,
                step=step,
                steps_per_epoch=steps_per_epoch,
                num_epochs=settings.num_epochs,
                scores=scores,
            )
            set_rates(state.optimiser, factor=factor)
            inputs = to_input(move(pixels, device))
            targets = {task: move(value, device) for task, value in targets.items()}
            if mix is not None:
                inputs, targets = mix(inputs, targets, (settings.seed, epoch, batch))
            batch_size = batch_size or len(pixels)
            is_whole = len(pixels) == batch_size  # the last one may be smaller
            # a compiled network would be compiled again for every new size of a batch
            use_compiled = is_whole and has_equal_pieces(state, settings, batch_size=batch_size)
            with cudnn_benchmark(device, often=is_whole and is_long):
                loss, state.num_micro_batches = add_gradients_that_fit(
                    learner if use_compiled else network,
                    inputs,
                    targets,
                    optimiser=state.optimiser,
                    criteria=settings.criteria,
                    scaler=state.scaler,
                    precision=settings.precision,
                    num_micro_batches=state.num_micro_batches,
                    on_split=on_split,
                )
            monitor.see(loss, lr=highest_lr(state.optimiser))
            take_step(state, clip_norm=settings.clip_norm, step=step)
            total += loss * len(pixels)  # on the device: .item() here would wait for it
            num_seen += len(pixels)
        train_loss = total.item() / num_seen  # waits for the device, so the clock is right here
        images_per_second = num_seen / (time.monotonic() - started)
        monitor.look()
        judged = network if state.ema is None else state.ema.module
        row = {"epoch": epoch + 1, "lr": highest_lr(state.optimiser), "train_loss": train_loss}
        row["score"] = 0.0
        logits = None
        if held_out is not None:
            logits = held_out_logits(
                judged,
                held_out.batches,
                to_input=to_input,
                device=device,
                precision=settings.precision,
            )
            held_loss = total_loss(logits, held_out.targets, criteria=settings.criteria).item()
            check_held_out(held_loss, epoch=epoch, lr=row["lr"])
            row |= score_epoch(held_out.score(logits), loss=held_loss, best=settings.best)
        row["seconds"] = round(time.monotonic() - started, 3)
        row["images_per_second"] = round(images_per_second, 1)
        keeps_last = held_out is None or settings.best == "last"
        is_best = not state.history or row["score"] > max(state.scores)
        state.history.append(row)
        if keeps_last or is_best:
            state.best_logits = logits
            state.best_weights = {
                key: value.detach().cpu().clone() for key, value in judged.state_dict().items()
            }
        yield row


def has_equal_pieces(state: State, settings: LoopSettings, *, batch_size: int) -> bool:
    """Whether a batch is learnt in as many pieces as were asked for, all of one size."""
    is_as_asked = state.num_micro_batches == settings.accumulate
    return is_as_asked and batch_size % settings.accumulate == 0


def take_step(state: State, *, clip_norm: float | None, step: int) -> None:
    """Clips the gradient if asked, updates the weights, and their average if there is one."""
    if clip_norm is not None:
        state.scaler.unscale_(state.optimiser)
        nn.utils.clip_grad_norm_(state.network.parameters(), clip_norm)
    state.scaler.step(state.optimiser)
    state.scaler.update()
    if state.ema is not None:
        state.ema.update(state.network, step=step)


def score_epoch(metrics: dict[str, float], *, loss: float, best: str) -> dict[str, float]:
    """The held-out loss, the metrics, and the `score` that decides about epochs, higher is better.

    The score is minus the loss where that is asked for, or where the metric is missing or undefined
    (nobody of one of the classes is held out).
    """
    score = metrics.get("score", math.nan)
    if best == "loss" or math.isnan(score):
        score = -loss
    return {"held_out_loss": loss} | metrics | {"score": score}


def held_out_logits(
    network: nn.Module,
    batches: Iterable,
    *,
    to_input: ToInput,
    device: torch.device,
    precision: str,
) -> Logits:
    """The logits of the images as they are, without other views."""
    (views,) = predict_logits(
        [network],
        batches,
        views={"identity": lambda inputs: inputs},
        to_input=to_input,
        device=device,
        precision=precision,
    )
    return views["identity"]


def is_finished(state: State, *, settings: LoopSettings) -> bool:
    """Whether all epochs are done, or early stopping has waited long enough."""
    if len(state.history) >= settings.last_epoch:
        return True
    waited = epochs_since_best(state.scores) if state.history else 0
    return settings.early_stop is not None and waited >= settings.early_stop


def steps_left(state: State, *, settings: LoopSettings, steps_per_epoch: int) -> int:
    """Steps until the last epoch, if early stopping does not come before."""
    return (settings.last_epoch - len(state.history)) * steps_per_epoch


def begin_epoch(
    state: State, *, epoch: int, settings: LoopSettings, loader: TrainingBatches
) -> None:
    """Seeds the epoch's own randomness and puts the layers into training mode.

    Batches are tried whole again: the memory may have been full of what other processes needed, and
    a run that goes on must take the same steps.
    """
    torch.manual_seed(settings.seed * 100_003 + epoch)
    order = loader.batch_sampler
    assert isinstance(order, EpochOrder), "images come in another order in every epoch"
    order.epoch = epoch
    state.network.train()
    freeze_batchnorm(state.network.backbone, every=settings.frozen_norm)
    state.num_micro_batches = settings.accumulate


def set_rates(optimiser: torch.optim.Optimizer, *, factor: float) -> None:
    """Every group's own learning rate, times the factor."""
    for group in optimiser.param_groups:
        group["lr"] = group["initial_lr"] * factor


def highest_lr(optimiser: torch.optim.Optimizer) -> float:
    """The largest learning rate of the groups, as last set."""
    return max(group["lr"] for group in optimiser.param_groups)
