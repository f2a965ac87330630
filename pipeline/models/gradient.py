"""One step's gradient, in as many pieces as the memory asks for, and losses gone astray."""

import math
from collections.abc import Callable

import torch
from torch import nn

from pipeline.models.logits import Logits, autocast
from pipeline.models.losses import Criterion
from pipeline.models.out_of_memory import is_out_of_memory

Targets = dict[str, torch.Tensor]  # by task; `TASK@group` beside a task whose loss needs a group
LOOK_EVERY = 50  # steps between two looks at whether the loss is finite: each waits for the device


class NotFiniteError(ValueError):
    """A loss that is no number any more; the message says where, and what usually helps."""


def total_loss(
    logits: Logits, targets: Targets, *, criteria: tuple[Criterion, ...]
) -> torch.Tensor:
    """The weighted mean of the tasks' losses."""
    losses = []
    for criterion in criteria:
        name = criterion.task.name
        group = targets.get(f"{name}@group")
        losses.append(
            criterion.weight * criterion.compute(logits[name], targets[name], group=group)
        )
    return sum(losses) / sum(criterion.weight for criterion in criteria)


def add_gradients(
    network: nn.Module,
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
    num_micro_batches = min(
        num_micro_batches, max(1, len(inputs) // 2)
    )  # BatchNorm can't train on one image
    total = torch.zeros((), device=inputs.device)
    shares = {task: value.tensor_split(num_micro_batches) for task, value in targets.items()}
    for number, part in enumerate(inputs.tensor_split(num_micro_batches)):
        with autocast(inputs.device, precision=precision):
            logits = network(part)
        own = {task: share[number] for task, share in shares.items()}
        loss = total_loss(logits, own, criteria=criteria)
        if num_micro_batches > 1:
            loss = loss * (len(part) / len(inputs))
        scaler.scale(loss).backward()
        total += loss.detach()
    return total


def add_gradients_that_fit(
    network: nn.Module,
    inputs: torch.Tensor,
    targets: Targets,
    *,
    optimiser: torch.optim.Optimizer,
    num_micro_batches: int,
    on_split: Callable[[int], None],
    **how,
) -> tuple[torch.Tensor, int]:
    """As add_gradients, from none; where the device's memory is full, in twice as many pieces, of
    which `halved` is told. Gives the loss and the pieces.

    Raises torch.OutOfMemoryError when two images at a time are still too many.
    """
    while True:
        optimiser.zero_grad(set_to_none=True)
        try:
            return add_gradients(
                network, inputs, targets, num_micro_batches=num_micro_batches, **how
            ), num_micro_batches
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            said = str(error)
        # out here nothing refers to what the failed attempt had computed
        optimiser.zero_grad(set_to_none=True)
        if num_micro_batches * 2 > len(inputs) // 2:
            raise torch.OutOfMemoryError(said)
        if inputs.device.type == "cuda":
            torch.cuda.empty_cache()
        num_micro_batches *= 2
        on_split(num_micro_batches)


class FiniteLossMonitor:
    """The first loss of an epoch that is not finite, found without waiting for every step."""

    def __init__(self, *, epoch: int, steps_per_epoch: int, device: torch.device) -> None:
        self.epoch, self.steps_per_epoch = epoch, steps_per_epoch
        self.first = torch.full((), -1, device=device)
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
