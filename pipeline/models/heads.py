"""The outputs of a head and how they become predictions, by form: a task's kind, or a loss's own.

Width and decoding stand side by side, so a head that was trained with one form is decoded with it.
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
    probabilities (of several labels each by itself), a score in [0, 1], or a value in the label's
    unit."""

    num_outputs: Callable[[Task, int | None], int]
    decode: Callable[[torch.Tensor, Task], torch.Tensor]


@dataclass(frozen=True)
class HeadShape:
    """How many outputs a head has and which layer makes them: linear by default, cosines times
    `cosine_scale` where that is given, or one shared direction with a bias for each output."""

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
        """Scaled cosines (N, C) of features (N, D) and the directions of the classes."""
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
        """Logits (N, K) of features (N, D): their one score plus the bias of each output."""
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
    """The value (N, 1); of a task with classes, their probabilities (N, C).

    Output k is the logit of "the number is above threshold k". A class's probability is the
    probability to be above its lower edge minus that to be above its upper edge.
    """
    num_thresholds = logits.shape[1]
    step = (task.high - task.low) / num_thresholds
    above = logits.sigmoid()
    if task.kind == "regression":
        return task.low + step * above.sum(dim=1, keepdim=True)
    ones = torch.ones_like(above[:, :1])
    cumulative = [ones]
    for edge in task.edges:
        # the first threshold that a label on the edge has passed completely
        threshold = math.ceil((edge - task.low) / step) - 1
        threshold = min(max(threshold, 0), num_thresholds - 1)
        # the minimum, as the outputs may rise from one threshold to the next (Niu et al. 2016
        # leave that open), and a class can't have less than no probability
        cumulative.append(above[:, : threshold + 1].amin(dim=1, keepdim=True))
    cumulative.append(0.0 * ones)
    above_edges = torch.cat(cumulative, dim=1)
    return above_edges[:, :-1] - above_edges[:, 1:]


def _decode_distribution(logits: torch.Tensor, task: Task) -> torch.Tensor:
    """The expectation (N, 1) over the bins; of a task with classes, their sums (N, C)."""
    centres = bin_centres(task.low, task.high, number=logits.shape[1], like=logits)
    if task.kind == "multiclass":
        edges = torch.tensor(task.edges, dtype=centres.dtype, device=centres.device)
        places = torch.bucketize(centres, edges, right=True)
        return logits.softmax(dim=1) @ F.one_hot(places, len(task.classes)).to(logits.dtype)
    return logits.softmax(dim=1) @ centres[:, None]


def _count_classes(task: Task, bins: int | None) -> int:
    return len(task.classes)


def _count_one(task: Task, bins: int | None) -> int:
    return 1


def _count_thresholds(task: Task, bins: int | None) -> int:
    return num_bins(task, bins) - 1


def _decode_classes(logits: torch.Tensor, task: Task) -> torch.Tensor:
    return logits.softmax(dim=1)


def _decode_score(logits: torch.Tensor, task: Task) -> torch.Tensor:
    return logits.sigmoid()


def _decode_value(logits: torch.Tensor, task: Task) -> torch.Tensor:
    return logits * task.scale + task.centre


FORMS: dict[str, Form] = {
    "multiclass": Form(_count_classes, _decode_classes),
    "cosine": Form(_count_classes, _decode_classes),
    "binary": Form(_count_one, _decode_score),
    "multilabel": Form(_count_classes, _decode_score),
    "regression": Form(_count_one, _decode_value),
    "ordinal": Form(_count_thresholds, _decode_ordinal),
    "coral": Form(_count_thresholds, _decode_ordinal),
    "distribution": Form(num_bins, _decode_distribution),
}
