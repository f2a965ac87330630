"""The APPA-REAL layout: `gt_avg_{train,valid,test}.csv` and two images of everybody."""

from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import finish, junk_reason, list_files, place_status, read_csv
from pipeline.tables import OK

LABELS = ("real_age", "apparent_age_avg", "apparent_age_std", "num_ratings")
PARTS = {"train": "train", "valid": "train", "test": "test"}  # of each split
FACE = "_face.jpg"  # NNNNNN.jpg is the photograph, NNNNNN.jpg_face.jpg the face cut out of it


def read_appa(root: Path, *, faces: bool = True) -> pd.DataFrame:
    """The images table: one row a photograph, with its split and the ages of its table's row.

    The path is that of the face or of the whole photograph. Test rows keep their labels, so that a
    test score can be told. A photograph that its table does not list is a row `unlisted`. Raises
    ValueError naming the table that is missing, lacks a column or lists an image twice.
    """
    rows = []
    for split in PARTS:
        rows += _split_rows(root, split, faces=faces)
    return finish(rows, labels=LABELS, source=root)


def _split_rows(root: Path, split: str, *, faces: bool) -> list[dict]:
    table = root / f"gt_avg_{split}.csv"
    listed = read_csv(table, needs=("file_name", *LABELS))
    twice = listed.index[listed["file_name"].duplicated()]
    if len(twice):
        name = listed.at[twice[0], "file_name"]
        raise ValueError(f"{table} line {twice[0] + 2}: {name!r} stands twice")
    start = {"part": PARTS[split], "split": split}
    rows: list[dict] = []
    names = set(listed["file_name"])
    for record in listed.to_dict("records"):
        name = record["file_name"]
        path = f"{split}/{name}{FACE if faces else ''}"
        row = {**start, "image_id": name, "path": path, "person_id": name, "status": OK}
        row |= {label: record[label] for label in LABELS}
        rows.append(row | place_status(root, path))
    unlisted = set()
    for file in list_files(root / split):
        name = file.name.removesuffix(FACE)
        reason = junk_reason(file)
        if reason or (name not in names and name not in unlisted):
            unlisted.add(name)
            # the folder stands before the name, because each may hold a Thumbs.db
            image_id = f"{split}/{file.name if reason else name}"
            row = {**start, "image_id": image_id, "path": f"{split}/{file.name}"}
            row |= {"person_id": image_id, "status": "junk" if reason else "unlisted"}
            rows.append({**row, "message": reason or f"not listed in {table.name}"})
    return rows
