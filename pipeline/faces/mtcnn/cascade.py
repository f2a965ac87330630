"""The arithmetic between the three nets of MTCNN, as pure functions of arrays.

It follows facenet-pytorch's reading of the paper (Zhang et al. 2016, arXiv:1604.02878) step by
step, rounding included, so that boxes come out the same; every step works on one image's rows
alone, so that they do not depend on the other images of a batch. No nets here, and no images.
"""

import numpy as np

SMALLEST_FACE = 20  # pixels; facenet-pytorch's own default
FACTOR = 0.709  # each level of the pyramid against the one before, about half the area
CELL = 12  # pixels that one output of the P-net sees
STRIDE = 2  # pixels from one such cell to the next


def pyramid(width: int, height: int, *, min_face: float) -> list[float]:
    """Scales that find faces from min_face pixels up; empty for an image below SMALLEST_FACE.

    They are the levels of the pyramid that starts at SMALLEST_FACE, without the finer ones that
    min_face does not need: MTCNN's box of one face moves with the levels that saw it (between two
    pyramids out of step, one in four has an IoU below 0.9), so a coarser search must keep to the
    same levels to find the same boxes.
    """
    scale = CELL / SMALLEST_FACE
    while scale * FACTOR * min_face >= CELL:
        scale *= FACTOR
    scales = []
    side = min(width, height) * scale
    while side >= CELL:
        scales.append(scale)
        scale *= FACTOR
        side *= FACTOR
    return scales


def cell_boxes(rows: np.ndarray, columns: np.ndarray, *, scale: float) -> np.ndarray:
    """Where cells of the P-net's output lie in the image: (n, 4) float32 of whole numbers."""
    corners = STRIDE * np.stack([columns, rows], axis=1).astype(np.float32)
    single = np.float32(scale)
    low, high = (corners + 1) / single, (corners + CELL) / single
    return np.concatenate([np.floor(low), np.floor(high)], axis=1)


def shifted(boxes: np.ndarray, offsets: np.ndarray, *, pixel: int) -> np.ndarray:
    """Boxes moved by a net's offsets, shares of the side; pixel 1 counts the last pixel into it."""
    sides = boxes[:, 2:4] - boxes[:, :2] + np.float32(pixel)
    return boxes + offsets * np.tile(sides, 2)


def squared(boxes: np.ndarray) -> np.ndarray:
    """Squares of the longer side around the same centres."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.max(axis=1, keepdims=True)
    low = boxes[:, :2] + sides * np.float32(0.5) - longer * np.float32(0.5)
    return np.concatenate([low, low + longer], axis=1)


def corners_inside(boxes: np.ndarray, *, width: int, height: int) -> np.ndarray:
    """Whole-pixel corners (n, 4) of boxes counted from 1, cut at the edge, ends exclusive.

    A box wholly outside comes back without area.
    """
    corners = np.trunc(boxes).astype(np.int64)
    low = np.maximum(corners[:, :2], 1) - 1
    return np.concatenate([low, np.minimum(corners[:, 2:], [width, height])], axis=1)


def landmarks_inside(boxes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The O-net's points (n, 10), five x then five y as shares of the box, in pixels: (n, 5, 2)."""
    sides = boxes[:, 2:] - boxes[:, :2] + np.float32(1)
    shares = points.reshape(-1, 2, 5).transpose(0, 2, 1)
    return sides[:, None, :] * shares + boxes[:, None, :2] - np.float32(1)


def best_apart(boxes: np.ndarray, scores: np.ndarray, *, overlap: float) -> np.ndarray:
    """Non-maximum suppression: the rows that stay, best first, once every box that shares more than
    `overlap` with a better one is dropped.

    The share is of the smaller area, which also drops a box inside another; sides count the last
    pixel in.
    """
    low, high = boxes[:, :2], boxes[:, 2:]
    areas = np.prod(high - low + np.float32(1), axis=1)
    order = np.argsort(scores)[::-1]
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        sides = np.minimum(high[best], high[order]) - np.maximum(low[best], low[order])
        shared = np.prod(np.maximum(sides + np.float32(1), 0), axis=1)
        order = order[shared / np.minimum(areas[best], areas[order]) <= overlap]
    return np.array(kept, dtype=np.int64)
