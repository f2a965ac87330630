"""The one evaluation transform, used by OOF, infer, demo and export alike, and its fingerprint.

A crop becomes a network's input in two steps: `fit_size` on uint8 pixels (where augmentation may
follow in training), then `normalise` on a whole batch on the device.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch


@dataclass(frozen=True)
class Transform:
    """What a network expects: side in pixels, and mean and std of pixels scaled to [0, 1]."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def fingerprint(self, *, crop_recipe: str) -> str:
        """Names the whole way from image to input; weights serve only inputs of their own."""
        text = json.dumps([asdict(self), crop_recipe, "v1"], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def fit_size(crop: np.ndarray, *, size: int) -> np.ndarray:
    """The square uint8 crop at (size, size, 3): area mean when shrinking, bicubic when growing."""
    if crop.shape[0] == size:
        return np.ascontiguousarray(crop)
    shrinks = crop.shape[0] > size
    return cv2.resize(
        crop, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )


def normalise(pixels: torch.Tensor, *, transform: Transform) -> torch.Tensor:
    """uint8 (N, H, W, 3) pixels as the network's float32 (N, 3, H, W) input, channels last."""
    mean, scale = _constants(transform, pixels.device)
    inputs = (pixels.permute(0, 3, 1, 2).float() - mean) * scale
    # pixels augmented on the device may come plane by plane
    return inputs.contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=64)
def _constants(transform: Transform, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean, and what to multiply by, on the device: sent once, not with every batch."""
    with torch.inference_mode(False):
        mean = torch.tensor(transform.mean, device=device).mul_(255.0)
        scale = torch.tensor(transform.std, device=device).mul_(255.0).reciprocal_()
        return mean.view(1, 3, 1, 1), scale.view(1, 3, 1, 1)
