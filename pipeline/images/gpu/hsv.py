"""Hue, saturation and value of a batch, in OpenCV's 8-bit units: hue 0 to 179, the others 0 to 255.

Pure tensors on whatever device they lie.
"""

import torch


def shift_hsv(batch: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """Pixels (N, 3, H, W) of 0..255 with hue turned and saturation and value moved by `shifts`
    (N, 3). A grey pixel stays grey."""
    hue, saturation, value = to_hsv(batch)
    turn, more, lighter = shifts[:, :, None, None].unbind(1)
    hue = torch.remainder(hue.round() + turn, 180.0).floor()
    grey = saturation.round() == 0
    saturation = (saturation.round() + more).round().clamp(0.0, 255.0).masked_fill(grey, 0.0)
    value = (value + lighter).round().clamp(0.0, 255.0)
    return from_hsv(hue, saturation, value)


def to_hsv(batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hue in [0, 180), saturation and value in [0, 255], each (N, H, W)."""
    red, green, blue = batch.unbind(1)
    value = batch.amax(1)
    spread = batch.amax(1) - batch.amin(1)
    safe = spread.clamp(min=1e-6)
    hue = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2.0 + (blue - red) / safe, 4.0 + (red - green) / safe),
    )
    hue = torch.remainder(torch.where(spread > 0, hue, 0.0) * 30.0, 180.0)
    saturation = torch.where(value > 0, 255.0 * spread / value.clamp(min=1e-6), 0.0)
    return hue, saturation, value


def from_hsv(hue: torch.Tensor, saturation: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The inverse of to_hsv: pixels (N, 3, H, W) of 0..255 from hue in [0, 180), saturation and
    value in [0, 255], each (N, H, W)."""
    parts = []
    for offset in (5.0, 3.0, 1.0):
        place = torch.remainder(offset + hue / 30.0, 6.0)
        depth = torch.minimum(place, 4.0 - place).clamp(0.0, 1.0)
        parts.append(value - value * saturation / 255.0 * depth)
    return torch.stack(parts, dim=1)
