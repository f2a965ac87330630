"""Readers of raw layouts: a contest's folder becomes the images table. One module a layout.

Every picture comes out as one row with a status, also a junk file and a picture that is missing.
"""

from collections.abc import Sequence
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


def finish(rows: list[dict], *, labels: Sequence[str], source: Path) -> pd.DataFrame:
    """The checked images table of the rows, sorted by part and id; a train row without a label is
    marked `unlabelled`. Raises ValueError when there is no row or an id stands twice."""
    if not rows:
        raise ValueError(f"{source}: no picture found")
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *labels])
    frame["message"] = frame["message"].fillna("")
    for label in labels:
        lacks = (frame["part"] == "train") & (frame["status"] == OK)
        lacks &= frame[label].isna() | (frame[label].astype(str).str.strip() == "")
        frame.loc[lacks, "status"] = "unlabelled"
        frame.loc[lacks, "message"] = f"no value in {label}"
    order = frame.sort_values(["part", "image_id"], ascending=[False, True], kind="stable")
    return check_table(order.reset_index(drop=True), IMAGES)
