"""The blends of ensembling.blending and labels.answers in torch, for graphs; tested to be equal."""

from collections.abc import Sequence

import torch
from torch import nn

TIE_SHARE = 1e-6  # of a hard vote
LEAST = 1e-12


def product(probs: Sequence[torch.Tensor]) -> torch.Tensor:
    """Probabilities (N, product) of independent tasks' (N, C) each."""
    joint = probs[0]
    for other in probs[1:]:
        joint = (joint[:, :, None] * other[:, None, :]).flatten(1)
    return joint


def marginal(joint: torch.Tensor, sizes: Sequence[int], place: int) -> torch.Tensor:
    """Probabilities (N, C) of one task from those of the combined classes."""
    axes = [axis + 1 for axis in range(len(sizes)) if axis != place]
    return joint.reshape(-1, *sizes).sum(dim=axes)


def hard_vote(every: torch.Tensor, kind: str, soft: torch.Tensor) -> torch.Tensor:
    """The share (N, C) of voters (K, N, C) for each class, a tie to the higher mean `soft`."""
    if kind == "regression":
        return median(every)
    if kind in ("binary", "multilabel"):
        shares = (every >= 0.5).to(every.dtype).mean(dim=0)
    else:
        picks = nn.functional.one_hot(every.argmax(dim=2), every.shape[2])
        shares = picks.to(every.dtype).mean(dim=0)
    return (1.0 - TIE_SHARE) * shares + TIE_SHARE * soft


def median(every: torch.Tensor) -> torch.Tensor:
    """The middle (N, C) of (K, N, C), of an even number the mean of both."""
    ranked = every.sort(dim=0).values
    num = len(every)
    return (ranked[(num - 1) // 2] + ranked[num // 2]) / 2.0


def geometric(each: torch.Tensor, kind: str = "multiclass") -> torch.Tensor:
    """The normalised geometric mean (N, C) of (K, N, C); of a score and its rest, of several labels
    column by column."""
    if kind == "multilabel":
        columns = [geometric(column) for column in each.split(1, dim=2)]
        return torch.cat(columns, dim=1)
    both = torch.cat([1.0 - each, each], dim=2) if each.shape[2] == 1 else each
    probs = both.clamp(min=LEAST).log().mean(dim=0).softmax(dim=1)
    return probs[:, 1:] if each.shape[2] == 1 else probs
