"""A user's own tables: any CSV with an id or path and label columns, and folders of images."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import finish, place_status, read_csv
from pipeline.tables import OK

IMAGE_FACTS = ("width", "height", "row", "how", "face_status", "num_faces")  # stages' own


def read_table(
    root: Path,
    *,
    labels: Sequence[str],
    train: str,
    test: str | None,
    images: str,
    test_images: str | None,
    id_column: str,
    path_column: str | None,
    person_column: str | None,
    suffix: str,
) -> pd.DataFrame:
    """The images table of a train and a test CSV; without a person column everyone is alone.

    Every other column of the two tables comes along as it is: groups, given folds.

    Raises ValueError naming the file, and the column that is missing or the id that is repeated.
    """
    known = {id_column, path_column, person_column, *IMAGE_FACTS}
    rows = []
    parts = [("train", train, images)]
    if test is not None:
        parts.append(("test", test, test_images if test_images is not None else images))
    for part, csv, folder in parts:
        folder = str(Path(folder))
        extra = [column for column in (path_column, person_column) if column and part == "train"]
        needs = [id_column, *extra, *(labels if part == "train" else ())]
        frame = read_csv(root / csv, needs=list(dict.fromkeys(needs)))
        twice = frame[id_column][frame[id_column].duplicated()]
        if len(twice):
            line = int(twice.index[0]) + 2
            raise ValueError(
                f"{root / csv} line {line}: {id_column} {twice.iloc[0]!r} stands twice"
            )
        unnamed = frame.index[frame[id_column].str.strip() == ""]
        if len(unnamed):
            raise ValueError(f"{root / csv} line {unnamed[0] + 2}: no value in {id_column}")
        own = {"image_id", "path", "person_id", "part", "status", "message", *labels, *known}
        others = [column for column in frame.columns.tolist() if column not in own]
        for record in frame.to_dict("records"):
            image_id = record[id_column]
            path = _below(folder, record.get(path_column or id_column, image_id), suffix)
            row = {
                "image_id": image_id,
                "path": path,
                "person_id": record.get(person_column or "") or image_id,
                "part": part,
                "status": OK,
                "message": "",
                **{label: record.get(label) for label in labels},
            }
            row |= {column: record[column] for column in others}
            rows.append(row | place_status(root, path))
    test_ids = {row["image_id"] for row in rows if row["part"] == "test"}
    for row in rows:  # the test ids are the contest's own and stay as they are
        if row["part"] == "train" and row["image_id"] in test_ids:
            row["image_id"] = f"train/{row['image_id']}"
    return finish(rows, labels=labels, source=root / train)


def _below(folder: str, name: str, suffix: str) -> str:
    """The image's path below root, with its ending."""
    plain = name and name[0] not in "./" and "//" not in name and "/." not in name
    if plain and name[-1] not in "./" and name.lower().endswith(suffix.lower()):
        return name if folder == "." else f"{folder}/{name}"  # a tenth of the time of a Path
    path = Path(folder) / name
    if suffix and path.suffix.lower() != suffix.lower() and path.name:
        path = path.with_name(path.name + suffix)
    return str(path)
