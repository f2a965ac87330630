"""Test-time views: named, deterministic transforms of a whole normalised batch on its device.

A name is `identity`, `flip`, `rotate_DEGREES`, `scale_FACTOR`, or `flip_` before these.
"""

import math
import re

import torch
from torch.nn import functional as F

_NAME = re.compile(r"(?:(flip)_?)?(?:(rotate|scale)_(-?[0-9.]+))?")


def apply_view(batch: torch.Tensor, *, view: str) -> torch.Tensor:
    """The view of a float batch (N, C, H, W): same shape, edges mirrored.

    rotate_5 turns the picture 5 degrees counter-clockwise, scale_1.1 enlarges it by 1.1 around its
    centre. Raises ValueError for a name that is no view.
    """
    if view == "identity":
        return batch
    match = _NAME.fullmatch(view)
    if not view or match is None or view.endswith("_"):
        raise ValueError(
            f"no view {view!r}: identity, flip, rotate_DEGREES, scale_FACTOR, flip_rotate_DEGREES"
        )
    flip, kind, number = match.groups()
    if flip:
        batch = batch.flip(-1)
    if kind == "rotate":
        return _warp(batch, degrees=float(number), factor=1.0)
    if kind == "scale":
        if float(number) <= 0:
            raise ValueError(f"view {view!r}: a scale is above 0")
        return _warp(batch, degrees=0.0, factor=float(number))
    return batch


def _warp(batch: torch.Tensor, *, degrees: float, factor: float) -> torch.Tensor:
    angle = math.radians(degrees)
    cos, sin = math.cos(angle) / factor, math.sin(angle) / factor
    # the map from output to input positions, so the turn is the inverse one
    matrix = torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0]], device=batch.device)
    grid = F.affine_grid(matrix.expand(len(batch), 2, 3), list(batch.shape), align_corners=False)
    return F.grid_sample(
        batch, grid.to(batch.dtype), mode="bilinear", padding_mode="reflection", align_corners=False
    )
