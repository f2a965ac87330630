"""The upper part of a face, laid so that the eyes are always in the same places. Pure.

Masks, hands and beards change the lower part; a detector's box moves with them, the eyes do not.
"""

import cv2
import numpy as np

from pipeline.faces.boxes import square_box
from pipeline.faces.similarity import aligning_matrix

HEIGHT, WIDTH = 14, 24  # of the part that is cut out, in pixels; twice as many serve no better
EYES = np.array([[6.75, 10.75], [16.75, 10.75]])  # the left one of the image, then the right
USUAL = np.array([[0.35, 0.41], [0.65, 0.41]])  # where eyes are in a crop, as shares of its side


def eyes_in_crop(
    box: np.ndarray,
    landmarks: np.ndarray | None,
    *,
    margin: float,
    size: int,
    align: bool = False,
) -> np.ndarray:
    """The eyes (2, 2) as x, y in a crop of `size` pixels that was cut around a box with a margin,
    or aligned; where they usually are when the landmarks (10,) of the image are not known."""
    if landmarks is None:
        return USUAL * size
    if align:
        matrix = aligning_matrix(landmarks, margin=margin, size=size)
        eyes = np.asarray(landmarks, dtype=np.float64).reshape(-1, 2)[:2]
        return eyes @ matrix[:, :2].T + matrix[:, 2]
    x1, y1, x2, _ = square_box(box, margin=margin)
    eyes = np.asarray(landmarks, dtype=np.float64).reshape(-1, 2)[:2]
    return (eyes - [x1, y1]) * (size / (x2 - x1))


def align_upper_face(crop: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """The grey upper part (HEIGHT, WIDTH) float32 of a crop (S, S, 3), turned, scaled and shifted
    so that its eyes (2, 2) lie at EYES."""
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY).astype(np.float32)
    left, right = np.asarray(eyes, dtype=np.float64)
    across = right - left
    # twice as fine at first, then the mean of four: a warp alone would skip pixels
    wanted = 2.0 * EYES + 0.5
    scale = (wanted[1, 0] - wanted[0, 0]) / max(float(np.hypot(*across)), 1e-6)
    if scale < 1.0:
        blurred = cv2.GaussianBlur(grey, (0, 0), 0.5 / scale)
        grey = np.asarray(blurred, np.float32)  # it is float32; OpenCV's types do not say so
    turn = np.arctan2(across[1], across[0])
    cosine, sine = np.cos(turn) * scale, np.sin(turn) * scale
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    way = np.column_stack([matrix, wanted.mean(axis=0) - matrix @ (left + right) / 2.0])
    fine = cv2.warpAffine(grey, way, (2 * WIDTH, 2 * HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return fine.reshape(HEIGHT, 2, WIDTH, 2).mean(axis=(1, 3))


def sharpen(parts: np.ndarray, *, sigma: float = 3.0) -> np.ndarray:
    """Parts (N, H, W) without what changes slowly across them: light and shade."""
    return np.stack([part - cv2.GaussianBlur(part, (0, 0), sigma) for part in parts])
