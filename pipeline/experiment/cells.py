"""Which cells there are: member x fold x seed."""

from pipeline.config import Experiment
from pipeline.storage import REFIT, Cell, Runs


def member_cells(settings: Experiment, name: str) -> list[Cell]:
    """Every cell of a member: the folds to train times its seeds."""
    folds = settings.folds.train or range(settings.folds.total)
    return [Cell(name, fold, seed) for fold in folds for seed in settings.members[name].seeds]


def refit_cells(settings: Experiment, name: str) -> list[Cell]:
    """The cells of a member that learn from everybody: one a seed, when it asks for them."""
    member = settings.members[name]
    return [Cell(name, REFIT, seed) for seed in member.seeds] if member.refit else []


def all_cells(settings: Experiment) -> list[Cell]:
    """All cells of the experiment, in the order in which they are trained: those that others learn
    from come first."""
    names = sorted(settings.members, key=lambda name: _depth(settings, name))
    cells = []
    for name in names:
        cells += member_cells(settings, name)
        cells += refit_cells(settings, name)
    return cells


def _depth(settings: Experiment, name: str) -> int:
    """How many members must be trained one after another before this one."""
    teachers = settings.members[name].teachers
    return 1 + max((_depth(settings, teacher) for teacher in teachers), default=-1)


def teacher_cells(settings: Experiment, cell: Cell) -> list[Cell]:
    """The cells whose predictions a cell takes for labels, of test images or of its own: those
    that held out the same fold, so that nobody whom it is scored on had a part in its labels. A
    cell that learns from everybody takes all folds'."""
    member = settings.members[cell.member]
    cells = [c for name in member.teachers for c in member_cells(settings, name)]
    if member.soup is not None:  # all folds say which seeds are averaged
        return [*cells, *(refit_cells(settings, member.soup) if cell.fold == REFIT else [])]
    return [c for c in cells if cell.fold in (c.fold, REFIT)]


def answering_cells(settings: Experiment, name: str) -> list[Cell]:
    """The cells of a member that answer the test images."""
    folds = member_cells(settings, name) if settings.infer.use != "refit" else []
    return folds + (refit_cells(settings, name) if settings.infer.use != "folds" else [])


def used_members(settings: Experiment) -> list[str]:
    """The members that answer together."""
    return list(settings.answering)


def trained_members(settings: Experiment, runs: Runs) -> list[str]:
    """The members all of whose folds and seeds are trained."""
    trained = []
    for name in settings.members:
        if all(runs.done(cell).exists() for cell in member_cells(settings, name)):
            trained.append(name)
    return trained


def tuned_member(settings: Experiment) -> str:
    """The member that tune looks at: the one it names, or the first."""
    return settings.tune.member or next(iter(settings.members))
