"""Files to upright RGB pixels. Whatever PIL can open; the rest is one error with a reason."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = (
    180_000_000  # a larger picture is refused before it is decoded: it would fill the memory
)


class UnreadablePictureError(ValueError):
    """A file that is not a picture, is cut off, or is too large; the message says which."""


def read_picture(path: Path) -> np.ndarray:
    """The picture as (height, width, 3) uint8 RGB, turned upright by its EXIF orientation.

    Transparent pixels become white; the first frame of an animation counts. Raises
    UnreadablePictureError with the reason.
    """
    try:
        with _open(path) as picture:
            if "A" in picture.getbands() or "transparency" in picture.info:
                picture = picture.convert("RGBA")
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
            elif picture.mode.startswith("I"):  # 16-bit grey: PIL would clip it to white
                wide = np.asarray(picture, dtype=np.int64)
                picture = Image.fromarray((wide // 257).clip(0, 255).astype(np.uint8))
            return np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    except UnreadablePictureError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadablePictureError(f"{path.name}: {_reason(error)}") from None


def measure_picture(path: Path) -> tuple[int, int]:
    """Width and height from the header alone. Raises UnreadablePictureError with the reason."""
    try:
        with _open(path) as picture:
            return picture.size
    except UnreadablePictureError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadablePictureError(f"{path.name}: {_reason(error)}") from None


def _open(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            picture = Image.open(path)
        except Image.DecompressionBombError as error:
            raise UnreadablePictureError(f"{path.name}: too large: {error}") from None
    if picture.width * picture.height > MAX_PIXELS:
        size = f"{picture.width}x{picture.height}"
        picture.close()
        raise UnreadablePictureError(f"{path.name}: too large: {size} pixels")
    return picture


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not a picture"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
