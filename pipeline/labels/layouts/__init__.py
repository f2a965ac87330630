"""Readers of raw layouts: a contest's folder becomes the images table. One module a layout.

Every image comes out as one row with a status, also a junk file and an image that is missing.
"""

import errno
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from pipeline.labels.containers import is_inside
from pipeline.labels.csv_reader import read_csv
from pipeline.labels.frames import VIDEO_ENDINGS
from pipeline.tables import IMAGES, OK, check_table

IMAGE_ENDINGS = (  # what images.read can open
    *(".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".avif", ".jp2"),
    *(".ppm", ".pgm", ".tga"),
)
UNREADABLE_ENDINGS = (  # images too, which nothing here opens
    *(".heic", ".heif", ".jxl", ".jxr", ".psd", ".svg", ".cr2", ".cr3", ".nef", ".arw", ".dng"),
    *(".orf", ".rw2", ".raf"),
)
FILE_ENDINGS = IMAGE_ENDINGS + VIDEO_ENDINGS  # what a row of a contest can name
COLUMNS = ("image_id", *IMAGES.columns)
__all__ = ["read_csv"]


def place_status(root: Path, path: str | Path) -> dict[str, str]:
    """The status and message of an image that a table names, empty where it is there.

    A path whose words leave root is `outside` and is never looked at; a folder below root may be a
    link to elsewhere: the user made it. A path can lead into an archive: `train.zip/1.jpg`. Raises
    ValueError for an archive that is broken.
    """
    if "\0" in str(path):
        return {"status": "outside", "message": "no file has such a name"}
    inside = os.path.normpath(path)  # in words, not in Paths: a table can have a million rows
    if os.path.isabs(inside) or inside.split(os.sep, 1)[0] == os.pardir:
        return {"status": "outside", "message": "the path leaves the root folder"}
    try:
        found = stat.S_ISREG(os.stat(os.path.join(root, path)).st_mode)
    except OSError as error:  # no permission, a name too long for the file system
        if error.errno == errno.ENOTDIR and is_inside(os.path.join(root, path)):
            return {}
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return {"status": "missing", "message": "no such file"}
        return {"status": "unreadable", "message": (error.strerror or str(error)).lower()}
    return {} if found else {"status": "missing", "message": "no such file"}


def junk_reason(file: Path) -> str:
    """Why a file is no image of the contest, or '' for one that may be."""
    if file.name.startswith("."):
        return "a hidden file, as systems leave them on shared disks"
    if file.suffix.lower() in UNREADABLE_ENDINGS:
        return f"{file.suffix} files can't be read here; save it as JPEG"
    return "" if file.suffix.lower() in FILE_ENDINGS else "not an image"


def list_files(folder: Path) -> list[Path]:
    """The files of a folder by name, hidden ones too. Raises ValueError when it is not there."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; is root right?")
    return sorted(path for path in folder.iterdir() if path.is_file())


def choose_folder(root: Path, *names: str) -> Path:
    """The first of these folders below root that is there, else root: archives bring their own."""
    return next((root / name for name in names if (root / name).is_dir()), root)


def file_row(root: Path, file: Path, *, image_id: str, found: dict | str) -> dict:
    """The train row of an image whose labels, `found`, stand in its name or folder.

    A sentence instead of labels makes the row `malformed`. Everybody is alone unless `found` holds
    a person_id.
    """
    row = {
        "image_id": image_id,
        "path": file.relative_to(root).as_posix(),
        "person_id": image_id,
        "part": "train",
    }
    message = junk_reason(file)
    if message:
        return {**row, "status": "junk", "message": message}
    if isinstance(found, str):
        return {**row, "status": "malformed", "message": found}
    return {**row, "status": OK, **found}


def rows_by_name(root: Path, folder: Path, *, read_name: Callable[[str], dict | str]) -> list[dict]:
    """The train rows of a folder's files, whose labels stand in their names (see file_row)."""
    rows = []
    for file in list_files(folder):
        rows.append(file_row(root, file, image_id=file.name, found=read_name(file.name)))
    return rows


def unlabelled_row(file: Path, *, image_id: str, path: str, part: str = "test") -> dict:
    """The row of an image of which nothing but the file is known: `junk`, or all right."""
    reason = junk_reason(file)
    return {
        "image_id": image_id,
        "path": path,
        "person_id": None,
        "part": part,
        "status": "junk" if reason else OK,
        "message": reason,
    }


def finish(rows: list[dict], *, labels: Sequence[str], source: Path) -> pd.DataFrame:
    """The checked images table of the rows: train by id, then test in the contest's own order; a
    train row without a label is marked `unlabelled`. Further columns of the rows stay.

    Raises ValueError when there is no row, or when two rows have one id.
    """
    if not rows:
        raise ValueError(f"{source}: no image found")
    others = dict.fromkeys(column for row in rows for column in row)
    columns = dict.fromkeys((*COLUMNS, *labels, *others))
    frame = mark_unlabelled(pd.DataFrame(rows, columns=list(columns)), labels=labels)
    is_train = frame["part"] == "train"
    parts = [frame[is_train].sort_values("image_id", kind="stable"), frame[~is_train]]
    return check_table(pd.concat(parts, ignore_index=True), IMAGES)


def mark_unlabelled(frame: pd.DataFrame, *, labels: Sequence[str]) -> pd.DataFrame:
    """The frame in which a train image that lacks one of the labels is `unlabelled`, and one that
    has them all is ok again."""
    frame = frame.assign(message=frame["message"].fillna("").astype(object))
    here = (frame["part"] == "train") & frame["status"].isin([OK, "unlabelled"])
    frame.loc[here, ["status", "message"]] = [OK, ""]
    for label in labels:
        lacks = here & (frame[label].isna() | (frame[label].astype(str).str.strip() == ""))
        frame.loc[lacks, "status"] = "unlabelled"
        frame.loc[lacks, "message"] = f"no value in {label}"
    return frame
