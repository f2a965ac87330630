"""The box of the face that a row of a contest's table speaks of."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

BOX = ("box_x1", "box_y1", "box_x2", "box_y2")  # columns of the images table
SHOWN = 3  # lines that a sentence names


def read_boxes(
    file: Path, frame: pd.DataFrame, *, box: Sequence[str] | None, box_form: str
) -> list[tuple[float, float, float, float]] | None:
    """The corners of the face's box of each row, NaN where it has none; None without such columns.

    Raises ValueError naming the lines of boxes that are not four numbers, or have no area.
    """
    if box is None or any(column not in frame.columns for column in box):
        return None
    numbers = frame[list(box)].apply(pd.to_numeric, errors="coerce")
    if box_form == "size":  # left, top, width, height
        left, top, width, height = (numbers[column] for column in box)
        corners = [left, top, left + width, top + height]
    else:
        corners = [numbers[column] for column in box]
    empty = frame[list(box)].apply(lambda cells: cells.str.strip() == "").all(axis=1)
    area = (corners[2] > corners[0]) & (corners[3] > corners[1])
    wrong = frame.index[~area & ~empty]
    if len(wrong):
        lines = ", ".join(str(row + 2) for row in wrong[:SHOWN])
        first = ", ".join(frame.loc[wrong[0], list(box)])
        raise ValueError(
            f"{file}: {len(wrong)} rows have no box of a face in {', '.join(box)} "
            f"({box_form}): lines {lines}; line {wrong[0] + 2} has {first}"
        )
    return list(zip(*(corner.astype(float) for corner in corners), strict=True))
