"""Files to upright RGB pixels. Whatever PIL can open; the rest is one error with a reason.

An image can lie inside of another file (`train.zip/1.jpg`), see labels.containers.
"""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from pipeline.images.video import UnreadableVideoError, measure_video, read_frame
from pipeline.labels.containers import read_inside
from pipeline.labels.frames import split_frame
from pipeline.labels.layouts import junk_reason

MAX_PIXELS = 180_000_000  # a larger image is refused before it is decoded: it fills the memory
# what a camera, a phone or a contest writes; others can run programs (EPS) or read other files
FORMATS = (*("JPEG", "PNG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "TGA", "JPEG2000", "AVIF"),)
BITS = (8, 10, 12, 14, 16, 32)  # of a channel, as cameras and scanners write them
ORIENTATION = 0x0112  # the EXIF tag


class UnreadableImageError(ValueError):
    """A file that is not an image, is cut off, or is too large; the message says which."""


def read_image(path: Path) -> np.ndarray:
    """The image as (height, width, 3) uint8 RGB, turned upright by its EXIF orientation.

    Transparent pixels become white; the first frame of an animation counts. Values of more than
    eight bits and fractions are scaled to 0..255, see `to_eight_bits`. A path as `labels.frames`
    writes it is a frame of a video. Raises UnreadableImageError with the reason.
    """
    frame = split_frame(path)
    if frame is not None:
        video, number, total = frame
        try:
            return read_frame(Path(video), number=number, total=total)
        except UnreadableVideoError as error:
            raise UnreadableImageError(str(error)) from None
    try:
        with _open(path) as image:
            if _has_wide_values(image):
                return _upright(_read_wide(path), image.getexif().get(ORIENTATION))
            image.load()
            turn = image.getexif().get(ORIENTATION)  # what follows can lose it
            seen: Image.Image = image
            if "A" in image.getbands() or "transparency" in image.info:
                white = Image.new("RGBA", image.size, "white")
                seen = Image.alpha_composite(white, image.convert("RGBA"))
            return _upright(np.array(seen.convert("RGB")), turn)
    except (UnreadableImageError, MemoryError):  # full memory says nothing about the image
        raise
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        raise UnreadableImageError(f"{path.name}: {_reason(error, path)}") from None


def _has_wide_values(image: ImageFile.ImageFile) -> bool:
    """Whether an opened image holds more than eight bits a channel, which PIL would cut or clip."""
    if image.mode.startswith(("I", "F")):
        return True
    # a colour image of 16 bits is mode RGB for PIL, which keeps the upper byte: 12 bits are black
    raw_modes = [tile[3][0] if isinstance(tile[3], tuple) else tile[3] for tile in image.tile]
    return any(isinstance(raw, str) and (";16" in raw or ";32F" in raw) for raw in raw_modes)


def _read_wide(path: Path) -> np.ndarray:
    """An image of more than eight bits a channel as (H, W, 3) uint8, not turned upright."""
    import cv2

    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    inside = read_inside(path)
    raw = np.fromfile(path, dtype=np.uint8) if inside is None else np.frombuffer(inside, np.uint8)
    values = cv2.imdecode(raw, flags)
    if values is None:  # formats that only PIL reads
        with _open(path) as image:
            values = np.asarray(image)
    if values.ndim == 2:
        values = values[:, :, None]
    values = to_eight_bits(values)
    if values.shape[2] == 1:
        return np.repeat(values, 3, axis=2)
    if values.shape[2] == 2:  # grey with transparency
        grey = values[:, :, :1].astype(np.float64)
        alpha = values[:, :, 1:] / 255.0
        return np.repeat(_on_white(grey, alpha), 3, axis=2)
    colour = values[:, :, 2::-1]  # OpenCV gives blue first
    if values.shape[2] == 4:
        return _on_white(colour.astype(np.float64), values[:, :, 3:] / 255.0)
    return np.ascontiguousarray(colour)


def _on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.rint(colour * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)


def to_eight_bits(values: np.ndarray) -> np.ndarray:
    """Values of an image of any number type as uint8 of the same shape.

    Whole numbers are taken for 8, 10, 12, 14, 16 or 32 bits, the fewest that hold the image's
    largest value; fractions for 0..1, or -1..1 where some are below 0, where none is above 1, and
    else for whole numbers. Raises ValueError for values that are no numbers.
    """
    if values.dtype == np.uint8:
        return values
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("it holds values that are no numbers (NaN or infinite)")
    low, high = float(numbers.min(initial=0.0)), float(numbers.max(initial=0.0))
    if values.dtype.kind == "f" and low >= -1.0 and high <= 1.0:
        scaled = (numbers + 1.0) / 2.0 if low < 0.0 else numbers
        return np.rint(scaled * 255.0).astype(np.uint8)
    numbers = numbers.clip(0.0, None)
    most = next((2**bits - 1 for bits in BITS if high <= 2**bits - 1), high)
    return np.rint(numbers * (255.0 / most)).clip(0, 255).astype(np.uint8)


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
    frame = split_frame(path)
    if frame is not None:
        try:
            facts = measure_video(Path(frame[0]))
        except UnreadableVideoError as error:
            raise UnreadableImageError(str(error)) from None
        return facts.width, facts.height
    try:
        with _open(path) as image:
            return image.size
    except (UnreadableImageError, MemoryError):  # full memory says nothing about the image
        raise
    except Exception as error:  # as in read_image
        raise UnreadableImageError(f"{path.name}: {_reason(error, path)}") from None


def _open(path: Path) -> ImageFile.ImageFile:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            Image.init()
            inside = read_inside(path)
            source = path if inside is None else io.BytesIO(inside)
            image = Image.open(source, formats=[name for name in FORMATS if name in Image.OPEN])
        except Image.DecompressionBombError as error:
            raise UnreadableImageError(f"{path.name}: too large: {error}") from None
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        image.close()
        raise UnreadableImageError(f"{path.name}: too large: {size} pixels")
    return image


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, UnidentifiedImageError):
        return junk_reason(path) or "not an image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    return " ".join(str(error).split()) or type(error).__name__
