"""The crop store: all crops of a recipe in one .npy file, mapped into memory, never decoded.

The row of a crop is the faces table's affair; naming the file, and renaming it when it is whole,
the stage's.
"""

import errno
import os
from pathlib import Path

import numpy as np


def create_crops(path: Path, *, num_crops: int, size: int) -> np.memmap:
    """A writable (num_crops, size, size, 3) uint8 array over a new file, all zeros.

    flush() brings it to the disk, whose room is taken at once: a mapped file that meets a full disk
    while it is filled kills the process without a word (SIGBUS). Raises OSError where the room is
    not there, ValueError without crops or size: an empty file cannot be mapped.
    """
    if num_crops < 1 or size < 1:
        raise ValueError(f"A crop store needs crops, found {num_crops} of {size} pixels.")
    shape = (num_crops, size, size, 3)
    crops = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    if hasattr(os, "posix_fallocate"):
        with open(path, "rb+") as file:
            _take_room(file.fileno(), path.stat().st_size)
    return crops


def _take_room(descriptor: int, size: int) -> None:
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # some network shares can't
            raise


def open_crops(path: Path) -> np.memmap:
    """The crops (n, size, size, 3) uint8 of a store, read only and only as far as they are used.

    Raises ValueError for a file that holds anything else, FileNotFoundError for none.
    """
    try:
        crops = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"{path}: damaged ({error}); without it the same command cuts the crops again"
        ) from None
    square = crops.ndim == 4 and crops.shape[1] == crops.shape[2] and crops.shape[3] == 3
    if crops.dtype != np.uint8 or not square:
        raise ValueError(f"{path} holds {crops.dtype} {crops.shape}, not square uint8 crops.")
    return crops
