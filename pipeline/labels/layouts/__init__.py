"""Readers of raw layouts: a contest's folder becomes the images table. One module a layout.

Every picture comes out as one row with a status, also a junk file and a picture that is missing.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from pipeline.tables import IMAGES, OK, check_table

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
COLUMNS = ("image_id", *IMAGES.columns)


def read_csv(path: Path, *, needs: Sequence[str]) -> pd.DataFrame:
    """A CSV with every cell as the text that stands in it ('' is a missing cell).

    Raises ValueError naming the file and what is wrong or missing.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file; is root right?")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path}: not a CSV table: {str(error).strip()}") from None
    for column in needs:
        if column not in frame.columns:
            found = ", ".join(map(repr, frame.columns))
            raise ValueError(f"{path}: no column {column!r}; its columns are {found}")
    return frame


def junk_reason(file: Path) -> str:
    """Why a file is no picture of the contest, or '' for one that may be."""
    if file.name.startswith("."):
        return "a hidden file, as systems leave them on shared disks"
    return "" if file.suffix.lower() in PICTURES else "not a picture"


def list_files(folder: Path) -> list[Path]:
    """The files of a folder by name, hidden ones too. Raises ValueError when it is not there."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; is root right?")
    return sorted(path for path in folder.iterdir() if path.is_file())


def choose_folder(root: Path, *names: str) -> Path:
    """The first of these folders below root that is there, else root: archives bring their own."""
    return next((root / name for name in names if (root / name).is_dir()), root)


def file_row(
    root: Path, file: Path, *, image_id: str, read_name: Callable[[str], dict | str]
) -> dict:
    """The train row of a picture whose labels stand in its name: they are what `read_name` finds;
    a sentence instead of them makes the row `malformed`. Everybody is alone unless it says who."""
    row = {
        "image_id": image_id,
        "path": file.relative_to(root).as_posix(),
        "person_id": image_id,
        "part": "train",
    }
    message = junk_reason(file)
    if message:
        return {**row, "status": "junk", "message": message}
    found = read_name(file.name)
    if isinstance(found, str):
        return {**row, "status": "malformed", "message": found}
    return {**row, "status": OK, **found}


def finish(rows: list[dict], *, labels: Sequence[str], source: Path) -> pd.DataFrame:
    """The checked images table of the rows: train by id, then test in the contest's own order; a
    train row without a label is marked `unlabelled`. Further columns of the rows stay.

    Raises ValueError when there is no row or an id stands twice.
    """
    if not rows:
        raise ValueError(f"{source}: no picture found")
    others = dict.fromkeys(column for row in rows for column in row)
    columns = dict.fromkeys((*COLUMNS, *labels, *others))
    frame = mark_unlabelled(pd.DataFrame(rows, columns=list(columns)), labels=labels)
    is_train = frame["part"] == "train"
    parts = [frame[is_train].sort_values("image_id", kind="stable"), frame[~is_train]]
    return check_table(pd.concat(parts, ignore_index=True), IMAGES)


def mark_unlabelled(frame: pd.DataFrame, *, labels: Sequence[str]) -> pd.DataFrame:
    """The frame in which a train picture that lacks one of the labels is `unlabelled`, and one that
    has them all is ok again."""
    frame = frame.assign(message=frame["message"].fillna("").astype(object))
    here = (frame["part"] == "train") & frame["status"].isin([OK, "unlabelled"])
    frame.loc[here, ["status", "message"]] = [OK, ""]
    for label in labels:
        lacks = here & (frame[label].isna() | (frame[label].astype(str).str.strip() == ""))
        frame.loc[lacks, "status"] = "unlabelled"
        frame.loc[lacks, "message"] = f"no value in {label}"
    return frame
