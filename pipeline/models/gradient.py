"""One step's gradient, in as many pieces as the memory needs, and the check for a lost loss."""

import math
from collections.abc import Callable

import torch

from pipeline.models.logits import Logits, autocast
from pipeline.models.losses import Criterion
from pipeline.models.out_of_memory import is_out_of_memory
from pipeline.models.speedups import Forward

Targets = dict[str, torch.Tensor]  # by task; `TASK@group` beside a task whose loss needs a group
LOOK_EVERY = 50  # steps between two looks at whether the loss is finite: each waits for the device


class NotFiniteError(ValueError):
    """A loss that is NaN or infinite; the message says where, and what usually helps."""


def total_loss(
    logits: Logits,
    targets: Targets,
    *,
    criteria: tuple[Criterion, ...],
    whole: Targets | None = None,
) -> torch.Tensor:
    """The weighted mean of the tasks' losses.

    Where these are a piece of a batch, `whole` has the targets of all of it, and the value is the
    piece's part of the batch's loss.
    """
    total: torch.Tensor | None = None
    for criterion in criteria:
        name = criterion.task.name
        loss = criterion.compute(
            logits[name],
            targets[name],
            group=targets.get(f"{name}@group"),
            whole=None if whole is None else whole[name],
        )
        part = criterion.weight * loss
        total = part if total is None else total + part
    assert total is not None, "a member has at least one task"
    return total / sum(criterion.weight for criterion in criteria)


def add_gradients(
    network: Forward,
    inputs: torch.Tensor,
    targets: Targets,
    *,
    criteria: tuple[Criterion, ...],
    scaler: torch.amp.GradScaler,
    precision: str,
    num_micro_batches: int,
) -> torch.Tensor:
    """The batch's mean loss, its gradient added to the parameters', piece by piece.

    The gradient is that of the whole batch, but for two things: BatchNorm takes its statistics from
    each piece, and a loss that judges a whole batch (soft_f1, occlusion_gap) judges each piece.
    """
    # at least two images in each piece: BatchNorm can't train on one
    num_micro_batches = min(num_micro_batches, max(1, len(inputs) // 2))
    whole = targets if num_micro_batches > 1 else None
    total = torch.zeros((), device=inputs.device)
    target_pieces = {task: value.tensor_split(num_micro_batches) for task, value in targets.items()}
    for number, piece in enumerate(inputs.tensor_split(num_micro_batches)):
        with autocast(inputs.device, precision=precision):
            logits = network(piece)
        piece_targets = {task: pieces[number] for task, pieces in target_pieces.items()}
        loss = total_loss(logits, piece_targets, criteria=criteria, whole=whole)
        scaler.scale(loss).backward()
        total += loss.detach()
    return total


def add_gradients_that_fit(
    network: Forward,
    inputs: torch.Tensor,
    targets: Targets,
    *,
    optimiser: torch.optim.Optimizer,
    criteria: tuple[Criterion, ...],
    scaler: torch.amp.GradScaler,
    precision: str,
    num_micro_batches: int,
    on_split: Callable[[int], None] | None = None,
) -> tuple[torch.Tensor, int]:
    """As add_gradients, after the old gradient is cleared; gives the loss and the number of pieces.

    Where the device's memory is full it tries again with twice as many pieces and calls `on_split`
    with their number. Raises torch.OutOfMemoryError when two images at a time are still too many.
    """
    while True:
        optimiser.zero_grad(set_to_none=True)
        try:
            loss = add_gradients(
                network,
                inputs,
                targets,
                criteria=criteria,
                scaler=scaler,
                precision=precision,
                num_micro_batches=num_micro_batches,
            )
            return loss, num_micro_batches
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            message = str(error)
        # outside of the `except` block nothing refers to what the failed attempt had computed
        optimiser.zero_grad(set_to_none=True)
        if num_micro_batches * 2 > len(inputs) // 2:
            raise torch.OutOfMemoryError(message)
        if inputs.device.type == "cuda":
            torch.cuda.empty_cache()
        num_micro_batches *= 2
        if on_split is not None:
            on_split(num_micro_batches)


class FiniteLossMonitor:
    """The first loss of an epoch that is not finite, found without waiting for every step."""

    def __init__(self, *, epoch: int, steps_per_epoch: int, device: torch.device) -> None:
        self.epoch = epoch
        self.steps_per_epoch = steps_per_epoch
        self.first = torch.full((), -1, device=device)  # the first such batch; -1 for none
        self.rates: list[float] = []  # of every step so far

    def see(self, loss: torch.Tensor, *, lr: float) -> None:
        """Raises NotFiniteError, at most LOOK_EVERY steps late, for a loss that is not finite."""
        new = ~torch.isfinite(loss) & (self.first < 0)
        self.first = torch.where(new, len(self.rates), self.first)
        self.rates.append(lr)
        if len(self.rates) % LOOK_EVERY == 0:
            self.look()

    def look(self) -> None:
        """Raises NotFiniteError when a step since the epoch began had no finite loss."""
        batch = int(self.first.item())
        if batch >= 0:
            step = self.epoch * self.steps_per_epoch + batch + 1
            raise NotFiniteError(
                f"the loss is no finite number at step {step} (epoch {self.epoch + 1}, batch "
                f"{batch + 1}) at learning rate {self.rates[batch]:g}; {_help()}"
            )


def check_held_out(loss: float, *, epoch: int, lr: float) -> None:
    """Raises NotFiniteError for a held-out loss that is not finite."""
    if not math.isfinite(loss):
        raise NotFiniteError(
            f"the loss of the held-out images is {loss} after epoch {epoch + 1} at learning rate "
            f"{lr:g}; {_help()}"
        )


def _help() -> str:
    return "a smaller lr, schedule.warmup_epochs: 1, clip_norm: 1.0 or precision: float32 help"
