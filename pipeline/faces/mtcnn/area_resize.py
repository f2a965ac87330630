"""Area means of an image from its integral image: what the face cascade sees at every scale.

Torch's area interpolation averages, for output cell i of n over a side, the pixels floor(i·side/n)
up to ceil((i+1)·side/n). With an integral image each such mean costs four look-ups, however large
the cell, and its sum is exact. Only arrays here: no nets, no boxes beyond integer corners.
"""

import cv2
import numpy as np


def integral(images: np.ndarray) -> np.ndarray:
    """Summed-area tables (n, height + 1, width + 1, 3) of images (n, height, width, 3) uint8.

    Sums of very large bright images wrap around; differences stay right while one cell sums below
    2**31, that is, for cells of less than 8 million pixels.
    """
    num, height, width, channels = images.shape
    tables = np.empty((num, height + 1, width + 1, channels), dtype=np.int32)
    for image, table in zip(images, tables, strict=True):
        cv2.integral(image, table, sdepth=cv2.CV_32S)
    return tables


def resized(tables: np.ndarray, height: int, width: int) -> np.ndarray:
    """The whole images at height x width: area means (n, height, width, 3) float32."""
    y0, y1 = _cells(tables.shape[1] - 1, height)
    x0, x1 = _cells(tables.shape[2] - 1, width)
    counts = ((y1 - y0)[:, None] * (x1 - x0)).astype(np.float32)[..., None]
    out = np.empty((len(tables), height, width, tables.shape[3]), dtype=np.float32)
    for table, means in zip(tables, out, strict=True):
        rows = table.take(y1, axis=0)
        rows -= table.take(y0, axis=0)
        sums = rows.take(x1, axis=1)
        sums -= rows.take(x0, axis=1)
        np.divide(sums, counts, out=means, dtype=np.float32)
    return out


def cropped(tables: np.ndarray, which: np.ndarray, corners: np.ndarray, *, size: int) -> np.ndarray:
    """Crops at size x size: area means (n, size, size, 3) float32.

    which (n,) says from which image; corners (n, 4) are integers x1 y1 x2 y2, x2 and y2
    exclusive, inside it.
    """
    _, rows, columns, channels = tables.shape
    corners = corners.astype(np.int64)
    x0, x1 = (c + corners[:, :1] for c in _cells(corners[:, 2:3] - corners[:, :1], size))
    y0, y1 = (c + corners[:, 1:2] for c in _cells(corners[:, 3:4] - corners[:, 1:2], size))
    counts = ((y1 - y0)[:, :, None] * (x1 - x0)[:, None, :]).astype(np.float32)
    flat = tables.reshape(-1, channels)
    top, bottom = (((which[:, None] * rows + y) * columns)[:, :, None] for y in (y0, y1))
    left, right = x0[:, None, :], x1[:, None, :]
    sums = flat.take(bottom + right, axis=0)
    sums -= flat.take(bottom + left, axis=0)
    sums -= flat.take(top + right, axis=0)
    sums += flat.take(top + left, axis=0)
    return np.divide(sums, counts[..., None], dtype=np.float32)


def _cells(side: int | np.ndarray, num: int) -> tuple[np.ndarray, np.ndarray]:
    """First and past-the-last pixel of each of num cells over a side."""
    i = np.arange(num)
    return i * side // num, -(-(i + 1) * side // num)
