"""Augmentation of whole batches where they lie: the recipe's common transforms in torch.

The same distributions as albumentations', whose own reading of the arguments is taken; the draws
are others. Every sample's draws come from its seed alone, whatever batch it is in.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from pipeline.images.augment import build_steps
from pipeline.images.chances import mixed, pixel_uniforms, uniforms
from pipeline.images.colours import shift_hsv

Draw = Callable[[np.ndarray, int], dict[str, np.ndarray]]  # uniforms (N, n), side -> parameters
Apply = Callable[..., torch.Tensor]  # float pixels (N, 3, H, W) of whole numbers, parameters
NUM_DRAWS = 12  # uniform numbers that a step may use of a sample
PADDING = {0: "zeros", 1: "border", 4: "reflection"}  # by OpenCV's border mode


class BatchAugment:
    """uint8 pixels (N, S, S, 3) and seeds (N,) to augmented pixels, on the pixels' device.

    Raises ValueError naming the transform, or the argument, that only albumentations has.
    """

    def __init__(self, recipe: Sequence[Mapping[str, Mapping]]) -> None:
        self.steps = [_read(step) for step in build_steps(recipe)]

    def __call__(self, pixels: torch.Tensor, seeds: np.ndarray) -> torch.Tensor:
        if not self.steps:
            return pixels
        batch = pixels.permute(0, 3, 1, 2).float()
        for number, (p, draw, apply) in enumerate(self.steps):
            chances = uniforms(seeds, NUM_DRAWS + 1, stream=number)
            values = draw(chances[:, 1:], pixels.shape[1])
            values = {
                name: torch.from_numpy(value.astype(np.float32)).to(batch.device)
                for name, value in (values | {"on": chances[:, 0] < p}).items()
            }
            streams = mixed(seeds.astype(np.uint64), number + 1) if apply is _noise else None
            batch = apply(batch, **values, **({} if streams is None else {"streams": streams}))
            batch = batch.round().clamp_(0.0, 255.0)
        return batch.to(torch.uint8).permute(0, 2, 3, 1)


def _read(step: object) -> tuple[float, Draw, Apply]:
    name = type(step).__name__
    if name not in _READERS:
        known = ", ".join(_READERS)
        raise ValueError(f"augment: {name} needs augmenter: albumentations; on the device: {known}")
    return (float(step.p), *_READERS[name](step))


def _needs(step: object, **wanted: object) -> None:
    for key, allowed in wanted.items():
        found = getattr(step, key)
        if found not in (allowed if isinstance(allowed, tuple) else (allowed,)):
            name = type(step).__name__
            raise ValueError(
                f"augment: {name}: {key}: {found!r} needs augmenter: albumentations; on the device "
                f"it is {allowed}"
            )


def _between(chance: np.ndarray, limits: Sequence[float]) -> np.ndarray:
    return limits[0] + (limits[1] - limits[0]) * chance


def _read_flip(step) -> tuple[Draw, Apply]:
    def apply(batch: torch.Tensor, *, on: torch.Tensor) -> torch.Tensor:
        return torch.where(on.view(-1, 1, 1, 1) > 0, batch.flip(-1), batch)

    return lambda chances, side: {}, apply


def _read_affine(step) -> tuple[Draw, Apply]:
    _needs(step, interpolation=1, fit_output=False, keep_ratio=False, balanced_scale=False)
    _needs(
        step, border_mode=tuple(PADDING), fill=0, translate_px=(None, {"x": (0, 0), "y": (0, 0)})
    )
    moves = step.translate_percent or {}

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        shifts = [
            np.trunc(_between(chances[:, i], moves.get(axis, (0.0, 0.0))) * side)
            for i, axis in enumerate("xy")
        ]
        scales = [_between(chances[:, 2 + i], step.scale[axis]) for i, axis in enumerate("xy")]
        shears = [-_between(chances[:, 4 + i], step.shear[axis]) for i, axis in enumerate("xy")]
        angle = _between(chances[:, 6], step.rotate)
        return {"matrix": _matrices(angle, shifts=shifts, scales=scales, shears=shears)}

    return draw, _warper(PADDING[step.border_mode])


def _read_rotate(step) -> tuple[Draw, Apply]:
    _needs(step, interpolation=1, crop_border=False, border_mode=tuple(PADDING), fill=0)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        still, full = np.zeros(len(chances)), np.ones(len(chances))
        angle = _between(chances[:, 0], step.limit)
        return {
            "matrix": _matrices(angle, shifts=[still] * 2, scales=[full] * 2, shears=[still] * 2)
        }

    return draw, _warper(PADDING[step.border_mode])


def _matrices(angle: np.ndarray, *, shifts, scales, shears) -> np.ndarray:
    """Matrices (N, 2, 3) from output to input pixels, around the centre: scaled, turned, sheared,
    shifted, as albumentations orders them."""
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
    one = np.ones_like(angle)
    lean = np.tan(np.deg2rad(np.stack(shears, -1)))
    shear = np.stack([np.stack([one, lean[:, 0]], -1), np.stack([lean[:, 1], one], -1)], -2)
    forward = shear @ turn * np.stack(scales, -1)[:, None, :]
    back = np.linalg.inv(forward)
    shift = -back @ np.stack(shifts, -1)[:, :, None]
    return np.concatenate([back, shift], axis=2)


def _warper(padding: str) -> Apply:
    def apply(batch: torch.Tensor, *, on: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
        side = batch.shape[-1]
        still = torch.eye(2, 3, device=batch.device)
        matrix = torch.where(on.view(-1, 1, 1) > 0, matrix, still)
        line = torch.arange(side, device=batch.device, dtype=torch.float32) - (side - 1) / 2
        x, y = line.view(1, 1, side), line.view(1, side, 1)
        rows = [
            matrix[:, i, 0, None, None] * x
            + matrix[:, i, 1, None, None] * y
            + matrix[:, i, 2, None, None]
            for i in (0, 1)
        ]
        grid = torch.stack(rows, dim=-1) * (2.0 / (side - 1))
        return F.grid_sample(batch, grid, mode="bilinear", padding_mode=padding, align_corners=True)

    return apply


def _read_light(step) -> tuple[Draw, Apply]:
    _needs(step, brightness_by_max=True, ensure_safe_range=False)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        alpha = 1.0 + _between(chances[:, 0], step.contrast_limit)
        return {"alpha": alpha, "beta": 255.0 * _between(chances[:, 1], step.brightness_limit)}

    def apply(batch, *, on, alpha, beta) -> torch.Tensor:
        alpha = torch.where(on > 0, alpha, 1.0).view(-1, 1, 1, 1)
        return batch * alpha + (beta * on).view(-1, 1, 1, 1)

    return draw, apply


def _read_hsv(step) -> tuple[Draw, Apply]:
    limits = (step.hue_shift_limit, step.sat_shift_limit, step.val_shift_limit)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        return {"shifts": np.stack([_between(chances[:, i], limits[i]) for i in range(3)], -1)}

    def apply(batch, *, on, shifts) -> torch.Tensor:
        return torch.where(on.view(-1, 1, 1, 1) > 0, shift_hsv(batch, shifts), batch)

    return draw, apply


def _read_noise(step) -> tuple[Draw, Apply]:
    _needs(step, per_channel=True, noise_scale_factor=1)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        std, mean = (
            _between(chances[:, i], r) for i, r in enumerate((step.std_range, step.mean_range))
        )
        return {"std": 255.0 * std, "mean": 255.0 * mean}

    return draw, _noise


def _noise(batch, *, on, std, mean, streams: np.ndarray) -> torch.Tensor:
    first, second = (pixel_uniforms(batch, streams, offset) for offset in (0, 1))
    normal = (-2.0 * (1.0 - first).log()).sqrt() * (2.0 * torch.pi * second).cos()
    std, mean = (value.view(-1, 1, 1, 1) for value in (std * on, mean * on))
    return batch + normal * std + mean


_READERS = {
    "HorizontalFlip": _read_flip,
    "Affine": _read_affine,
    "Rotate": _read_rotate,
    "RandomBrightnessContrast": _read_light,
    "HueSaturationValue": _read_hsv,
    "GaussNoise": _read_noise,
}
