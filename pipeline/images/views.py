"""Test-time views applied to a whole normalised batch on its device; `labels.views` has the names.

Deterministic: the same view of the same batch is the same batch.
"""

from functools import lru_cache

import torch
from torch.nn import functional as F

from pipeline.images.transform import Transform, normalise
from pipeline.labels.views import STILL, Matrix, View, parse_view


def apply_view(
    batch: torch.Tensor, *, view: str | View, transform: Transform | None = None
) -> torch.Tensor:
    """The view of a float batch (N, C, H, W): same shape, edges mirrored.

    A brightness needs the `transform` that normalised the batch; the light ends at black and white.
    Raises ValueError for a name that is no view.
    """
    seen = parse_view(view) if isinstance(view, str) else view
    if seen.flip:
        batch = batch.flip(-1)
    if seen.matrix != STILL:
        batch = _move(batch, seen)
    return batch if seen.light == 1.0 else _light(batch, seen.light, transform)


def _move(batch: torch.Tensor, view: View) -> torch.Tensor:
    matrix = _on_device(view.matrix, batch.device)
    grid = F.affine_grid(matrix.expand(len(batch), 2, 3), list(batch.shape), align_corners=False)
    return F.grid_sample(
        batch, grid.to(batch.dtype), mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _light(batch: torch.Tensor, factor: float, transform: Transform | None) -> torch.Tensor:
    if transform is None:
        raise ValueError("a brightness view needs the transform that the batch was normalised with")
    black, white = _ends(transform, batch.device).to(batch.dtype)
    lit = black + (batch - black) * factor
    return torch.maximum(torch.minimum(lit, white), black)


@lru_cache(maxsize=64)
def _on_device(matrix: Matrix, device: torch.device) -> torch.Tensor:
    """Sent once: to send it with every batch would make the host wait for the device each time."""
    with torch.inference_mode(False):
        return torch.tensor(matrix, device=device)


@lru_cache(maxsize=64)
def _ends(transform: Transform, device: torch.device) -> torch.Tensor:
    """Black and white as normalised pixels (2, 3, 1, 1), sent once."""
    with torch.inference_mode(False):
        ends = torch.tensor([[[[0]]], [[[255]]]], dtype=torch.uint8, device=device)
        return normalise(ends.expand(2, 1, 1, 3), transform=transform)
