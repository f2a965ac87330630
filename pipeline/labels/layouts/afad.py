"""The AFAD layout: images in folders `<age>/<111 for male, 112 for female>`."""

from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import choose_folder, file_row, finish

LABELS = ("age", "gender")
GENDERS = {"111": "male", "112": "female"}


def read_afad(root: Path) -> pd.DataFrame:
    """The images table: age and gender from the folders below root, root/AFAD-Full or -Lite.

    An image in any other folder is a row `malformed`; Thumbs.db and lists of files are `junk`.
    """
    folder = choose_folder(root, "AFAD-Full", "AFAD-Lite")
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; is root right?")
    rows = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = file.relative_to(folder)
        found = _read_folders(inside.parts[:-1])
        rows.append(file_row(root, file, image_id=inside.as_posix(), found=found))
    return finish(rows, labels=LABELS, source=folder)


def _read_folders(folders: tuple[str, ...]) -> dict | str:
    match folders:
        case (age, gender) if age.isdecimal() and gender in GENDERS:
            return {"age": str(int(age)), "gender": GENDERS[gender]}
    return "is in no folder <age>/<111 or 112>"
