"""Cells as jobs: what each waits for, what it reads and makes, how much memory it takes."""

from collections.abc import Sequence
from functools import lru_cache

from pipeline.config import Experiment, Member
from pipeline.runs import REFIT, Cell
from pipeline.stages import Work
from pipeline.stages.launching.jobs import Job
from pipeline.stages.progress import member_cells, teaching_cells

PROCESS = 700 * 2**20  # bytes of a process that has imported torch and its friends


def cell_needs(settings: Experiment, cell: Cell) -> list[Cell]:
    """The cells that must be trained before: a refit learns its length from its folds, and
    a member that is taught needs its teachers."""
    teachers = teaching_cells(settings, cell)
    if cell.fold != REFIT:
        return teachers
    return [c for c in member_cells(settings, cell.member) if c.seed == cell.seed] + teachers


def cell_job(work: Work, cell: Cell) -> Job:
    """The training of one cell."""
    runs, needed = work.runs, cell_needs(work.settings, cell)
    return Job(
        name=cell.name,
        call=train_one,
        given={"cell": cell},
        needs=tuple(other.name for other in needed),
        reads=(
            *(runs.images, runs.faces, runs.folds, runs.crops),
            *(runs.cell(other) for other in needed),
            *([runs.cell(cell)] if runs.cell(cell).exists() else []),  # to go on from there
        ),
        makes=(runs.cell(cell),),
    )


def train_one(work: Work, *, cell: Cell) -> dict:
    """Trains a cell where it is called, and gives its facts."""
    from pipeline.stages.members import choose_device, read_labelled
    from pipeline.stages.training.cell import train_cell
    from pipeline.stages.training.memory import enough_memory

    device, precision = choose_device(work.settings)
    size = work.settings.members[cell.member].batch_size
    with enough_memory(f"members.{cell.member}.batch_size", size):
        return train_cell(
            work,
            cell,
            pictures=read_labelled(work.runs),
            device=device,
            precision=precision,
        )


def count_epochs(work: Work, cells: Sequence[Cell]) -> int:
    """Epochs that stand in the histories of these cells; a done cell counts as all of its."""
    total = 0
    for cell in cells:
        if work.runs.done(cell).exists():
            total += work.settings.members[cell.member].epochs
        elif work.runs.history(cell).exists():
            total += work.runs.history(cell).read_bytes().count(b"\n")
    return total


def training_bytes(work: Work, members: Sequence[str], *, device: str, precision: str) -> int:
    """Memory of the neediest of these members' cells: of its GPU, or of its process."""
    from pipeline.stages.training.feeding import resident_bytes

    most = 0
    for name in members:
        member = work.settings.members[name]
        needed = footprint_of(work, name, precision).training(
            batch_size=member.batch_size, ema=member.ema is not None
        )
        most = max(most, needed)
    most += resident_bytes(work, members, device=device)
    return most + (0 if device == "cuda" else PROCESS)


def footprint_of(work: Work, name: str, precision: str) -> "Footprint":  # noqa: F821
    """What one member's network needs."""
    from pipeline.stages.members import member_tasks

    member = work.settings.members[name]
    tasks = tuple(member_tasks(work.settings, member))
    return _footprint(member.model_dump_json(), tasks, precision)


@lru_cache(maxsize=64)
def _footprint(member: str, tasks: tuple, precision: str):
    from pipeline.learning.footprint import measure_footprint
    from pipeline.stages.training.recipes import make_network

    read = Member.model_validate_json(member)
    network = make_network(read, tasks, weights="none")
    return measure_footprint(network, image_size=read.image_size, precision=precision)
