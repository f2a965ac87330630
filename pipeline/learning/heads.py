"""What a head gives and how it is read, by form. A form is a task's kind, or a loss's own.

Widths and decoding stand side by side: what is trained with one form is answered with the same.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from pipeline.labels.tasks import Task


@dataclass(frozen=True)
class Form:
    """`num_outputs(task, bins)`, and `decode(logits, task)`: (N, outputs) to (N, task.num_columns)
    probabilities, a score in [0, 1], or a value in the label's unit."""

    num_outputs: Callable[[Task, int | None], int]
    decode: Callable[[torch.Tensor, Task], torch.Tensor]


@dataclass(frozen=True)
class HeadShape:
    """A head's outputs, and for a cosine head what its cosines are multiplied by."""

    num_outputs: int
    cosine_scale: float | None = None


class CosineHead(nn.Module):
    """scale * cos of the angle between the float32 features and each class's direction."""

    def __init__(self, width: int, num_outputs: int, *, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, width)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        directions = F.normalize(self.weight)
        return self.scale * F.linear(F.normalize(features), directions)


def full_precision(device: torch.device) -> AbstractContextManager:
    """Switches mixed precision off for the block; nothing where it is off already."""
    if not torch.is_autocast_enabled(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


def build_head(width: int, shape: HeadShape) -> nn.Module:
    """The layer from `width` features to the head's outputs."""
    if shape.cosine_scale is not None:
        return CosineHead(width, shape.num_outputs, scale=shape.cosine_scale)
    head = nn.Linear(width, shape.num_outputs)
    nn.init.normal_(head.weight, std=0.01)  # small: the first steps should not shake the backbone
    nn.init.zeros_(head.bias)
    return head


def num_bins(task: Task, bins: int | None) -> int:
    """The values from the task's low to its high: `bins`, or every whole number."""
    return round(task.high - task.low) + 1 if bins is None else bins


def bin_centres(low: float, high: float, *, number: int, like: torch.Tensor) -> torch.Tensor:
    """`number` evenly spaced values from low to high, with the type and device of `like`."""
    return torch.linspace(low, high, number, dtype=like.dtype, device=like.device)


def _decode_ordinal(logits: torch.Tensor, task: Task) -> torch.Tensor:
    step = (task.high - task.low) / logits.shape[1]
    return task.low + step * logits.sigmoid().sum(dim=1, keepdim=True)


def _decode_distribution(logits: torch.Tensor, task: Task) -> torch.Tensor:
    centres = bin_centres(task.low, task.high, number=logits.shape[1], like=logits)
    return logits.softmax(dim=1) @ centres[:, None]


FORMS: dict[str, Form] = {
    "classes": Form(lambda task, bins: len(task.classes), lambda x, task: x.softmax(dim=1)),
    "cosine": Form(lambda task, bins: len(task.classes), lambda x, task: x.softmax(dim=1)),
    "score": Form(lambda task, bins: 1, lambda x, task: x.sigmoid()),
    "number": Form(lambda task, bins: 1, lambda x, task: x * task.scale + task.centre),
    "ordinal": Form(lambda task, bins: num_bins(task, bins) - 1, _decode_ordinal),
    "distribution": Form(num_bins, _decode_distribution),
}
