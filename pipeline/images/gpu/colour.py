"""Light, colour and noise of whole batches, with albumentations' distributions."""

import numpy as np
import torch

from pipeline.images.gpu.counter_rng import pixel_uniforms
from pipeline.images.gpu.hsv import shift_hsv
from pipeline.images.gpu.step import LibraryStep, Step, between, needs


def _read_light(step: LibraryStep) -> Step:
    needs(step, brightness_by_max=True, ensure_safe_range=False)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        alpha = 1.0 + between(chances[:, 0], step.contrast_limit)
        return {"alpha": alpha, "beta": 255.0 * between(chances[:, 1], step.brightness_limit)}

    def apply(
        batch: torch.Tensor, *, on: torch.Tensor, alpha: torch.Tensor, beta: torch.Tensor
    ) -> torch.Tensor:
        alpha = torch.where(on > 0, alpha, 1.0).view(-1, 1, 1, 1)
        return batch * alpha + (beta * on).view(-1, 1, 1, 1)

    return Step(step.p, draw, apply)


def _read_hsv(step: LibraryStep) -> Step:
    limits = (step.hue_shift_limit, step.sat_shift_limit, step.val_shift_limit)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        return {"shifts": np.stack([between(chances[:, i], limits[i]) for i in range(3)], -1)}

    def apply(batch: torch.Tensor, *, on: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
        return torch.where(on.view(-1, 1, 1, 1) > 0, shift_hsv(batch, shifts), batch)

    return Step(step.p, draw, apply)


def _read_noise(step: LibraryStep) -> Step:
    needs(step, per_channel=True, noise_scale_factor=1)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        std, mean = (
            between(chances[:, i], r) for i, r in enumerate((step.std_range, step.mean_range))
        )
        return {"std": 255.0 * std, "mean": 255.0 * mean}

    def apply(
        batch: torch.Tensor,
        *,
        on: torch.Tensor,
        std: torch.Tensor,
        mean: torch.Tensor,
        streams: torch.Tensor,
    ) -> torch.Tensor:
        first, second = (pixel_uniforms(batch, streams, offset) for offset in (0, 1))
        normal = (-2.0 * (1.0 - first).log()).sqrt() * (2.0 * torch.pi * second).cos()
        std, mean = (value.view(-1, 1, 1, 1) for value in (std * on, mean * on))
        return batch + normal * std + mean

    return Step(step.p, draw, apply, by_pixel=True)


LIGHT_READERS = {
    "RandomBrightnessContrast": _read_light,
    "HueSaturationValue": _read_hsv,
    "GaussNoise": _read_noise,
}
