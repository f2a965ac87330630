"""Simple values of an image by which two parts of a contest may be told apart. Pure."""

import cv2
import numpy as np


def measure_pixels(crop: np.ndarray) -> dict[str, float]:
    """Brightness, contrast, saturation (all 0 to 1), sharpness (log of the Laplacian's variance)
    and how far red is above blue, of a uint8 crop (S, S, 3)."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    spread = crop.max(axis=2).astype(np.float64) - crop.min(axis=2)
    laplacian = cv2.Laplacian(grey, cv2.CV_64F)
    return {
        "brightness": float(grey.mean() / 255.0),
        "contrast": float(grey.std() / 255.0),
        "saturation": float(spread.mean() / 255.0),
        "sharpness": float(np.log(laplacian.var() + 1.0)),
        "warmth": float((crop[..., 0].mean() - crop[..., 2].mean()) / 255.0),
    }
