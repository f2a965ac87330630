"""Files to upright RGB pixels. Whatever PIL can open; the rest is one error with a reason."""

import os
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
    size = jpeg_size(path)
    if size is not None:
        return size
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


BLOCK = 4096  # bytes read at once: few headers are longer, but for what cameras put into them
FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive
SKIPPED = (0xC4, 0xDD, 0xE0, 0xE1, 0xED, 0xFE)  # Huffman tables, restarts, JFIF, Exif, comments
LAYERS = (1, 3, 4)
MOST = 80_000_000  # pixels; above, PIL has something to say


def jpeg_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an ordinary JPEG; None for any other file, or for none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):  # a name with a zero byte is a ValueError
        return None
    try:
        return _walk(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _walk(descriptor: int) -> tuple[int, int] | None:
    """The size, once all segments up to the scan are as they should be."""
    block, start, place, size = os.read(descriptor, BLOCK), 0, 2, None
    if block[:3] != b"\xff\xd8\xff":
        return None
    while True:
        at = place - start
        if at + 4 > len(block):  # behind a long segment: go on there
            os.lseek(descriptor, place, os.SEEK_SET)
            block, start, at = os.read(descriptor, BLOCK), place, 0
        if len(block) < at + 4 or block[at] != 0xFF:
            return None
        marker, length = block[at + 1], block[at + 2] << 8 | block[at + 3]
        body = block[at + 4 : at + 2 + length]
        if marker in SKIPPED:
            if length < 2:
                return None
        elif len(body) != length - 2:  # it ends behind the block, or the file ends in it
            return None
        elif marker in FRAMES:
            if size is not None or length < 8 or body[0] != 8 or length != 8 + 3 * body[5]:
                return None
            size = body[3] << 8 | body[4], body[1] << 8 | body[2]
            if body[5] not in LAYERS or not 0 < size[0] * size[1] <= MOST:
                return None
        elif marker == 0xDB:
            if not _are_tables(body):
                return None
        elif marker == 0xDA:
            return size
        else:
            return None
        place += 2 + length


def _are_tables(body: bytes) -> bool:
    """Whether quantization tables fill a segment exactly."""
    place = 0
    while place < len(body):
        place += 65 if body[place] < 16 else 129
    return place == len(body)
