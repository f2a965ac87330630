"""Files to upright RGB pixels. Whatever PIL can open; the rest is one error with a reason."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 180_000_000  # a larger image is refused before it is decoded: it fills the memory
# what a camera, a phone or a contest writes; others can run programs (EPS) or read other files
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "TGA", "JPEG2000")
FORMATS += ("AVIF",)
ORIENTATION = 0x0112  # the EXIF tag


class UnreadableImageError(ValueError):
    """A file that is not an image, is cut off, or is too large; the message says which."""


def read_image(path: Path) -> np.ndarray:
    """The image as (height, width, 3) uint8 RGB, turned upright by its EXIF orientation.

    Transparent pixels become white; the first frame of an animation counts. Raises
    UnreadableImageError with the reason.
    """
    try:
        with _open(path) as image:
            image.load()
            turn = image.getexif().get(ORIENTATION)  # what follows can lose it
            if "A" in image.getbands() or "transparency" in image.info:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            elif image.mode.startswith("I"):  # 16-bit grey: PIL would clip it to white
                wide = np.asarray(image, dtype=np.int64)
                image = Image.fromarray((wide // 257).clip(0, 255).astype(np.uint8))
            return _upright(np.array(image.convert("RGB")), turn)
    except (UnreadableImageError, MemoryError):  # full memory says nothing about the image
        raise
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        raise UnreadableImageError(f"{path.name}: {_reason(error)}") from None


def _upright(pixels: np.ndarray, turn: object) -> np.ndarray:
    """The pixels (H, W, 3) as the EXIF orientation 1 to 8 says that they are meant."""
    if turn in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def measure_image(path: Path) -> tuple[int, int]:
    """Width and height from the header alone. Raises UnreadableImageError with the reason."""
    try:
        with _open(path) as image:
            return image.size
    except (UnreadableImageError, MemoryError):  # full memory says nothing about the image
        raise
    except Exception as error:
        raise UnreadableImageError(f"{path.name}: {_reason(error)}") from None


def _open(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            Image.init()
            image = Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
        except Image.DecompressionBombError as error:
            raise UnreadableImageError(f"{path.name}: too large: {error}") from None
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        image.close()
        raise UnreadableImageError(f"{path.name}: too large: {size} pixels")
    return image


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    return " ".join(str(error).split()) or type(error).__name__
