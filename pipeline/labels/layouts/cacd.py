"""The CACD2000 layout: a folder of images whose names are `age_Name_Name_NNNN.jpg`."""

import re
from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import choose_folder, finish, rows_by_name

LABELS = ("age",)
NAME = re.compile(r"(?P<age>\d{1,3})_(?P<person>.*\D.*)_(?P<number>\d{4,})\.\w+")


def read_cacd(root: Path) -> pd.DataFrame:
    """The images table: age and person from the names of the files in root or root/CACD2000.

    The same name is the same person at any age. A name that does not fit is a row `malformed`.
    """
    folder = choose_folder(root, "CACD2000")
    rows = rows_by_name(root, folder, read_name=_read_name)
    return finish(rows, labels=LABELS, source=folder)


def _read_name(name: str) -> dict | str:
    found = NAME.fullmatch(name)
    if found is None:
        return "the name is not age_Name_Name_NNNN.jpg"
    return {"age": str(int(found["age"])), "person_id": found["person"]}
