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
from pipeline.models import classification_losses, regression_losses
from pipeline.models.heads import FORMS, Form, HeadShape


@dataclass(frozen=True)
class Loss:
    """A loss function with what the settings and the network must know of it.

    `options` names the keyword arguments that the function takes. `form` is the form of its head
    (FORMS), the task's kind when not given.
    """

    function: Callable[..., torch.Tensor]
    kinds: tuple[str, ...]  # of the tasks that it serves
    options: tuple[str, ...] = ()
    form: str | None = None
    whole_batch: bool = False  # gives a scalar

    def compute(
        self, logits: torch.Tensor, targets: torch.Tensor, **options: object
    ) -> torch.Tensor:
        """The values (N,), or a scalar; options that the function does not take are left out."""
        taken = {name: options[name] for name in self.options if name in options}
        return self.function(logits, targets, **taken)

    def form_for(self, task: Task) -> Form:
        """The form of the head that this loss trains for a task."""
        return FORMS[self.form or task.kind]

    def num_outputs(self, task: Task, *, bins: int | None = None) -> int:
        """The width of the head; `bins` for the forms that cut low..high, else whole steps."""
        return self.form_for(task).num_outputs(task, bins)

    def decode(self, logits: torch.Tensor, task: Task) -> torch.Tensor:
        """Logits (N, num_outputs) as the task's (N, num_columns)."""
        return self.form_for(task).decode(logits, task)


_CLASSES = ("multiclass",)
_NUMBERS = ("regression",)
_BOTH = ("regression", "multiclass")  # of classes the number behind their edges is learnt

LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(classification_losses.cross_entropy, _CLASSES, ("weights", "smoothing")),
    "focal": Loss(classification_losses.focal, _CLASSES, ("weights", "smoothing", "gamma")),
    "soft_f1": Loss(classification_losses.soft_f1, _CLASSES, ("weights",), whole_batch=True),
    "arcface": Loss(
        classification_losses.arcface,
        _CLASSES,
        ("weights", "smoothing", "margin", "scale"),
        form="cosine",
    ),
    "bce": Loss(
        classification_losses.bce,
        ("binary", "multilabel"),
        ("smoothing", "weights", "positive_weights"),
    ),
    "asymmetric": Loss(
        classification_losses.asymmetric,
        ("multilabel",),
        ("smoothing", "weights", "positive_weights", "gamma"),
    ),
    "mse": Loss(regression_losses.mse, _NUMBERS, ("unit", "centre")),
    "l1": Loss(regression_losses.l1, _NUMBERS, ("unit", "centre")),
    "huber": Loss(regression_losses.huber, _NUMBERS, ("unit", "centre", "delta")),
    "weighted_mse": Loss(regression_losses.weighted_mse, _NUMBERS, ("unit", "centre", "whole")),
    "occlusion_gap": Loss(
        regression_losses.occlusion_gap, _NUMBERS, ("unit", "centre", "group"), whole_batch=True
    ),
    "ordinal": Loss(regression_losses.ordinal, _BOTH, ("low", "high"), form="ordinal"),
    "coral": Loss(regression_losses.ordinal, _BOTH, ("low", "high"), form="coral"),
    "distribution": Loss(
        regression_losses.distribution, _BOTH, ("low", "high", "sigma"), form="distribution"
    ),
}


@lru_cache(maxsize=256)
def constant(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """The values as a float32 tensor, sent to the device once: to send them with every batch would
    make the host wait for the device each time."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=torch.float32, device=device)


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
    positive_weights: tuple[float, ...] | None = None  # of several labels, where one is true
    bin_weights: BinWeights | None = None
    partly_labelled: bool = False  # targets can be missing: -1, or NaN

    def compute(
        self,
        logits: torch.Tensor,
        targets: torch.Tensor,
        *,
        group: torch.Tensor | None = None,
        whole: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The loss of a batch, a scalar. The targets of a number are in the label's unit.

        Of a batch that is learnt in pieces, `whole` has the targets of all of it. The value is then
        the piece's part of the batch's loss: the parts of all pieces sum to it.

        A task that is `partly_labelled` is judged on the samples that have a label; the loss is 0
        where none has.
        """
        if whole is None:
            whole = targets
        if self.partly_labelled:
            # picking rows waits for the device, so only where labels are missing
            known = is_labelled(targets)
            if group is not None:
                group = group[known]
            logits, targets = logits[known], targets[known]
            whole = whole[is_labelled(whole)]
            if len(targets) == 0:
                return 0.0 * logits.float().sum()  # with a gradient, which is 0
        options = self._options(logits.device) | {"group": group, "whole": whole}
        logits = logits.float()
        total = torch.zeros((), device=logits.device)
        mixture = {self.loss: 1.0} if isinstance(self.loss, str) else self.loss
        for name, share in mixture.items():
            values = LOSSES[name].compute(logits, targets, **options)
            if self.bin_weights is not None and not LOSSES[name].whole_batch:
                values = values * self.bin_weights.pick(targets)
            total = total + share * values.mean()
        return total * (len(targets) / len(whole))

    def _options(self, device: torch.device) -> dict[str, object]:
        weights, positive = self.class_weights, self.positive_weights
        return {
            "weights": None if weights is None else constant(weights, device),
            "positive_weights": None if positive is None else constant(positive, device),
            "smoothing": self.smoothing,
            "gamma": self.gamma,
            "margin": self.margin,
            "scale": self.scale,
            "delta": self.delta,
            "sigma": self.sigma,
            "unit": self.task.scale,
            "centre": self.task.centre,
            "low": self.task.low,
            "high": self.task.high,
        }


def is_labelled(targets: torch.Tensor) -> torch.Tensor:
    """Which targets (N,) or (N, C) hold a label (of several any), (N,) bool: not -1, not NaN."""
    if not targets.is_floating_point():
        return targets >= 0
    missing = targets.isnan()
    return ~(missing if missing.ndim == 1 else missing.all(dim=1))


def head_shape(task: Task, *, loss: str, bins: int | None, scale: float) -> HeadShape:
    """The head of a task that learns by this loss, the first one of a mixture."""
    form = LOSSES[loss].form
    return HeadShape(
        LOSSES[loss].num_outputs(task, bins=bins),
        cosine_scale=scale if form == "cosine" else None,
        shared=form == "coral",
    )


def balanced_weights(targets: np.ndarray, *, num_classes: int) -> tuple[float, ...]:
    """n / (classes * count) for each class, as scikit-learn's 'balanced'; 0 for an absent class."""
    counts = np.bincount(targets, minlength=num_classes)
    num_present = np.count_nonzero(counts)
    weights = []
    for count in counts.tolist():
        weights.append(len(targets) / (num_present * count) if count else 0.0)
    return tuple(weights)


def positive_weights(targets: np.ndarray) -> tuple[float, ...]:
    """How much rarer each label is than its absence, of labels (N, C) of 0, 1 and NaN; 1 where one
    of both is never seen."""
    num_true = (targets == 1.0).sum(axis=0)
    num_false = (targets == 0.0).sum(axis=0)
    seen = (num_true > 0) & (num_false > 0)
    weights = np.where(seen, num_false / np.maximum(num_true, 1), 1.0)
    return tuple(weights.tolist())


def balanced_bins(targets: np.ndarray, *, num_bins: int, power: float) -> BinWeights:
    """Weights of equally wide bins by (1 / count)^power, with mean 1 over these targets (N,)."""
    edges = bin_edges(targets, num_bins=num_bins)
    codes = np.searchsorted(edges, targets, side="right")
    weights = np.array(balanced_weights(codes, num_classes=num_bins)) ** power
    weights /= weights[codes].mean()
    return BinWeights(tuple(edges.tolist()), tuple(weights.tolist()))
