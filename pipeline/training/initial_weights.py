"""Weights of another experiment's member as a start: `weights: run:EXPERIMENT/MEMBER`.

Where both experiments learn from the same images, a cell that holds out a fold starts from the
cell that held out the same fold: otherwise it would start from weights that had learnt from the
people it is scored on. Another contest's member is one start for all cells.
"""

from pathlib import Path

from pipeline.config import Member
from pipeline.evaluation.candidates import trained_work
from pipeline.experiment.cells import member_cells
from pipeline.experiment.work import Work
from pipeline.storage import REFIT, Cell

RUN = "run:"


def with_own_weights(work: Work, cell: Cell) -> Member:
    """The cell's member with the path of its weights where they are another experiment's."""
    member = work.settings.members[cell.member]
    path = start_of(work, cell)
    return member if path is None else member.model_copy(update={"weights": str(path)})


def start_of(work: Work, cell: Cell) -> Path | None:
    """The weights file of another experiment that a cell starts from; None where there is none.

    Raises ValueError when that experiment is not trained or would leak.
    """
    weights = work.settings.members[cell.member].weights
    if not weights.startswith(RUN):
        return None
    source, name = _source(work, weights)
    runs = source.runs
    same_contest = runs.root.resolve() == work.runs.root.resolve()
    if same_contest and runs.folds != work.runs.folds:
        raise ValueError(
            f"{weights} learnt from the same images on other folds, so from people whom this "
            "experiment holds out; give both the same `folds:`"
        )
    seeds = source.settings.members[name].seeds
    seed = cell.seed if cell.seed in seeds else seeds[0]
    folds = [one.fold for one in member_cells(source.settings, name) if one.seed == seed]
    if same_contest and cell.fold != REFIT:
        fold = cell.fold
    else:  # nobody is scored by a refit, and nobody of another contest is scored here
        fold = REFIT if source.settings.members[name].refit else folds[0]
    chosen = Cell(name, fold, seed)
    if not runs.done(chosen).exists() or not runs.weights(chosen).exists():
        raise ValueError(
            f"{weights}: its cell {chosen.name} is not trained; first ./run.sh train -c "
            f"{source.settings.name}"
        )
    return runs.weights(chosen)


def _source(work: Work, weights: str) -> tuple[Work, str]:
    """The other experiment as it was trained, and the name of its member."""
    experiment, _, name = weights.removeprefix(RUN).partition("/")
    if not name:
        raise ValueError(f"{weights!r}: write {RUN}EXPERIMENT/MEMBER")
    if experiment == work.settings.name:
        raise ValueError(f"{weights}: is this experiment itself; name another one")
    source = trained_work(work, experiment)
    if source is None:
        raise ValueError(
            f"{weights}: no experiment {experiment!r} in {work.settings.runs}; first "
            f"./run.sh train -c {experiment}"
        )
    if name not in source.settings.members:
        known = ", ".join(source.settings.members)
        raise ValueError(f"{weights}: {experiment} has no member {name!r}; it has {known}")
    return source, name
