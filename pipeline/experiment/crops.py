"""How many crops an experiment's store has."""

from pipeline.faces.crop_store import open_crops
from pipeline.storage import Runs


def count_crops(runs: Runs) -> int:
    """How many crops are stored; 0 before they are cut."""
    return len(open_crops(runs.crops)) if runs.crops.exists() else 0
