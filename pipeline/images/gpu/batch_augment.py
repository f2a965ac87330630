"""Augmentation of whole batches where they lie: the recipe's common transforms in torch.

The same distributions as albumentations', whose own reading of the arguments is taken; the draws
are others. Every sample's draws come from its seed alone, whatever batch it is in. They are made on
the host, for many batches at once, so that no step of the training waits for them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from pipeline.images.augment import build_steps
from pipeline.images.gpu.colour import LIGHT_READERS
from pipeline.images.gpu.counter_rng import mixed, uniforms
from pipeline.images.gpu.geometry import WARP_READERS
from pipeline.images.gpu.step import NUM_DRAWS, Step

READERS = WARP_READERS | LIGHT_READERS
Drawn = list[dict[str, torch.Tensor]]  # by step: the parameters of every sample


class BatchAugment:
    """uint8 pixels (N, S, S, 3) and seeds (N,) to augmented pixels, on the pixels' device.

    Raises ValueError naming the transform, the argument, or the side (where it is given) that only
    albumentations has.
    """

    def __init__(self, recipe: Sequence[Mapping[str, Mapping]], *, side: int | None = None) -> None:
        self.steps = [_read(step) for step in build_steps(recipe)] if recipe else []
        if side is not None:
            self.draw(np.zeros(1, dtype=np.int64), side=side)

    def __call__(self, pixels: torch.Tensor, seeds: np.ndarray) -> torch.Tensor:
        drawn = self.draw(seeds, side=pixels.shape[1])
        return self.apply(
            pixels, [{k: v.to(pixels.device) for k, v in one.items()} for one in drawn]
        )

    def draw(self, seeds: np.ndarray, *, side: int) -> Drawn:
        """What every step does to the images of these seeds (N,) of so many pixels a side."""
        drawn = []
        for number, step in enumerate(self.steps):
            chances = uniforms(seeds, NUM_DRAWS + 1, stream=number)
            values = step.draw(chances[:, 1:], side) | {"on": chances[:, 0] < step.p}
            tensors = {k: torch.from_numpy(v.astype(np.float32)) for k, v in values.items()}
            if step.by_pixel:
                streams = mixed(seeds.astype(np.uint64), number + 1) >> np.uint64(33)
                tensors["streams"] = torch.from_numpy(streams.astype(np.int64))
            drawn.append(tensors)
        return drawn

    def apply(self, pixels: torch.Tensor, drawn: Drawn) -> torch.Tensor:
        """The images with what was drawn for them, which lies where they lie."""
        if not self.steps:
            return pixels
        batch = pixels.permute(0, 3, 1, 2).float()
        for step, values in zip(self.steps, drawn, strict=True):
            batch = step.apply(batch, **values).round().clamp_(0.0, 255.0)
        return batch.to(torch.uint8).permute(0, 2, 3, 1)


def _read(step: object) -> Step:
    name = type(step).__name__
    if name not in READERS:
        known = ", ".join(READERS)
        raise ValueError(f"augment: {name} needs augmenter: albumentations; on the device: {known}")
    return READERS[name](step)
