"""Reads the stored out-of-fold and test predictions."""

import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.cells import member_cells
from pipeline.storage import Runs, read_table
from pipeline.tables import PREDICTIONS, check_table


def read_oof(settings: Experiment, runs: Runs, member: str) -> pd.DataFrame:
    """The OOF predictions of all cells of a member, on the images as they are (view identity)."""
    frames = [read_table(runs.oof(cell)) for cell in member_cells(settings, member)]
    return check_table(pd.concat(frames, ignore_index=True), PREDICTIONS)


def read_predictions(runs: Runs, member: str, part: str) -> pd.DataFrame:
    """A member's stored predictions of a part, `oof` or `test`."""
    return check_table(read_table(runs.predictions(member, part)), PREDICTIONS)
