"""Cuts one square out of an image and brings it to the stored size; which one, boxes.py says."""

import cv2
import numpy as np


def cut(image: np.ndarray, box: np.ndarray, *, size: int) -> np.ndarray:
    """The box's pixels as (size, size, 3) uint8, from an image (height, width, 3) uint8.

    Corners are rounded to whole pixels; a box that is not square is stretched. What lies outside
    the image repeats its edge: backgrounds go on, where grey or black bars would be a shape that
    tells a model how the face was framed. Shrinks by area means (no aliasing), enlarges by cubic
    interpolation. Raises ValueError for a box without area or wholly outside the image.
    """
    height, width = image.shape[:2]
    corners = np.asarray(box, dtype=np.float64)
    if not np.isfinite(corners).all():
        raise ValueError(f"A box to cut must be four numbers, found {corners.tolist()}.")
    x1, y1, x2, y2 = np.rint(corners).astype(int).tolist()
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"The box {corners.tolist()} has no whole pixel to cut.")
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        raise ValueError(f"The box {corners.tolist()} lies outside the {width}x{height} image.")
    inside = image[max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)]
    beyond = max(-y1, 0), max(y2 - height, 0), max(-x1, 0), max(x2 - width, 0)
    if any(beyond):
        inside = cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_REPLICATE)
    shrinks = min(x2 - x1, y2 - y1) >= size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(inside, (size, size), interpolation=how)
