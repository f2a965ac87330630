"""Checks that folds leak nothing. They look at the table as it is, however it was made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def check_folds(
    image_ids: Sequence | np.ndarray | pd.Series,
    person_ids: Sequence | np.ndarray | pd.Series,
    folds: Sequence | np.ndarray | pd.Series,
    *,
    num_folds: int,
    unit: str = "people",
) -> str:
    """Return one line that says what was checked; the three columns have a row an image.

    `unit` is what a person id stands for: people; groups of images where not everybody is named;
    images where nobody is. Only of people the line says that something is proved.

    Raises ValueError naming the image, person or fold for: a null id, a null fold, a fold
    that is not a whole number in 0..num_folds-1, an image twice, a person in two folds, an
    empty fold.
    """
    if not len(image_ids) == len(person_ids) == len(folds):
        raise ValueError(
            f"There are {len(image_ids)} image ids, {len(person_ids)} person ids and "
            f"{len(folds)} folds; each image needs one of each."
        )
    table = pd.DataFrame(
        {
            "image_id": np.asarray(image_ids, dtype=object),
            "person_id": np.asarray(person_ids, dtype=object),
            "fold": np.asarray(folds, dtype=object),
        }
    )
    _refuse_nulls(table)
    twice = table.loc[table["image_id"].duplicated(), "image_id"]
    if len(twice):
        raise ValueError(
            f"Image '{twice.iloc[0]}' is there more than once ({len(twice)} rows too many)."
        )
    numbers = pd.to_numeric(table["fold"], errors="coerce")
    wrong = table[~numbers.isin(range(num_folds))]
    if len(wrong):
        row = wrong.iloc[0]
        raise ValueError(
            f"Image '{row['image_id']}' has fold {row['fold']}; with {num_folds} folds only "
            f"0 to {num_folds - 1} exist ({len(wrong)} such images)."
        )
    units = table["person_id"].map(str)  # 7 and "7" are one person, also when a CSV mixes them
    folds_of_unit = numbers.groupby(units, sort=False).nunique()
    torn = folds_of_unit.index[folds_of_unit > 1]
    if len(torn):
        found = sorted({int(fold) for fold in numbers[units == torn[0]]})
        raise ValueError(
            f"Person '{torn[0]}' is in folds {' and '.join(map(str, found))} ({len(torn)} such "
            f"people); a model would be scored on faces it was trained on."
        )
    empty = sorted(set(range(num_folds)) - set(numbers.astype(int)))
    if empty:
        raise ValueError(f"Fold {empty[0]} of {num_folds} holds no image.")
    rest = "no image is without a fold or there twice, no fold is empty."
    if unit == "images":
        return f"Checked: {len(table)} images are in {num_folds} folds; {rest}"
    count = f"{len(table)} images of {len(folds_of_unit)} {unit} are in {num_folds} folds"
    if unit == "people":
        return f"Proved: {count}; no person is in two, {rest}"
    return f"Checked: {count}; no group is in two, {rest}"


def _refuse_nulls(table: pd.DataFrame) -> None:
    for column in table.columns:
        nulls = np.flatnonzero(table[column].isna())
        if not len(nulls):
            continue
        first = table["image_id"].iloc[nulls[0]]
        place = f"row {nulls[0]}" if column == "image_id" else f"image '{first}'"
        why = " An image without a fold would be trained on in all." if column == "fold" else ""
        raise ValueError(
            f"{column} is null for {len(nulls)} of {len(table)} images (first: {place}).{why}"
        )
