"""A heatmap laid over an image. Pixels in, pixels out."""

import matplotlib
import numpy as np

_HEAT = matplotlib.colormaps["inferno"]


def lay_over(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The uint8 pixels (S, S, 3) in grey under the heat (S, S) from 0 to 1; the hotter, the less
    is seen of them."""
    grey = pixels.astype(np.float32).mean(axis=2, keepdims=True)
    colour = _HEAT(np.clip(heat, 0.0, 1.0))[..., :3] * 255.0
    share = 0.25 + 0.5 * np.clip(heat, 0.0, 1.0)[..., None]
    return np.rint(grey * (1.0 - share) + colour * share).astype(np.uint8)
