"""The resize of the evaluation transform as a matrix, for graphs that know no OpenCV."""

import cv2
import numpy as np


def resize_matrix(old: int, new: int) -> np.ndarray:
    """(new, old) float32: what `fit_size` mixes in one direction, read off OpenCV itself."""
    columns = np.eye(old, dtype=np.float32)
    how = cv2.INTER_AREA if old > new else cv2.INTER_CUBIC
    return cv2.resize(columns, (old, new), interpolation=how)
