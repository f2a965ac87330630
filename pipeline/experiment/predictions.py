"""Reads the stored out-of-fold and test predictions."""

import pandas as pd

from pipeline.experiment.cells import member_cells
from pipeline.experiment.work import Work
from pipeline.storage import read_table
from pipeline.tables import PREDICTIONS, check_table


def read_oof(work: Work, member: str) -> pd.DataFrame:
    """The OOF predictions of all cells of a member, on the images as they are (view identity)."""
    cells = member_cells(work.settings, member)
    frames = [read_table(work.runs.oof(cell)) for cell in cells]
    return check_table(pd.concat(frames, ignore_index=True), PREDICTIONS)


def read_predictions(work: Work, member: str, part: str) -> pd.DataFrame:
    """A member's stored predictions of a part, `oof` or `test`."""
    return check_table(read_table(work.runs.predictions(member, part)), PREDICTIONS)
