"""The crop store of an experiment."""

import numpy as np

from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops


def crops_of(work: Work) -> np.ndarray:
    """The crop store, read-only (rows, size, size, 3) uint8."""
    return open_crops(work.runs.crops)
