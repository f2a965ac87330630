"""Tables whose images are numbers in a column of their own, as in FER2013."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.labels.containers import pixel_path, pixels_of
from pipeline.labels.csv_reader import check_columns, read_contest_table


def read_pixel_table(
    file: Path, pixels: Mapping[str, Any], *, ids: Sequence[str | None], needs: Sequence[str]
) -> pd.DataFrame:
    """A contest's table of pixels (`column`, `size`, `first_id`). Where it has none of the columns
    `ids`, the first of them is added with the numbers of the rows.

    Raises ValueError naming the file for a column that is missing, or a first row whose pixels are
    none; those of other rows are looked at when the image is read.
    """
    frame = read_contest_table(file, needs=())
    names = [name for name in ids if name is not None]
    if not set(names) & set(frame.columns):
        first = int(pixels["first_id"])
        numbers = [str(number) for number in range(first, first + len(frame))]
        frame = frame.assign(**{names[0]: numbers})
    column = pixels["column"]
    check_columns(file, frame, needs=(*needs, column))
    if len(frame):
        try:
            pixels_of(frame[column].iloc[0], size=pixels["size"])
        except ValueError as error:
            line = frame.index[0] + 2
            raise ValueError(f"{file} line {line}, column {column!r}: {error}") from None
    return frame


def row_path(file: Path, pixels: Mapping[str, Any], *, root: Path, line: int) -> str:
    """The path below root of the image in a line of a table of pixels."""
    relative = os.path.relpath(file, root).replace(os.sep, "/")
    return pixel_path(relative, column=pixels["column"], size=pixels["size"], line=line)
