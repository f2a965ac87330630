"""The stored out-of-fold and test predictions: read, and marked as no longer right."""

from collections.abc import Sequence

import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.cells import member_cells
from pipeline.storage import Runs, read_table, unstamp
from pipeline.tables import PREDICTIONS, check_table


def read_oof(settings: Experiment, runs: Runs, member: str) -> pd.DataFrame:
    """The OOF predictions of all cells of a member, on the images as they are (view identity)."""
    frames = [read_table(runs.oof(cell)) for cell in member_cells(settings, member)]
    return check_table(pd.concat(frames, ignore_index=True), PREDICTIONS)


def read_predictions(runs: Runs, member: str, part: str) -> pd.DataFrame:
    """A member's stored predictions of a part, `oof` or `test`."""
    return check_table(read_table(runs.predictions(member, part)), PREDICTIONS)


def unstamp_answers(runs: Runs, members: Sequence[str]) -> None:
    """Marks all that was made with these members' predictions as to be made again.

    A cell whose folder was removed may learn otherwise on another device, so its old answers are
    not those that it will give.
    """
    if not members:
        return
    for member in members:
        for part in ("oof", "test"):
            unstamp(runs.predictions(member, part))
    for path in (runs.scores, runs.submission, runs.stacked):
        unstamp(path)
