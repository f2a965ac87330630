"""A face turned, scaled and shifted so that its landmarks lie at fixed places. Pure.

The turn is a similarity: a face keeps its shape, only its place in the crop is made the same.
"""

import cv2
import numpy as np

# where MTCNN's five landmarks lie in its own box, made square, as shares of the side: the mean over
# 2,581 portraits and their mirror images. Eyes, nose, corners of the mouth; left in the image first
TEMPLATE = np.array([[0.32, 0.41], [0.68, 0.41], [0.50, 0.61], [0.345, 0.77], [0.655, 0.77]])


def fit_similarity(points: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The matrix (2, 3) that takes points (N, 2) to places (N, 2) with the least squared error by a
    turn, one scale and a shift (Umeyama 1991). Raises ValueError for points that are all the same.
    """
    points, places = np.asarray(points, np.float64), np.asarray(places, np.float64)
    mean, wanted = points.mean(axis=0), places.mean(axis=0)
    (x, y), (u, v) = (points - mean).T, (places - wanted).T
    spread = float((x * x + y * y).sum())
    if not spread > 0:
        raise ValueError(f"Landmarks must lie apart, found {points.tolist()}.")
    along, across = float((x * u + y * v).sum()) / spread, float((x * v - y * u).sum()) / spread
    turn = np.array([[along, -across], [across, along]])
    return np.column_stack([turn, wanted - turn @ mean])


def aligning_matrix(landmarks: np.ndarray, *, margin: float, size: int) -> np.ndarray:
    """The matrix (2, 3) from an image's pixels to those of its aligned crop; landmarks (10,)."""
    places = (0.5 + (TEMPLATE - 0.5) / (1.0 + 2.0 * margin)) * size
    return fit_similarity(np.asarray(landmarks, np.float64).reshape(5, 2), places)


def cut_aligned(
    image: np.ndarray, landmarks: np.ndarray, *, margin: float, size: int
) -> np.ndarray:
    """The crop (size, size, 3) uint8 of an image (height, width, 3), its landmarks (5, 2) at
    TEMPLATE as far as a similarity can bring them; a margin of each side's length is added.

    What lies outside the image repeats its edge, as in `cut`. Shrinks by area means.
    """
    # landmarks and places are measured from a corner, warpAffine from the middle of a pixel
    matrix = aligning_matrix(landmarks, margin=margin, size=size)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    finer = max(1, int(np.ceil(1.0 / scale)))  # a warp that shrinks would skip pixels
    matrix = matrix * finer
    matrix[:, 2] += 0.5 * (matrix[:, 0] + matrix[:, 1]) - 0.5
    side = size * finer
    how = cv2.INTER_LINEAR if finer > 1 else cv2.INTER_CUBIC
    fine = cv2.warpAffine(image, matrix, (side, side), flags=how, borderMode=cv2.BORDER_REPLICATE)
    if finer == 1:
        return fine
    return cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)
