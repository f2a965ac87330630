"""Losses of classes and scores. Targets are class numbers (N,) or soft (N, C); scores 0..1 (N,)."""

import math

import torch
from torch.nn import functional as F


def cross_entropy(logits, targets, *, weights=None, smoothing=0.0, **_) -> torch.Tensor:
    """-Σ q log p with the target q smoothed towards uniform, times the true class's weight."""
    q = soft(targets, logits.shape[1])
    q = q * (1.0 - smoothing) + smoothing / logits.shape[1]
    loss = -(q * logits.log_softmax(dim=1)).sum(dim=1)
    return loss if weights is None else loss * (soft(targets, logits.shape[1]) @ weights)


def focal(logits, targets, *, weights=None, smoothing=0.0, gamma=2.0, **_) -> torch.Tensor:
    """(1 - p)^gamma times the cross-entropy, p of the true class (Lin et al. 2017)."""
    p = (soft(targets, logits.shape[1]) * logits.softmax(dim=1)).sum(dim=1)
    plain = cross_entropy(logits, targets, weights=weights, smoothing=smoothing)
    return (1.0 - p).clamp(min=0.0) ** gamma * plain


def soft_f1(logits, targets, *, weights=None, **_) -> torch.Tensor:
    """1 - the mean F1 of the batch's classes, with probabilities for decisions: a scalar."""
    q, p = soft(targets, logits.shape[1]), logits.softmax(dim=1)
    # a class that nobody has and whose probability underflows: 0 / 0
    f1 = 2.0 * (q * p).sum(dim=0) / (q + p).sum(dim=0).clamp(min=1e-12)
    share = (q.sum(dim=0) > 0).to(f1.dtype)
    if weights is not None:
        share = share * weights
    return 1.0 - (f1 * share).sum() / share.sum().clamp(min=1e-12)


def arcface(
    logits, targets, *, weights=None, smoothing=0.0, margin=0.3, scale=30.0, **_
) -> torch.Tensor:
    """Cross-entropy of scale * cos(angle + margin for the true class) (Deng et al. 2019).

    The logits are scale * cos(angle). A soft target takes its share of the margin. Past a half turn
    the cosine is mirrored, so that it goes on falling.
    """
    cosines = (logits / scale).clamp(-1.0 + 1e-6, 1.0 - 1e-6)
    angles = cosines.acos() + margin * soft(targets, logits.shape[1])
    wider = torch.where(angles <= math.pi, angles.cos(), -2.0 - angles.cos())
    return cross_entropy(scale * wider, targets, weights=weights, smoothing=smoothing)


def bce(logits, targets, *, smoothing=0.0, **_) -> torch.Tensor:
    """Binary cross-entropy of one logit; targets 0..1, smoothed towards a half."""
    targets = targets * (1.0 - smoothing) + 0.5 * smoothing
    return F.binary_cross_entropy_with_logits(logits[:, 0], targets, reduction="none")


def soft(targets: torch.Tensor, num_classes: int) -> torch.Tensor:
    """Class numbers (N,) as one-hot float (N, C); what is already (N, C) stays."""
    return targets if targets.ndim == 2 else F.one_hot(targets, num_classes).float()
