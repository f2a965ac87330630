"""Images made worse by one measure at a time: what a network may meet and was not trained on.

Pixels (S, S, 3) uint8 in and out; a pure function of the pixels, the level and a seed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Corruption:
    """A measure: its unit, the levels that are tried, and the level at which nothing changes."""

    name: str
    unit: str
    levels: tuple[float, ...]
    neutral: float
    apply: Callable[[np.ndarray, float, int], np.ndarray]


def brighten(pixels: np.ndarray, factor: float, seed: int) -> np.ndarray:
    """The pixels uint8 times a factor, rounded and clipped; `seed` is not used."""
    return np.clip(np.rint(pixels.astype(np.float32) * factor), 0, 255).astype(np.uint8)


def blur(pixels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A Gaussian whose deviation is a share, in per cent, of the side."""
    sigma = share / 100.0 * pixels.shape[1]
    return cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def rotate(pixels: np.ndarray, degrees: float, seed: int) -> np.ndarray:
    """Turned about its centre, against the clock above 0; edges mirrored."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


def compress(pixels: np.ndarray, quality: float, seed: int) -> np.ndarray:
    """Written as JPEG and read again."""
    _, file = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    decoded = cv2.imdecode(file, cv2.IMREAD_COLOR)
    assert decoded is not None, "OpenCV reads the JPEG that it has just written"
    return np.ascontiguousarray(decoded[..., ::-1])


def shrink(pixels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """As if its side had been so many per cent of what it is."""
    height, width = pixels.shape[:2]
    small_width = max(2, round(share / 100.0 * width))
    small_height = max(2, round(share / 100.0 * height))
    small = cv2.resize(pixels, (small_width, small_height), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def cover(pixels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A grey square whose side is a share, in per cent, of the image's; the seed says where."""
    height, width = pixels.shape[:2]
    side = round(share / 100.0 * min(height, width))
    rng = np.random.default_rng(seed)
    top, left = (int(rng.integers(0, size - side + 1)) for size in (height, width))
    covered = pixels.copy()
    covered[top : top + side, left : left + side] = 128
    return covered


FACTORS: dict[str, Corruption] = {
    factor.name: factor
    for factor in (
        Corruption("brightness", "times", (0.3, 0.5, 0.75, 1.0, 1.35, 1.8, 2.5), 1.0, brighten),
        Corruption("blur", "% of the side", (0.0, 0.5, 1.0, 2.0, 4.0), 0.0, blur),
        Corruption("rotation", "degrees", (-45, -30, -15, 0, 15, 30, 45), 0.0, rotate),
        Corruption("JPEG quality", "of 100", (5, 10, 20, 40, 100), 100, compress),
        Corruption("resolution", "% of the side", (10, 15, 25, 40, 60, 100), 100, shrink),
        Corruption("occluding patch", "% of the side", (0, 15, 30, 45, 60), 0.0, cover),
    )
}


def corrupt(pixels: np.ndarray, factor: Corruption, level: float, *, seed: int) -> np.ndarray:
    """The pixels at a level of a factor; at its neutral one as they are."""
    return pixels if level == factor.neutral else factor.apply(pixels, level, seed)
