"""Words about who answers, read before anything is loaded; light on purpose."""

from collections.abc import Mapping

from pipeline.config.types import nearest
from pipeline.experiment.cells import answering_cells, used_members
from pipeline.experiment.fingerprints import stack_key
from pipeline.experiment.work import Work
from pipeline.storage import display_path, is_fresh, read_json

ENSEMBLE, STACK = "ensemble", "stack"


def check_by(work: Work) -> None:
    """Raises ValueError for an unknown `by`, or for a stack that is not there."""
    by = work.options.get("by", ENSEMBLE)
    known = [ENSEMBLE, STACK, *work.settings.members]
    if by not in known:
        raise ValueError(
            f"by={by}: no such member{nearest(by, known)} there are {', '.join(known)}"
        )
    if by == STACK:
        check_stack(work)


def check_stack(work: Work) -> None:
    """Raises ValueError where stack has not run."""
    if not is_stacked(work):
        name = work.settings.name
        raise ValueError(f"by=stack: nothing is stacked yet; first ./run.sh stack -c {name}")


def is_stacked(work: Work) -> bool:
    return is_fresh(work.runs.stacked, stack_key(work))


def left_out(work: Work, by: str = ENSEMBLE) -> list[str]:
    """Sentences on what one image can't be answered with: an order among many, people's other
    images."""
    settings, said = work.settings, []
    if by == ENSEMBLE and settings.ensemble.method == "rank":
        said.append(
            "ensemble.method: rank is an order among many images; one image is answered by the "
            "mean of the members, whose score is another"
        )
    if by == STACK and any(layer.startswith("pooling") for layer in _kept(work)):
        said.append("what stack pools over a person's images is left out: one image has none")
    return said


def _kept(work: Work) -> list[str]:
    parts = read_json(work.runs.stacked.with_suffix(".json"))["parts"]
    return [layer for part in parts for layer in part["kept"]]


def choices(work: Work) -> list[str]:
    """Everyone of an experiment who can answer now: all together first."""
    members = [name for name in work.settings.members if not missing_weights(work, [name])]
    found = [ENSEMBLE] if not missing_weights(work, used_members(work.settings)) else []
    return [*found, *([STACK] if found and is_stacked(work) else []), *members]


def missing_weights(work: Work, members: list[str]) -> str:
    """The first file of weights that is not there, as it is shown; '' when all are."""
    for name in members:
        for cell in answering_cells(work.settings, name):
            if not work.runs.weights(cell).exists():
                return display_path(work.runs.weights(cell))
    return ""


def read_min_face(options: Mapping[str, str]) -> float | None:
    """The smallest face looked for. Raises ValueError for what is no share of a side."""
    word = options.get("min_face")
    try:
        value = None if word is None else float(word)
    except ValueError:
        value = -1.0
    if value is not None and not 0 < value <= 1:
        raise ValueError(f"min_face={word} must be a share of the shorter side, as 0.06")
    return value
