"""The P-stage layout: `train/train.csv` a folder of seven images a person, `eval/info.csv`."""

from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import IMAGE_ENDINGS, finish, place_status, read_csv
from pipeline.tables import OK

MASKS = {
    **{f"mask{n}": "worn" for n in range(1, 6)},
    "incorrect_mask": "incorrect",
    "normal": "none",
}
LABELS = ("mask", "gender", "age", "race")


def read_pstage(root: Path) -> pd.DataFrame:
    """The images table: mask from the file's stem, gender, age and race from train.csv.

    Junk files (`._normal.jpg`) and images that a person should have but has not are rows too.
    Raises ValueError naming the file for a table that is missing or lacks a column.
    """
    people = read_csv(root / "train/train.csv", needs=("id", "gender", "race", "age", "path"))
    rows = []
    for person in people.to_dict("records"):
        rows += _person_rows(root, person)
    info = root / "eval/info.csv"
    if info.exists():
        for image_id in read_csv(info, needs=("ImageID",))["ImageID"]:
            path = Path("eval/images") / image_id
            row = {"image_id": image_id, "path": str(path), "person_id": None, "part": "test"}
            rows.append({**row, "status": OK, "message": "", **place_status(root, path)})
    return finish(rows, labels=LABELS, source=root)


def _person_rows(root: Path, person: dict) -> list[dict]:
    folder = Path("train/images") / person["path"]
    if place_status(root, folder).get("status") == "outside":
        raise ValueError(f"{root / 'train/train.csv'}: the path {person['path']!r} leaves {root}")
    labels = {key: person[key] for key in ("gender", "race", "age")}
    start = {"person_id": person["id"], "part": "train", **labels}
    rows: list[dict] = []
    seen: set[str] = set()
    files = sorted((root / folder).iterdir()) if (root / folder).is_dir() else []
    for file in files:
        row = {
            **start,
            "image_id": f"{person['path']}/{file.name}",
            "path": str(folder / file.name),
        }
        stem = file.stem
        is_image = file.suffix.lower() in IMAGE_ENDINGS
        if stem in MASKS and is_image and stem not in seen:
            seen.add(stem)
            rows.append({**row, "mask": MASKS[stem], "status": OK})
        elif stem in seen and is_image:
            message = f"a second {stem} of this person"
            rows.append({**row, "mask": MASKS[stem], "status": "repeated", "message": message})
        else:
            rows.append({**row, "status": "junk", "message": "not one of the seven images"})
    for stem in MASKS.keys() - seen:
        row = {**start, "image_id": f"{person['path']}/{stem}", "path": str(folder / stem)}
        message = f"no {stem} image in {folder}"
        rows.append({**row, "mask": MASKS[stem], "status": "missing", "message": message})
    return rows
