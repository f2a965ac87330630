"""A folder a class: the name of the folder that an image lies in is its label."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.labels.columns import stored_column
from pipeline.labels.containers import list_below
from pipeline.labels.layouts import finish, unlabelled_row
from pipeline.tables import OK


def read_folders(
    root: Path, *, labels: Sequence[str], train: str, test: str | None
) -> pd.DataFrame:
    """The images table: below `train` a folder a class, below `test` images without labels.

    A test image's id is its path below `test`, a train image's the same with `train/` before it.
    An image that lies in no class's folder is a row `malformed`. Raises ValueError for a folder
    that is not there.
    """
    (written,) = labels
    label = stored_column(written)
    rows: list[dict] = []
    classes: set[str] = set()
    for file in list_below(root / train):
        inside = file.relative_to(root / train)
        row = _row(root, file, image_id=f"train/{inside.as_posix()}", part="train")
        if row["status"] == OK and len(inside.parts) > 1:
            row[label] = inside.parts[0]
            classes.add(inside.parts[0])
        elif row["status"] == OK:
            row |= {"status": "malformed", "message": "lies in no folder of a class"}
        rows.append(row)
    if test is not None:
        for file in list_below(root / test):
            inside = file.relative_to(root / test)
            row = _row(root, file, image_id=inside.as_posix(), part="test")
            if len(inside.parts) > 1 and inside.parts[0] in classes:
                row[label] = inside.parts[0]  # it is the truth only where the settings say so
            rows.append(row)
    return finish(rows, labels=[label], source=root / train)


def _row(root: Path, file: Path, *, image_id: str, part: str) -> dict:
    path = file.relative_to(root).as_posix()
    return unlabelled_row(file, image_id=image_id, path=path, part=part)
