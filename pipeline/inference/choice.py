"""What the words by= and min_face= may be, checked before anything is loaded.

This file imports no torch: a wrong word is answered at once.
"""

import math
from collections.abc import Mapping

from pipeline.config import Experiment
from pipeline.config.types import nearest
from pipeline.console.installation import COMMAND
from pipeline.experiment.cells import answering_cells, used_members
from pipeline.experiment.fingerprints import stack_key
from pipeline.storage import Runs, display_path, is_fresh, read_json

ENSEMBLE, STACK = "ensemble", "stack"


def check_by(settings: Experiment, runs: Runs, by: str) -> None:
    """Raises ValueError for an unknown `by`, or for a stack that is not there."""
    known = [ENSEMBLE, STACK, *settings.members]
    if by not in known:
        raise ValueError(
            f"by={by}: no such member{nearest(by, known)} there are {', '.join(known)}"
        )
    if by == STACK:
        check_stack(settings, runs)


def check_stack(settings: Experiment, runs: Runs) -> None:
    """Raises ValueError where stack has not run."""
    if not is_stacked(settings, runs):
        raise ValueError(
            f"by=stack: nothing is stacked yet; first {COMMAND} stack {settings.as_typed}"
        )


def is_stacked(settings: Experiment, runs: Runs) -> bool:
    """Whether stack has run with these settings."""
    return is_fresh(runs.stacked, stack_key(settings, runs))


def left_out(settings: Experiment, runs: Runs, by: str = ENSEMBLE) -> list[str]:
    """Sentences on what one image can't be answered with: an order among many, people's other
    images."""
    said = []
    if by == ENSEMBLE and settings.ensemble.method == "rank":
        said.append(
            "ensemble.method: rank is an order among many images; one image is answered by the "
            "mean of the members, whose score is another"
        )
    if by == STACK and any(layer.startswith("pooling") for layer in _kept(runs)):
        said.append("what stack pools over a person's images is left out: one image has none")
    return said


def has_kept(settings: Experiment, runs: Runs) -> bool:
    """Whether stack has run with these settings and kept a layer: else it answers as the plain
    mean."""
    return is_stacked(settings, runs) and bool(_kept(runs))


def _kept(runs: Runs) -> list[str]:
    """The layers that stack kept, of all answers."""
    parts = read_json(runs.stacked.with_suffix(".json"))["parts"]
    return [layer for part in parts for layer in part["kept"]]


def choices(settings: Experiment, runs: Runs) -> list[str]:
    """The values of `by` that can answer now: the ensemble first, then stack, then members."""
    found = []
    if not missing_weights(settings, runs, used_members(settings)):
        found.append(ENSEMBLE)
        if is_stacked(settings, runs):
            found.append(STACK)
    for name in settings.members:
        if not missing_weights(settings, runs, [name]):
            found.append(name)
    return found


def missing_weights(settings: Experiment, runs: Runs, members: list[str]) -> str:
    """The first file of weights that is not there, as it is shown; '' when all are."""
    for name in members:
        for cell in answering_cells(settings, name):
            if not runs.weights(cell).exists():
                return display_path(runs.weights(cell))
    return ""


def read_min_face(options: Mapping[str, str]) -> float | None:
    """The smallest face looked for. Raises ValueError for what is no share of a side."""
    word = options.get("min_face")
    if word is None:
        return None
    try:
        value = float(word)
    except ValueError:
        value = math.nan  # fails the next line, with the same sentence
    if not 0 < value <= 1:
        raise ValueError(f"min_face={word} must be a share of the shorter side, as 0.06")
    return value
