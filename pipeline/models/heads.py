"""What a head gives and how it is read, by form. A form is a task's kind, or a loss's own.

Widths and decoding stand side by side: what is trained with one form is answered with the same.
"""

import math
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
    """A head's outputs; for a cosine head what its cosines are multiplied by; and whether the
    outputs share one direction."""

    num_outputs: int
    cosine_scale: float | None = None
    shared: bool = False


class CosineHead(nn.Module):
    """scale * cos of the angle between the float32 features and each class's direction."""

    def __init__(self, width: int, num_outputs: int, *, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, width)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        directions = F.normalize(self.weight)
        return self.scale * F.linear(F.normalize(features), directions)


class SharedHead(nn.Module):
    """One score of the features for all outputs, plus a bias of each one's own: thresholds of one
    quantity, which can't cross while the biases fall (CORAL, Cao et al. 2020)."""

    def __init__(self, width: int, num_outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(1, width), std=0.01))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return F.linear(features, self.weight) + self.bias


def full_precision(device: torch.device) -> AbstractContextManager:
    """Switches mixed precision off for the block; nothing where it is off already."""
    if torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


def build_head(width: int, shape: HeadShape) -> nn.Module:
    """The layer from `width` features to the head's outputs."""
    if shape.cosine_scale is not None:
        return CosineHead(width, shape.num_outputs, scale=shape.cosine_scale)
    if shape.shared:
        return SharedHead(width, shape.num_outputs)
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
    """The value; of classes their probabilities, from the chances to lie above each edge. A chance
    above a later threshold is never higher (Niu et al. 2016 leave that open)."""
    step = (task.high - task.low) / logits.shape[1]
    if task.kind == "multiclass":
        above = logits.sigmoid()
        # the first threshold that a label on the edge has passed whole
        places = [
            min(max(math.ceil((e - task.low) / step) - 1, 0), logits.shape[1] - 1)
            for e in task.edges
        ]
        ones = torch.ones_like(above[:, :1])
        least = [above[:, : place + 1].amin(dim=1, keepdim=True) for place in places]
        cumulative = torch.cat([ones, *least, 0.0 * ones], dim=1)
        return cumulative[:, :-1] - cumulative[:, 1:]
    return task.low + step * logits.sigmoid().sum(dim=1, keepdim=True)


def _decode_distribution(logits: torch.Tensor, task: Task) -> torch.Tensor:
    centres = bin_centres(task.low, task.high, number=logits.shape[1], like=logits)
    if task.kind == "multiclass":  # what lies between two edges together
        edges = torch.tensor(task.edges, dtype=centres.dtype, device=centres.device)
        places = torch.bucketize(centres, edges, right=True)
        return logits.softmax(dim=1) @ F.one_hot(places, len(task.classes)).to(logits.dtype)
    return logits.softmax(dim=1) @ centres[:, None]


FORMS: dict[str, Form] = {
    "multiclass": Form(lambda task, bins: len(task.classes), lambda x, task: x.softmax(dim=1)),
    "cosine": Form(lambda task, bins: len(task.classes), lambda x, task: x.softmax(dim=1)),
    "binary": Form(lambda task, bins: 1, lambda x, task: x.sigmoid()),
    "regression": Form(lambda task, bins: 1, lambda x, task: x * task.scale + task.centre),
    "ordinal": Form(lambda task, bins: num_bins(task, bins) - 1, _decode_ordinal),
    "coral": Form(lambda task, bins: num_bins(task, bins) - 1, _decode_ordinal),
    "distribution": Form(num_bins, _decode_distribution),
}
