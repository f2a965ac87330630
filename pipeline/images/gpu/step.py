"""What a step of a batch's augmentation is, and what its readers share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

LibraryStep = Any  # a transform of albumentations; its attributes are the arguments of its kind
NUM_DRAWS = 12  # uniform numbers that a step may use of a sample


@dataclass(frozen=True)
class Step:
    """A transform: its chance, `draw(uniforms (N, NUM_DRAWS), side)` to a parameter (N, ...) by
    name, and `apply(pixels (N, 3, H, W) of whole numbers, on=..., **parameters)`.

    One that draws `by_pixel` also gets every sample's `streams` (N,) int64.
    """

    p: float
    draw: Callable[[np.ndarray, int], dict[str, np.ndarray]]
    apply: Callable[..., torch.Tensor]
    by_pixel: bool = False


def needs(step: LibraryStep, **wanted: object) -> None:
    """Raises ValueError for an argument of albumentations' step that only albumentations has."""
    for key, allowed in wanted.items():
        found = getattr(step, key)
        if found not in (allowed if isinstance(allowed, tuple) else (allowed,)):
            name = type(step).__name__
            raise ValueError(
                f"augment: {name}: {key}: {found!r} needs augmenter: albumentations; on the device "
                f"it is {allowed}"
            )


def between(chance: np.ndarray, limits: Sequence[float]) -> np.ndarray:
    """Chances (N,) from 0 to 1 as values between two limits."""
    return limits[0] + (limits[1] - limits[0]) * chance
