"""Losses by name. Logits (N, C) and the task's targets give one value a sample (N,)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from pipeline.labels.tasks import Task


@dataclass(frozen=True)
class Loss:
    """A loss, and the kinds of task it serves. `compute(logits, targets, **options)` gives (N,)."""

    compute: Callable[..., torch.Tensor]
    kinds: tuple[str, ...]


def cross_entropy(logits, targets, *, weights=None, smoothing=0.0, gamma=0.0) -> torch.Tensor:
    """-Σ q log p with the target q smoothed towards uniform, times the true class's weight."""
    q = _soft(targets, logits.shape[1])
    q = q * (1.0 - smoothing) + smoothing / logits.shape[1]
    loss = -(q * logits.log_softmax(dim=1)).sum(dim=1)
    return loss if weights is None else loss * (_soft(targets, logits.shape[1]) @ weights)


def focal(logits, targets, *, weights=None, smoothing=0.0, gamma=2.0) -> torch.Tensor:
    """(1 - p)^gamma times the cross-entropy, p of the true class (Lin et al. 2017)."""
    p = (_soft(targets, logits.shape[1]) * logits.softmax(dim=1)).sum(dim=1)
    plain = cross_entropy(logits, targets, weights=weights, smoothing=smoothing)
    return (1.0 - p).clamp(min=0.0) ** gamma * plain


def bce(logits, targets, *, weights=None, smoothing=0.0, gamma=0.0) -> torch.Tensor:
    """Binary cross-entropy of one logit; targets 0..1, smoothed towards a half."""
    targets = targets * (1.0 - smoothing) + 0.5 * smoothing
    return F.binary_cross_entropy_with_logits(logits[:, 0], targets, reduction="none")


def mse(logits, targets, **_) -> torch.Tensor:
    """Squared error of scaled targets."""
    return (logits[:, 0] - targets) ** 2


def l1(logits, targets, **_) -> torch.Tensor:
    """Absolute error of scaled targets."""
    return (logits[:, 0] - targets).abs()


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(cross_entropy, ("classes",)),
    "focal": Loss(focal, ("classes",)),
    "bce": Loss(bce, ("score",)),
    "mse": Loss(mse, ("number",)),
    "l1": Loss(l1, ("number",)),
}


@dataclass(frozen=True)
class Criterion:
    """How one task of a member is learnt: its loss with its options, and its share in the sum."""

    task: Task
    loss: str
    weight: float = 1.0
    smoothing: float = 0.0
    gamma: float = 2.0
    class_weights: tuple[float, ...] | None = None

    def compute(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean loss over a batch. A number's targets come unscaled and are scaled here."""
        weights = self.class_weights
        if weights is not None:
            weights = torch.tensor(weights, device=logits.device, dtype=torch.float32)
        if self.task.kind == "number":
            targets = targets / self.task.scale
        options = {"weights": weights, "smoothing": self.smoothing, "gamma": self.gamma}
        return LOSSES[self.loss].compute(logits.float(), targets, **options).mean()


def balanced_weights(targets: np.ndarray, *, num_classes: int) -> tuple[float, ...]:
    """n / (classes * count) for each class, as scikit-learn's 'balanced'; 0 for an absent class."""
    counts = np.bincount(targets, minlength=num_classes)
    present = np.count_nonzero(counts)
    return tuple(len(targets) / (present * count) if count else 0.0 for count in counts.tolist())


def _soft(targets: torch.Tensor, num_classes: int) -> torch.Tensor:
    """Class numbers (N,) as one-hot float (N, C); what is already (N, C) stays."""
    return targets if targets.ndim == 2 else F.one_hot(targets, num_classes).float()
