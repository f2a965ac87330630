"""Boxes as plain arrays: squares, the fallback, which face is the subject.

A box is (x1, y1, x2, y2) in pixels of the upright image, x2 and y2 exclusive, and may be
fractional. Nothing here reads an image, a file or a net.
"""

import numpy as np

AROUND_FACES = ("mtcnn", "table")  # how a box was found that lies close around a face


def square_box(box: np.ndarray, *, margin: float) -> np.ndarray:
    """The square around the box's centre, its side the longer side times 1 + 2·margin.

    It may leave the image. Raises ValueError for a box without area or a margin that leaves none.
    """
    x1, y1, x2, y2 = np.asarray(box, dtype=np.float64)
    if not (x2 > x1 and y2 > y1):
        raise ValueError(f"A face box needs x2 > x1 and y2 > y1, found {[x1, y1, x2, y2]}.")
    half = max(x2 - x1, y2 - y1) * (1 + 2 * margin) / 2
    if half <= 0:
        raise ValueError(f"A margin of {margin} leaves nothing of the face; it must be above -0.5.")
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return np.array([x - half, y - half, x + half, y + half])


def centre_box(width: int, height: int, *, fraction: float) -> np.ndarray:
    """The square in the middle of an image, its side a fraction of the shorter side.

    It stands in where no face is found. A 300-pixel centre crop of 384x512 images is fraction
    300/384. Raises ValueError outside (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"The centre fraction must be above 0 and at most 1, found {fraction}.")
    half = max(min(width, height) * fraction, 1.002) / 2  # rounded, at least a whole pixel
    return np.array([width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half])


def main_face(boxes: np.ndarray, probabilities: np.ndarray, width: int, height: int) -> int:
    """The row of the subject's face: the largest area · probability · closeness to the centre.

    Closeness falls from 1 at the centre to 0 at the corners, so a big face at the edge loses to a
    somewhat smaller one in the middle, but never to a small one in the background. boxes is (n, 4),
    n at least 1; a tie goes to the first row.
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    assert len(boxes) == len(probabilities) > 0
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    distance = np.hypot(x - width / 2, y - height / 2) / np.hypot(width / 2, height / 2)
    return int(np.argmax(area * np.asarray(probabilities) * np.clip(1 - distance, 0, None)))


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (..., 4), broadcasting; 0 where both are without area."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1)
    areas = [np.prod(np.clip(box[..., 2:] - box[..., :2], 0, None), axis=-1) for box in (a, b)]
    union = areas[0] + areas[1] - shared
    return np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
