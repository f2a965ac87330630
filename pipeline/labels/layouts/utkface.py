"""The UTKFace layout: a folder of chips whose names are `age_gender_race_date.jpg.chip.jpg`."""

import re
from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import choose_folder, finish, rows_by_name

LABELS = ("age", "gender", "race")
GENDERS = {"0": "male", "1": "female"}
RACES = {"0": "white", "1": "black", "2": "asian", "3": "indian", "4": "other"}
NAME = re.compile(r"(?P<age>\d{1,3})_(?P<gender>[01])_(?P<race>[0-4])_(?P<date>\d+)(\.\w+)+")


def read_utkface(root: Path) -> pd.DataFrame:
    """The images table: age, gender and race from the names of the files in root or root/UTKFace.

    A name that lacks a field, or has one that can't be, is a row `malformed`, never a guess.
    """
    folder = choose_folder(root, "UTKFace")
    rows = rows_by_name(root, folder, read_name=_read_name)
    return finish(rows, labels=LABELS, source=folder)


def _read_name(name: str) -> dict | str:
    found = NAME.fullmatch(name)
    if found is None:
        return "the name is not age_gender_race_date.jpg.chip.jpg"
    return {
        "age": str(int(found["age"])),
        "gender": GENDERS[found["gender"]],
        "race": RACES[found["race"]],
    }
