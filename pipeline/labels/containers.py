"""Images that lie inside of another file: in a zip archive, or as numbers in a row of a table.

Their paths lead through that file as through a folder: `train.zip/faces/1.jpg` is a member of the
archive, `fer2013.csv/pixels 48x48/17` the numbers in the column `pixels` of line 17. Nothing is
unpacked: a reader gets the bytes of the one image that it asks for.
"""

import csv
import io
import lzma
import os
import re
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipeline.labels.separators import find_separator

ARCHIVE = ".zip"
TABLES = (".csv", ".tsv", ".txt")
MOST_BYTES = 2**29  # of one member: more is no image, and fills the memory
MOST_CELL = 2**24  # characters of a cell of numbers
# of a member: encrypted, packed in another way, wrong sum, cut off, damaged
BROKEN = (RuntimeError, zipfile.BadZipFile, EOFError, lzma.LZMAError, OSError, zlib.error)


def find_container(path: Path | str) -> tuple[Path, str] | None:
    """The file that a path leads through, and the rest of the path; None for a path of folders."""
    text = os.fspath(path).replace(os.sep, "/")
    for ending in (ARCHIVE, *TABLES):
        # not text.lower(): some letters become two there, and the places would not fit any more
        for found in re.finditer(f"{re.escape(ending)}/", text, re.IGNORECASE):
            end = found.end() - 1
            if os.path.isfile(text[:end]):
                return Path(text[:end]), text[end + 1 :]
    return None


def is_inside(path: Path | str) -> bool:
    """Whether a path leads to a member of an archive, or to a line of a table."""
    found = find_container(path)
    if found is None:
        return False
    file, inside = found
    if file.suffix.lower() == ARCHIVE:
        return inside in _members(file)
    return inside.rpartition("/")[2].isdecimal()


def is_there(path: Path) -> bool:
    """Whether an image lies at a path, in a folder or inside of a file."""
    return path.is_file() or is_inside(path)


def read_inside(path: Path | str) -> bytes | None:
    """The bytes of an image inside of a file, as an image file would hold them; None for a path of
    folders. Raises ValueError with the reason for one that can't be read."""
    found = find_container(path)
    if found is None:
        return None
    file, inside = found
    if file.suffix.lower() == ARCHIVE:
        return _read_member(file, inside)
    column, _, line = inside.rpartition("/")
    return _read_pixels(file, column, int(line))


def list_below(folder: Path) -> list[Path]:
    """All files below a folder, or in an archive, by name. Raises ValueError where neither lies
    there, or where the archive is broken."""
    if folder.is_dir():
        return sorted(path for path in folder.rglob("*") if path.is_file())
    if folder.is_file() and folder.suffix.lower() == ARCHIVE:
        return [folder / name for name in sorted(_members(folder))]
    found = find_container(folder)  # a folder within an archive
    if found is not None and found[0].suffix.lower() == ARCHIVE:
        file, inside = found
        names = sorted(name for name in _members(file) if name.startswith(f"{inside}/"))
        if names:
            return [file / name for name in names]
    raise ValueError(f"{folder}: no such folder; is root right?")


def pixel_path(file: str, *, column: str, size: tuple[int, int] | None, line: int) -> str:
    """The path of the image whose numbers stand in a line of a table; `size` is width, height."""
    form = column if size is None else f"{column} {size[0]}x{size[1]}"
    return f"{file}/{form.replace('/', ' ')}/{line}"


def pixels_of(text: str, *, size: tuple[int, int] | None) -> np.ndarray:
    """The image (H, W) or (H, W, 3) uint8 of numbers from 0 to 255 that are parted by blanks (or
    commas), row by row, of a coloured one the three of each pixel together.

    Without a `size` (width, height) it is a square. Raises ValueError for other numbers, or another
    number of them.
    """
    words = text.replace(",", " ").split()
    try:
        numbers = np.array(words, dtype=np.float64)
    except ValueError:
        raise ValueError("its pixels are not all numbers") from None
    if not len(numbers):
        raise ValueError("it has no pixels")
    if not ((numbers >= 0) & (numbers <= 255)).all():
        raise ValueError("its pixels are not all from 0 to 255")
    pixels = np.rint(numbers).astype(np.uint8)
    if size is None:
        for channels in (1, 3):
            side = round((len(pixels) / channels) ** 0.5)
            if side * side * channels == len(pixels):
                size = (side, side)
                break
        else:
            raise ValueError(f"{len(pixels)} pixels are no square; table.pixels.size says its size")
    width, height = size
    if len(pixels) == width * height:
        return pixels.reshape(height, width)
    if len(pixels) == 3 * width * height:
        return pixels.reshape(height, width, 3)
    raise ValueError(
        f"it has {len(pixels)} numbers, and {width}x{height} pixels are {width * height} "
        f"(in colour {3 * width * height})"
    )


def _read_member(archive: Path, name: str) -> bytes:
    if name not in _members(archive):
        raise ValueError("no such file in the archive")
    with zipfile.ZipFile(archive) as opened:  # again: no process or thread shares a place in it
        info = opened.getinfo(name)
        if info.file_size > MOST_BYTES:
            raise ValueError(f"too large: {info.file_size} bytes in the archive")
        try:
            return opened.read(info)
        except BROKEN as error:
            raise ValueError(f"can't be read out of {archive.name}: {error}") from None


def _members(archive: Path) -> frozenset[str]:
    stat = archive.stat()
    return _read_members(archive, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _read_members(archive: Path, changed: int, size: int) -> frozenset[str]:
    """The files in an archive; a name that leads out of it is none of them."""
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [info.filename for info in opened.infolist() if not info.is_dir()]
    except PermissionError:  # says nothing of what the archive holds
        raise
    except (NotImplementedError, UnicodeError, zipfile.BadZipFile, OSError) as error:
        raise ValueError(
            f"{archive}: not a whole zip archive ({error}); download it again"
        ) from None
    inside = [name for name in names if not name.startswith(("/", "__MACOSX/"))]
    return frozenset(name for name in inside if ".." not in name.split("/"))


def _read_pixels(file: Path, column: str, line: int) -> bytes:
    """The image of a line as a PGM or PPM file holds it."""
    stat = file.stat()
    starts, header, separator = _read_lines(file, stat.st_mtime_ns, stat.st_size)
    name, _, form = column.rpartition(" ")
    size = None
    if column not in header and name in header:
        width, _, height = form.partition("x")
        size = (int(width), int(height))
    else:
        name = column
    if name not in header or not 1 < line <= len(starts):
        raise ValueError(f"{file.name} has no line {line} with a column {name!r}")
    with file.open("rb") as opened:
        opened.seek(starts[line - 1])
        text = io.TextIOWrapper(opened, encoding="utf-8-sig", newline="")
        csv.field_size_limit(MOST_CELL)
        cells = next(csv.reader(text, delimiter=separator))
    if len(cells) != len(header):
        raise ValueError(f"{file.name} line {line}: {len(cells)} cells, needed are {len(header)}")
    try:
        pixels = pixels_of(cells[header.index(name)], size=size)
    except ValueError as error:
        raise ValueError(f"{file.name} line {line}: {error}") from None
    kind = "P5" if pixels.ndim == 2 else "P6"
    head = f"{kind} {pixels.shape[1]} {pixels.shape[0]} 255\n"
    return head.encode() + pixels.tobytes()


@lru_cache(maxsize=8)
def _read_lines(file: Path, changed: int, size: int) -> tuple[np.ndarray, list[str], str]:
    """Where each line of a table begins, its header, and what parts its cells."""
    raw = np.fromfile(file, dtype=np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(raw == ord("\n")) + 1])
    first = raw[: starts[1] if len(starts) > 1 else None].tobytes().decode("utf-8-sig")
    separator = find_separator(first)
    header = next(csv.reader([first], delimiter=separator))
    return starts, [cell.strip() for cell in header], separator
