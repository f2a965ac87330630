"""Losses of multiclass, binary and multilabel tasks.

Multiclass: logits (N, C), targets are class numbers (N,) or shares of classes (N, C). Binary:
logits (N, 1), targets (N,) from 0 to 1. Multilabel: logits (N, C), targets (N, C) from 0 to 1, NaN
where a label is not known. A loss gives one value a sample (N,), but for soft_f1.
"""

import math

import torch
from torch.nn import functional as F


def cross_entropy(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    weights: torch.Tensor | None = None,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """-Σ q log p with the target q smoothed towards uniform, times the true class's weight."""
    num_classes = logits.shape[1]
    q = soft(targets, num_classes)
    smoothed = q * (1.0 - smoothing) + smoothing / num_classes
    loss = -(smoothed * logits.log_softmax(dim=1)).sum(dim=1)
    if weights is None:
        return loss
    return loss * (q @ weights)


def focal(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    weights: torch.Tensor | None = None,
    smoothing: float = 0.0,
    gamma: float = 2.0,
) -> torch.Tensor:
    """(1 - p)^gamma times the cross-entropy, p of the true class (Lin et al. 2017)."""
    p = (soft(targets, logits.shape[1]) * logits.softmax(dim=1)).sum(dim=1)
    plain = cross_entropy(logits, targets, weights=weights, smoothing=smoothing)
    return (1.0 - p).clamp(min=0.0) ** gamma * plain


def soft_f1(
    logits: torch.Tensor, targets: torch.Tensor, *, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """1 - the mean F1 of the batch's classes, with probabilities for decisions: a scalar."""
    q = soft(targets, logits.shape[1])
    p = logits.softmax(dim=1)
    # the clamp: a class that nobody has and whose probability underflows would be 0 / 0
    f1 = 2.0 * (q * p).sum(dim=0) / (q + p).sum(dim=0).clamp(min=1e-12)
    share = (q.sum(dim=0) > 0).to(f1.dtype)
    if weights is not None:
        share = share * weights
    return 1.0 - (f1 * share).sum() / share.sum().clamp(min=1e-12)


def arcface(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    weights: torch.Tensor | None = None,
    smoothing: float = 0.0,
    margin: float = 0.3,
    scale: float = 30.0,
) -> torch.Tensor:
    """Cross-entropy of scale * cos(angle + margin for the true class) (Deng et al. 2019).

    The logits are scale * cos(angle). A soft target takes its share of the margin. Past a half turn
    the cosine is mirrored, so that it goes on falling.
    """
    cosines = (logits / scale).clamp(-1.0 + 1e-6, 1.0 - 1e-6)
    angles = cosines.acos() + margin * soft(targets, logits.shape[1])
    wider = torch.where(angles <= math.pi, angles.cos(), -2.0 - angles.cos())
    return cross_entropy(scale * wider, targets, weights=weights, smoothing=smoothing)


def bce(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    smoothing: float = 0.0,
    weights: torch.Tensor | None = None,
    positive_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Binary cross-entropy of one logit, targets (N,); of several labels, targets (N, C), its mean
    over the labels that are known. Targets 0..1 are smoothed towards a half.

    Of several labels `weights` (C,) are those of each label's loss, and `positive_weights` (C,)
    those of the part where the label is true.
    """
    if targets.ndim == 1:
        targets = targets * (1.0 - smoothing) + 0.5 * smoothing
        return F.binary_cross_entropy_with_logits(logits[:, 0], targets, reduction="none")
    wanted = targets.nan_to_num(0.0) * (1.0 - smoothing) + 0.5 * smoothing
    losses = F.binary_cross_entropy_with_logits(
        logits, wanted, weight=weights, pos_weight=positive_weights, reduction="none"
    )
    return _mean_of_known(losses, targets)


def asymmetric(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    smoothing: float = 0.0,
    gamma: float = 2.0,
    weights: torch.Tensor | None = None,
    positive_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """timm's asymmetric loss of several labels (Ridnik et al. 2021), the mean over those that are
    known. Absent labels, which are many, are focused by 2 * gamma and true ones by gamma / 2: the
    default is the paper's 4 and 1."""
    from timm.loss import AsymmetricLossMultiLabel

    loss = AsymmetricLossMultiLabel(
        gamma_neg=2.0 * gamma,
        gamma_pos=gamma / 2.0,
        smoothing=smoothing,
        reduction="none",
        weight=weights,
        pos_weight=positive_weights,
    )
    return _mean_of_known(loss(logits, targets.nan_to_num(0.0)), targets)


def _mean_of_known(losses: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The mean (N,) of losses (N, C) over the labels that are known."""
    known = ~targets.isnan()
    return (losses * known).sum(dim=1) / known.sum(dim=1).clamp(min=1)


def soft(targets: torch.Tensor, num_classes: int) -> torch.Tensor:
    """Class numbers (N,) as one-hot float (N, C); shares (N, C) are returned as they are."""
    if targets.ndim == 2:
        return targets
    return F.one_hot(targets, num_classes).float()
