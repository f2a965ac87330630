"""Losses by name, mixtures of them, and the weights of classes and samples.

A loss gives one value a sample (N,), or, where it judges a whole batch, a scalar. The mean is taken
over what it gives, so sample weights reach only the first sort.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from pipeline.labels.tasks import Task, bin_edges
from pipeline.models import classification_losses as class_losses
from pipeline.models import regression_losses as number_losses
from pipeline.models.heads import FORMS, Form, HeadShape


@dataclass(frozen=True)
class Loss:
    """`compute(logits, targets, **options)`, the kinds of task it serves, and its head's form,
    which is the kind's own when not given."""

    compute: Callable[..., torch.Tensor]
    kinds: tuple[str, ...]
    form: str | None = None
    whole_batch: bool = False  # gives a scalar
    needs_group: bool = False

    def form_for(self, task: Task) -> Form:
        return FORMS[self.form or task.kind]

    def num_outputs(self, task: Task, *, bins: int | None = None) -> int:
        """The width of the head; `bins` for the forms that cut low..high, else whole steps."""
        return self.form_for(task).num_outputs(task, bins)

    def decode(self, logits: torch.Tensor, task: Task) -> torch.Tensor:
        """Logits (N, num_outputs) as the task's (N, num_columns)."""
        return self.form_for(task).decode(logits, task)


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(class_losses.cross_entropy, ("multiclass",)),
    "focal": Loss(class_losses.focal, ("multiclass",)),
    "soft_f1": Loss(class_losses.soft_f1, ("multiclass",), whole_batch=True),
    "arcface": Loss(class_losses.arcface, ("multiclass",), form="cosine"),
    "bce": Loss(class_losses.bce, ("binary",)),
    "mse": Loss(number_losses.mse, ("regression",)),
    "l1": Loss(number_losses.l1, ("regression",)),
    "huber": Loss(number_losses.huber, ("regression",)),
    "weighted_mse": Loss(number_losses.weighted_mse, ("regression",)),
    "occlusion_gap": Loss(
        number_losses.occlusion_gap, ("regression",), whole_batch=True, needs_group=True
    ),
    "ordinal": Loss(number_losses.ordinal, ("regression", "multiclass"), form="ordinal"),
    "coral": Loss(number_losses.ordinal, ("regression", "multiclass"), form="coral"),
    "distribution": Loss(
        number_losses.distribution, ("regression", "multiclass"), form="distribution"
    ),
}


@lru_cache(maxsize=256)
def constant(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """The values as a float32 tensor, sent to the device once: to send them with every batch would
    make the host wait for the device each time."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=torch.float32, device=device)


_OPTIONS = ("smoothing", "gamma", "margin", "scale", "delta", "sigma")


@dataclass(frozen=True)
class BinWeights:
    """A weight for each bin of a number's targets; bin i is from edge i-1 up to below edge i."""

    edges: tuple[float, ...]
    weights: tuple[float, ...]

    def pick(self, targets: torch.Tensor) -> torch.Tensor:
        """The weight (N,) of each target."""
        edges = constant(self.edges, targets.device)
        weights = constant(self.weights, targets.device)
        return weights[torch.bucketize(targets, edges, right=True)]


@dataclass(frozen=True)
class Criterion:
    """How one task of a member is learnt: its loss (or a mixture, names with weights) with its
    options, and the task's share in the sum."""

    task: Task
    loss: str | Mapping[str, float]
    weight: float = 1.0
    smoothing: float = 0.0
    gamma: float = 2.0
    margin: float = 0.3
    scale: float = 30.0
    delta: float = 1.0
    sigma: float = 2.0
    class_weights: tuple[float, ...] | None = None
    bin_weights: BinWeights | None = None

    def compute(
        self, logits: torch.Tensor, targets: torch.Tensor, *, group: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The loss of a batch, a scalar. A number's targets come in the label's unit."""
        weights = self.class_weights
        if weights is not None:
            weights = constant(weights, logits.device)
        options = {
            **{key: getattr(self, key) for key in _OPTIONS},
            "weights": weights,
            "group": group,
            "unit": self.task.scale,
            "centre": self.task.centre,
            "low": self.task.low,
            "high": self.task.high,
        }
        logits, total = logits.float(), torch.zeros((), device=logits.device)
        parts = {self.loss: 1.0} if isinstance(self.loss, str) else self.loss
        for name, share in parts.items():
            value = LOSSES[name].compute(logits, targets, **options)
            if self.bin_weights is not None and not LOSSES[name].whole_batch:
                value = value * self.bin_weights.pick(targets)
            total = total + share * value.mean()
        return total


def head_shape(task: Task, *, loss: str, bins: int | None, scale: float) -> HeadShape:
    """What a task's head must give for a loss, which stands for all of a mixture."""
    number, form = LOSSES[loss].num_outputs(task, bins=bins), LOSSES[loss].form
    cosine_scale = scale if form == "cosine" else None
    return HeadShape(number, cosine_scale=cosine_scale, shared=form == "coral")


def balanced_weights(targets: np.ndarray, *, num_classes: int) -> tuple[float, ...]:
    """n / (classes * count) for each class, as scikit-learn's 'balanced'; 0 for an absent class."""
    counts = np.bincount(targets, minlength=num_classes)
    present = np.count_nonzero(counts)
    return tuple(len(targets) / (present * count) if count else 0.0 for count in counts.tolist())


def balanced_bins(targets: np.ndarray, *, num_bins: int, power: float) -> BinWeights:
    """Weights of equally wide bins by (1 / count)^power, with mean 1 over these targets (N,)."""
    edges = bin_edges(targets, num_bins=num_bins)
    codes = np.searchsorted(edges, targets, side="right")
    weights = np.array(balanced_weights(codes, num_classes=num_bins)) ** power
    weights /= weights[codes].mean()
    return BinWeights(tuple(edges.tolist()), tuple(weights.tolist()))
