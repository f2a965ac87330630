"""MixUp, CutMix and half-face CutMix: a batch's images in pairs, and their targets with them.

Pure functions of (pixels, targets, seed); all is computed where the batch lies. A class becomes
the shares of both images' classes, a number or score the value in between. What is mixed with a
missing label has none. A `TASK@group` stays that of the image with the larger share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

Targets = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Mixing:
    """How a batch is mixed, how often, and the task whose classes stay among themselves."""

    name: str  # mixup, cutmix, half_face
    alpha: float = 1.0
    p: float = 1.0
    within: str | None = None


def mix_batch(
    pixels: torch.Tensor,
    targets: Targets,
    seed: Sequence[int],
    *,
    mixing: Mixing,
    num_classes: Mapping[str, int],
) -> tuple[torch.Tensor, Targets]:
    """The mixed pixels (N, C, H, W) and targets; as they came in a share 1 - p of the seeds.

    `num_classes` names the tasks whose targets are class numbers or class shares.
    """
    rng = np.random.default_rng([*seed, 2])
    if rng.random() >= mixing.p:
        return pixels, targets
    codes = None if mixing.within is None else _codes(targets[mixing.within])
    partner = _partners(rng, len(pixels), codes=codes, device=pixels.device)
    pixels, share = _MIXERS[mixing.name](pixels, pixels[partner], rng, mixing.alpha)
    mixed = {}
    for name, values in targets.items():
        if name.endswith("@group"):  # half a woman and half a man are in one group or the other
            mixed[name] = values if share >= 0.5 else values[partner]
            continue
        if name in num_classes and values.ndim == 1:
            values = one_hot(values, num_classes=num_classes[name])
        mixed[name] = share * values + (1.0 - share) * values[partner]
    return pixels, mixed


def one_hot(codes: torch.Tensor, *, num_classes: int) -> torch.Tensor:
    """Class numbers (N,) as shares (N, C); a row of NaN for a missing label (-1)."""
    shares = F.one_hot(codes.clamp(min=0), num_classes).float()
    return shares.masked_fill((codes < 0)[:, None], float("nan"))


def _codes(targets: torch.Tensor) -> torch.Tensor:
    """The likeliest class (N,) of class numbers or shares; -1 for a missing label."""
    if targets.ndim == 1:
        return targets
    return targets.argmax(dim=1).masked_fill(targets.isnan().any(dim=1), -1)


def _partners(
    rng: np.random.Generator, number: int, *, codes: torch.Tensor | None, device: torch.device
) -> torch.Tensor:
    """A random permutation (N,) of the batch, which keeps every image's code when given."""
    quick = device.type == "cuda"  # MPS would go on reading memory of the host that is free again
    order = torch.from_numpy(rng.permutation(number)).to(device, non_blocking=quick)
    if codes is None:
        return order
    # both orders go code by code, so the i-th places of the two hold images of one code
    plain = codes.argsort(stable=True)
    shuffled = order[codes[order].argsort(stable=True)]
    return torch.empty_like(plain).scatter_(0, plain, shuffled)


def _mixup(
    pixels: torch.Tensor, others: torch.Tensor, rng: np.random.Generator, alpha: float
) -> tuple[torch.Tensor, float]:
    """A weighted mean of both images (Zhang et al. 2018)."""
    share = float(rng.beta(alpha, alpha))
    return share * pixels + (1.0 - share) * others, share


def _cutmix(
    pixels: torch.Tensor, others: torch.Tensor, rng: np.random.Generator, alpha: float
) -> tuple[torch.Tensor, float]:
    """A box of the other image; the share is the area that is left (Yun et al. 2019)."""
    height, width = pixels.shape[-2:]
    side = np.sqrt(1.0 - rng.beta(alpha, alpha))
    middle_y, middle_x = rng.integers(height), rng.integers(width)
    half_y, half_x = round(side * height / 2), round(side * width / 2)
    top, bottom = max(middle_y - half_y, 0), min(middle_y + half_y, height)
    left, right = max(middle_x - half_x, 0), min(middle_x + half_x, width)
    mixed = pixels.clone()
    mixed[..., top:bottom, left:right] = others[..., top:bottom, left:right]
    return mixed, float(1.0 - (bottom - top) * (right - left) / (height * width))


def _half_face(
    pixels: torch.Tensor, others: torch.Tensor, rng: np.random.Generator, alpha: float
) -> tuple[torch.Tensor, float]:
    """The left half of one face, the right half of the other: faces stay whole in height."""
    middle = pixels.shape[-1] // 2
    mixed = pixels.clone()
    mixed[..., middle:] = others[..., middle:]
    return mixed, middle / pixels.shape[-1]


_MIXERS = {"mixup": _mixup, "cutmix": _cutmix, "half_face": _half_face}
