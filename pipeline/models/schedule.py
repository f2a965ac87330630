"""The learning rate as a pure function of the step. No optimiser, no state."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Its shape; the units are epochs."""

    name: str = "constant"
    warmup_epochs: float = 0.0
    floor: float = 0.0
    every_epochs: int = 5
    factor: float = 0.5
    patience: int = 2


def lr_factor(
    schedule: Schedule,
    *,
    step: int,
    steps_per_epoch: int,
    num_epochs: int,
    scores: Sequence[float] = (),
) -> float:
    """What the base learning rate is multiplied by at a step (from 0).

    `scores` are the finished epochs' scores, higher is better; only plateau looks at them.
    """
    epoch = step / steps_per_epoch
    if epoch < schedule.warmup_epochs:
        return (step + 1) / math.ceil(schedule.warmup_epochs * steps_per_epoch)
    if schedule.name == "constant":
        return 1.0
    if schedule.name == "step":
        return schedule.factor ** (int(epoch) // schedule.every_epochs)
    if schedule.name == "plateau":
        return schedule.factor ** count_plateaus(scores, patience=schedule.patience)
    if schedule.name == "cosine":
        whole = max(num_epochs - schedule.warmup_epochs, 1e-9)
        part = min((epoch - schedule.warmup_epochs) / whole, 1.0)
        cosine = 0.5 * (1.0 + math.cos(math.pi * part))
        return schedule.floor + (1.0 - schedule.floor) * cosine
    raise ValueError(f"no schedule {schedule.name!r}: constant, step, cosine, plateau")


def count_plateaus(scores: Sequence[float], *, patience: int) -> int:
    """How often `patience` epochs in a row brought no better score; after each time the count
    starts at 0 again."""
    plateaus, waited, best = 0, 0, -math.inf
    for score in scores:
        if score > best:
            best, waited = score, 0
        else:
            waited += 1
        if waited == patience:
            plateaus, waited = plateaus + 1, 0
    return plateaus


def epochs_since_best(scores: Sequence[float]) -> int:
    """Epochs after the first best one; 0 when the last epoch is the best."""
    return len(scores) - 1 - max(range(len(scores)), key=lambda i: (scores[i], -i))
