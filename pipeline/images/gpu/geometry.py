"""Where pixels go, for whole batches: flips, affine maps, perspectives and shuffled tiles, with
albumentations' distributions."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from pipeline.images.gpu.step import NUM_DRAWS, LibraryStep, Step, between, needs

PADDING = {0: "zeros", 1: "border", 4: "reflection"}  # by OpenCV's border mode


def _read_flip(step: LibraryStep) -> Step:
    def apply(batch: torch.Tensor, *, on: torch.Tensor) -> torch.Tensor:
        return torch.where(on.view(-1, 1, 1, 1) > 0, batch.flip(-1), batch)

    return Step(step.p, lambda chances, side: {}, apply)


def _read_affine(step: LibraryStep) -> Step:
    needs(step, interpolation=1, fit_output=False, keep_ratio=False, balanced_scale=False)
    needs(step, border_mode=tuple(PADDING), fill=0, translate_px=(None, {"x": (0, 0), "y": (0, 0)}))
    moves = step.translate_percent or {}

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        shifts = [
            np.trunc(between(chances[:, i], moves.get(axis, (0.0, 0.0))) * side)
            for i, axis in enumerate("xy")
        ]
        scales = [between(chances[:, 2 + i], step.scale[axis]) for i, axis in enumerate("xy")]
        shears = [-between(chances[:, 4 + i], step.shear[axis]) for i, axis in enumerate("xy")]
        angle = between(chances[:, 6], step.rotate)
        return {"matrix": _matrices(angle, shifts=shifts, scales=scales, shears=shears)}

    return Step(step.p, draw, _warper(PADDING[step.border_mode]))


def _read_rotate(step: LibraryStep) -> Step:
    needs(step, interpolation=1, crop_border=False, border_mode=tuple(PADDING), fill=0)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        still = np.zeros(len(chances))
        full = np.ones(len(chances))
        angle = between(chances[:, 0], step.limit)
        return {
            "matrix": _matrices(angle, shifts=[still] * 2, scales=[full] * 2, shears=[still] * 2)
        }

    return Step(step.p, draw, _warper(PADDING[step.border_mode]))


def _matrices(
    angle: np.ndarray,
    *,
    shifts: Sequence[np.ndarray],
    scales: Sequence[np.ndarray],
    shears: Sequence[np.ndarray],
) -> np.ndarray:
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


def _read_perspective(step: LibraryStep) -> Step:
    needs(step, interpolation=1, keep_size=True, fit_output=False)
    needs(step, border_mode=tuple(PADDING), fill=0)

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        # uniform chances to normal numbers (Box and Muller 1958): two coordinates of four corners
        radius = np.sqrt(-2.0 * np.log1p(-chances[:, 1:5]))
        turn = 2.0 * np.pi * chances[:, 5:9]
        normal = np.concatenate([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
        jitter = np.abs(
            normal.reshape(-1, 4, 2) * between(chances[:, 0], step.scale)[:, None, None]
        )
        return {"matrix": _perspectives(_corners(np.mod(jitter, 0.32)) * side, side=side)}

    return Step(step.p, draw, _warper(PADDING[step.border_mode]))


def _corners(jitter: np.ndarray) -> np.ndarray:
    """Corners (N, 4, 2) of a unit square moved inwards: top left, top right, bottom right, bottom
    left, by where they came to lie."""
    points = jitter.copy()
    points[:, 1, 0] = 1.0 - points[:, 1, 0]
    points[:, 2] = 1.0 - points[:, 2]
    points[:, 3, 1] = 1.0 - points[:, 3, 1]
    points = np.take_along_axis(points, points[:, :, :1].argsort(axis=1, kind="stable"), axis=1)
    halves = [
        np.take_along_axis(half, half[:, :, 1:].argsort(axis=1, kind="stable"), axis=1)
        for half in (points[:, :2], points[:, 2:])
    ]
    left, right = halves
    return np.stack([left[:, 0], right[:, 0], right[:, 1], left[:, 1]], axis=1)


def _perspectives(corners: np.ndarray, *, side: int) -> np.ndarray:
    """Matrices (N, 3, 3) from output to input pixels, around the centre: the corners become the
    image's, then its sides grow as albumentations has them grow."""
    ends = np.array([[0, 0], [side, 0], [side, side], [0, side]], dtype=np.float64)
    ends = np.broadcast_to(ends, corners.shape)
    x, y = ends[..., 0], ends[..., 1]  # from the image back to the corners: the inverse at once
    u, v = corners[..., 0], corners[..., 1]
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = [
        np.stack([x, y, one, none, none, none, -x * u, -y * u], axis=-1),
        np.stack([none, none, none, x, y, one, -x * v, -y * v], axis=-1),
    ]
    known = np.concatenate([u, v], axis=1)[..., None]
    solved = np.linalg.solve(np.concatenate(rows, axis=1), known)[..., 0]
    back = np.concatenate([solved, np.ones((len(corners), 1))], axis=1).reshape(-1, 3, 3)
    edges = np.linalg.norm(
        corners - np.roll(corners, 1, axis=1), axis=2
    )  # left, top, right, bottom
    wide, tall = edges[:, [1, 3]].max(axis=1), edges[:, [0, 2]].max(axis=1)
    shrunk = np.zeros_like(back)
    shrunk[:, 0, 0], shrunk[:, 1, 1] = np.trunc(wide) / side, np.trunc(tall) / side
    shrunk[:, 2, 2] = 1.0
    middle = (side - 1) / 2
    there = np.array([[1, 0, middle], [0, 1, middle], [0, 0, 1]])
    return np.linalg.inv(there) @ back @ shrunk @ there


def _read_shuffle(step: LibraryStep) -> Step:
    rows, columns = step.grid
    if rows * columns > NUM_DRAWS:
        needs(step, grid=f"at most {NUM_DRAWS} tiles")

    def draw(chances: np.ndarray, side: int) -> dict[str, np.ndarray]:
        if side % rows or side % columns:
            needs(step, grid=f"a grid that divides {side} pixels evenly")
        return {"order": chances[:, : rows * columns].argsort(axis=1)}

    def apply(batch: torch.Tensor, *, on: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        num, depth, height, width = batch.shape
        still = torch.arange(rows * columns, device=batch.device)
        order = torch.where(on.view(-1, 1) > 0, order.long(), still)
        tall, wide = height // rows, width // columns
        tiles = batch.reshape(num, depth, rows, tall, columns, wide).permute(0, 2, 4, 1, 3, 5)
        tiles = tiles.reshape(num, rows * columns, depth * tall * wide)
        tiles = tiles.gather(1, order[:, :, None].expand_as(tiles))
        tiles = tiles.view(num, rows, columns, depth, tall, wide).permute(0, 3, 1, 4, 2, 5)
        return tiles.reshape(num, depth, height, width)

    return Step(step.p, draw, apply)


def _warper(padding: str) -> Callable[..., torch.Tensor]:
    """What moves a batch by matrices (N, 2, 3), or (N, 3, 3) of perspectives."""

    def apply(batch: torch.Tensor, *, on: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
        side = batch.shape[-1]
        still = torch.eye(matrix.shape[1], 3, device=batch.device)
        matrix = torch.where(on.view(-1, 1, 1) > 0, matrix, still)
        line = torch.arange(side, device=batch.device, dtype=torch.float32) - (side - 1) / 2
        x, y = line.view(1, 1, side), line.view(1, side, 1)
        rows = [
            matrix[:, i, 0, None, None] * x
            + matrix[:, i, 1, None, None] * y
            + matrix[:, i, 2, None, None]
            for i in range(matrix.shape[1])
        ]
        grid = torch.stack(rows[:2], dim=-1) * (2.0 / (side - 1))
        if len(rows) == 3:
            grid = grid / rows[2][..., None]
        # torch's own kernel, as for the other paddings: cuDNN's refuses some sizes and layouts
        with torch.backends.cudnn.flags(enabled=False):
            return F.grid_sample(batch, grid, "bilinear", padding, align_corners=True)

    return apply


WARP_READERS = {
    "HorizontalFlip": _read_flip,
    "Affine": _read_affine,
    "Rotate": _read_rotate,
    "Perspective": _read_perspective,
    "RandomGridShuffle": _read_shuffle,
}
