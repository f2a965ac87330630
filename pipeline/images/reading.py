"""Files to upright RGB pixels. Whatever PIL can open; the rest is one error with a reason."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipeline.images.headers import jpeg_size

MAX_PIXELS = 180_000_000  # a larger picture is refused before it is decoded: it fills the memory
# what a camera, a phone or a contest writes; others can run programs (EPS) or read other files
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "TGA", "JPEG2000")
FORMATS += ("AVIF",)
ORIENTATION = 0x0112  # the EXIF tag


class UnreadablePictureError(ValueError):
    """A file that is not a picture, is cut off, or is too large; the message says which."""


def read_picture(path: Path) -> np.ndarray:
    """The picture as (height, width, 3) uint8 RGB, turned upright by its EXIF orientation.

    Transparent pixels become white; the first frame of an animation counts. Raises
    UnreadablePictureError with the reason.
    """
    try:
        with _open(path) as picture:
            picture.load()
            turn = picture.getexif().get(ORIENTATION)  # what follows can lose it
            if "A" in picture.getbands() or "transparency" in picture.info:
                picture = picture.convert("RGBA")
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
            elif picture.mode.startswith("I"):  # 16-bit grey: PIL would clip it to white
                wide = np.asarray(picture, dtype=np.int64)
                picture = Image.fromarray((wide // 257).clip(0, 255).astype(np.uint8))
            return _upright(np.array(picture.convert("RGB")), turn)
    except (UnreadablePictureError, MemoryError):  # full memory says nothing about the picture
        raise
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        raise UnreadablePictureError(f"{path.name}: {_reason(error)}") from None


def _upright(pixels: np.ndarray, turn: object) -> np.ndarray:
    """The pixels (H, W, 3) as the EXIF orientation 1 to 8 says that they are meant."""
    if turn in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def measure_picture(path: Path) -> tuple[int, int]:
    """Width and height from the header alone. Raises UnreadablePictureError with the reason."""
    size = jpeg_size(path)
    if size is not None:
        return size
    try:
        with _open(path) as picture:
            return picture.size
    except (UnreadablePictureError, MemoryError):  # full memory says nothing about the picture
        raise
    except Exception as error:
        raise UnreadablePictureError(f"{path.name}: {_reason(error)}") from None


def _open(path: Path) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            Image.init()
            picture = Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
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
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    return " ".join(str(error).split()) or type(error).__name__
