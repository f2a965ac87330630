"""Weights of another experiment's member as a start: `weights: run:EXPERIMENT/MEMBER`.

Where both experiments learn from the same images, a cell that holds out a fold starts from the
cell that held out the same fold: otherwise it would start from weights that had learnt from the
people it is scored on. Another contest's member is one start for all cells.
"""

from pathlib import Path

from pipeline.config import Experiment, Member
from pipeline.console.installation import COMMAND
from pipeline.evaluation.candidates import trained_settings
from pipeline.experiment.cells import member_cells
from pipeline.storage import REFIT, Cell, Runs

RUN = "run:"


def with_own_weights(settings: Experiment, runs: Runs, cell: Cell) -> Member:
    """The cell's member with the path of its weights where they are another experiment's."""
    member = settings.members[cell.member]
    path = start_of(settings, runs, cell)
    return member if path is None else member.model_copy(update={"weights": str(path)})


def start_of(settings: Experiment, runs: Runs, cell: Cell) -> Path | None:
    """The weights file of another experiment that a cell starts from; None where there is none.

    Raises ValueError when that experiment is not trained or would leak.
    """
    weights = settings.members[cell.member].weights
    if not weights.startswith(RUN):
        return None
    source, name = _source(settings, runs, weights)
    its_runs = Runs(source)
    same_contest = its_runs.root.resolve() == runs.root.resolve()
    if same_contest and its_runs.folds != runs.folds:
        raise ValueError(
            f"{weights} learnt from the same images on other folds, so from people whom this "
            "experiment holds out; give both the same `folds:`"
        )
    seeds = source.members[name].seeds
    seed = cell.seed if cell.seed in seeds else seeds[0]
    folds = [one.fold for one in member_cells(source, name) if one.seed == seed]
    if same_contest and cell.fold != REFIT:
        fold = cell.fold
    else:  # nobody is scored by a refit, and nobody of another contest is scored here
        fold = REFIT if source.members[name].refit else folds[0]
    chosen = Cell(name, fold, seed)
    if not its_runs.done(chosen).exists() or not its_runs.weights(chosen).exists():
        raise ValueError(
            f"{weights}: its cell {chosen.name} is not trained; first {COMMAND} train "
            f"{source.as_typed}"
        )
    return its_runs.weights(chosen)


def _source(settings: Experiment, runs: Runs, weights: str) -> tuple[Experiment, str]:
    """The settings of the other experiment as it was trained, and the name of its member."""
    experiment, _, name = weights.removeprefix(RUN).partition("/")
    if not name:
        raise ValueError(f"{weights!r}: write {RUN}EXPERIMENT/MEMBER")
    if experiment == settings.name:
        raise ValueError(f"{weights}: is this experiment itself; name another one")
    source = trained_settings(settings, runs, experiment)
    if source is None:
        raise ValueError(
            f"{weights}: no experiment {experiment!r} in {settings.runs}; train {experiment} first"
        )
    if name not in source.members:
        known = ", ".join(source.members)
        raise ValueError(f"{weights}: {experiment} has no member {name!r}; it has {known}")
    return source, name
