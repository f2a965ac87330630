"""Where a label stands: the table, line and column that a user must look at. Only reads tables."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.labels.csv_reader import read_contest_table, read_csv
from pipeline.labels.layouts.join_tables import read_joined


def list_tables(name: str, root: Path, *, options: Mapping[str, Any]) -> list[Path]:
    """The tables and lists of labels that this layout reads, of those that are there."""
    named: dict[str, list[str | None]] = {
        "table": [options.get("train"), options.get("test")],
        "lines": [options.get("train_labels")],
        "pstage": ["train/train.csv", "eval/info.csv"],
        "appa": [f"gt_avg_{split}.csv" for split in ("train", "valid", "test")],
    }
    if name == "table":
        named["table"] += [join["file"] for join in options.get("join", ())]
    files = [root / file for file in named.get(name, ()) if file is not None]
    return [file for file in files if file.is_file()]


def find_label(
    name: str, root: Path, *, row: Mapping[str, Any], column: str, options: Mapping[str, Any]
) -> str:
    """`FILE line N, column 'x'` of a train row of the images table; '' where the label stands in
    the image's own name or folder. `options` are the layout's own settings."""
    image_id = str(row["image_id"])
    if name == "table":
        return _find_in_tables(root, image_id, column=column, options=options)
    if name == "lines":
        return str(root / options["train_labels"])
    if name == "pstage" and column != "mask":
        table = root / "train/train.csv"
        frame = read_csv(table, needs=("id",))
        return _place(table, frame.index[frame["id"] == str(row["person_id"])], column=column)
    if name == "appa":
        table = root / f"gt_avg_{row['split']}.csv"
        frame = read_csv(table, needs=("file_name",))
        return _place(table, frame.index[frame["file_name"] == image_id], column=column)
    return ""


def _find_in_tables(root: Path, image_id: str, *, column: str, options: Mapping[str, Any]) -> str:
    """The place of a label in the train table, or in the joined table that holds its column."""
    image_id = re.sub(r"@\d+$", "", image_id)  # of a video's frame: the row is the video's
    # `train/` stands before an id that a test row has too, `#2` behind the second row of one
    plain, _, number = image_id.partition("#")
    words = (image_id, image_id.removeprefix("train/"), plain.removeprefix("train/"), plain)
    table = root / options["train"]
    frame = read_contest_table(table, needs=())
    key = options["id"]
    if column not in frame.columns:
        for join in options.get("join", ()):
            other = read_joined(root, join)
            if column in other.columns:
                if join["by"]:
                    words = tuple(frame.loc[frame[key].isin(words), join["by"]])
                table, frame, key = root / join["file"], other, join["id"] or join["by"] or key
                break
    rows = frame.index[frame[key].isin(words)]
    place = int(number) - 1 if number.isdecimal() and int(number) <= len(rows) else 0
    return _place(table, rows[place:], column=column)


def _place(table: Path, rows: pd.Index, *, column: str) -> str:
    line = f" line {rows[0] + 2}" if len(rows) else ""
    return f"{table}{line}, column {column!r}"
