"""What a machine refuses, as a sentence a user can act on: full disk, no permission, no memory."""

import errno
import os
import shutil
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
GO_ON = "what is finished is kept, and the same command goes on from there"


def explain_os_error(error: OSError) -> str:
    """The sentence for an error of the system, with the file where it is known."""
    path = error.filename if isinstance(error.filename, str | os.PathLike) else None
    place = f"{path}: " if path else ""
    said = error.strerror or str(error) or type(error).__name__
    if error.errno in FULL:
        return f"{place}no room to write ({said.lower()}{_room(path)}); make room: {GO_ON}"
    if error.errno == errno.EROFS:
        return f"{place}the folder can't be written (read-only); runs=/another/folder helps"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{place}no permission ({said.lower()}); runs=/another/folder helps"
    if error.errno == errno.ENAMETOOLONG:
        return f"{place}the name is too long for this file system"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"{place}too many open files; `ulimit -n 4096` or workers=0 helps"
    if error.errno == errno.ENOMEM:
        return f"{place}the machine's memory is full; workers=0 or a smaller batch_size needs less"
    if error.errno in (errno.EIO, errno.ESTALE):
        return f"{place}the disk fails ({said.lower()}); look at it before going on"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{place}a file stands where a folder is needed ({said.lower()})"
    if error.errno == errno.EISDIR:
        return f"{place}a folder stands where a file is needed; move it away"
    return f"{place}{said}"


def check_writable(folder: Path, *, key: str) -> None:
    """Raises ValueError where a folder of the settings, `key`, can't be made or written."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise ValueError(f"{key}: {place} is a file, and a folder is needed there")
    if not os.access(place, os.W_OK | os.X_OK):
        raise ValueError(
            f"{key}: {place} can't be written (read-only, or no permission); name another folder: "
            f"{key}=/path/to/folder"
        )


def _room(path: str | os.PathLike | None) -> str:
    folder = Path(path) if path else None
    while folder is not None and not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    if folder is None or not folder.is_dir():
        return ""
    return f", {shutil.disk_usage(folder).free / 1e6:.0f} MB are free"
