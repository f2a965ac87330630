"""Cells as jobs: what each waits for, what it reads and makes, how much memory it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.config import Experiment, Member
from pipeline.experiment.cells import member_cells, teacher_cells
from pipeline.experiment.footprint import PROCESS, footprint_of
from pipeline.experiment.images_table import EXTRA
from pipeline.experiment.teaching_images import has_label
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job
from pipeline.storage import REFIT, Cell, Runs
from pipeline.training.initial_weights import RUN, start_of
from pipeline.training.time_left import CellClock

if TYPE_CHECKING:
    from pipeline.models.memory_estimate import Footprint

BACKWARD = 3.0  # a step costs about so many forward passes
# images of 112 pixels that a slow one learns in a second, and the seconds that starting is worth
SHORT_ON_GPU = (500.0, 120.0)
SHORT_ON_CPU = (30.0, 15.0)


def cell_needs(settings: Experiment, cell: Cell) -> list[Cell]:
    """The cells that must be trained before: a refit learns its length from its folds, and
    a member that is taught needs its teachers."""
    teachers = teacher_cells(settings, cell)
    if cell.fold != REFIT:
        return teachers
    return [c for c in member_cells(settings, cell.member) if c.seed == cell.seed] + teachers


def cell_job(settings: Experiment, runs: Runs, cell: Cell) -> Job:
    """The training of one cell."""
    needed = cell_needs(settings, cell)
    return Job(
        name=cell.name,
        call=train_one,
        given={"cell": cell},
        needs=tuple(other.name for other in needed),
        reads=(
            *(runs.images, runs.faces, runs.folds, runs.crops_of(cell.member)),
            *(runs.cell(other) for other in needed),
            *([runs.cell(cell)] if runs.cell(cell).exists() else []),  # to go on from there
            *_start_folders(settings, runs, cell),
        ),
        makes=(runs.cell(cell),),
    )


def _start_folders(settings: Experiment, runs: Runs, cell: Cell) -> list[Path]:
    """What a start from another experiment's weights reads: its settings and its cell's folder."""
    start = start_of(settings, runs, cell)
    if start is None:
        return []
    experiment = settings.members[cell.member].weights.removeprefix(RUN).partition("/")[0]
    return [runs.of_experiment(experiment) / "config.yaml", start.parent]


def train_one(work: Work, *, cell: Cell) -> dict:
    """Trains a cell where it is called, and gives its facts."""
    from pipeline.experiment.device import choose_device
    from pipeline.experiment.memory import enough_memory
    from pipeline.experiment.teaching_images import read_teaching
    from pipeline.training.cell import train_cell
    from pipeline.training.frozen_cell import fit_frozen_cell
    from pipeline.training.soup_cell import average_cell

    device, precision = choose_device(work.settings)
    member = work.settings.members[cell.member]
    train = train_cell if member.head is None else fit_frozen_cell
    if member.soup is not None:
        train = average_cell
    with enough_memory(f"members.{cell.member}.batch_size", member.batch_size):
        return train(
            work.settings,
            work.runs,
            cell,
            images=read_teaching(work.settings, work.runs),
            device=device,
            precision=precision,
        )


def epoch_images(settings: Experiment, cell: Cell, labelled: pd.DataFrame) -> tuple[float, float]:
    """Images that a cell learns from in an epoch, and images that it is scored on. `labelled` may
    hold images of other data too, of which all are learnt and none is scored."""
    member = settings.members[cell.member]
    is_extra = labelled["part"] == EXTRA if "part" in labelled.columns else None
    extra = 0
    if is_extra is not None and is_extra.any():
        teaches = has_label(settings, cell.member, labelled[is_extra])
        extra = _drawn(member, labelled[is_extra][teaches])
        labelled = labelled[~is_extra]
    num = len(labelled)
    held = 0.0 if cell.fold == REFIT else num / settings.folds.num
    own = _drawn(member, labelled) * (1.0 - held / num)
    return member.repeats * (own + extra), held


def _drawn(member: Member, images: pd.DataFrame) -> int:
    """Images that one pass over these takes, at most so many of a person as the member says."""
    counts = images.groupby("person_id").size()
    if member.images_per_person is not None:
        counts = counts.clip(upper=member.images_per_person)
    return int(counts.sum())


def is_short(
    settings: Experiment, cells: Sequence[Cell], labelled: pd.DataFrame, *, device: str
) -> bool:
    """Whether these cells are trained sooner one after another in this process, which has imported
    torch already, than in several that must be started first. A guess from images and pixels."""
    cost = 0.0
    for cell in cells:
        member = settings.members[cell.member]
        learned, held = epoch_images(settings, cell, labelled)
        pixels = (member.image_size / 112) ** 2
        cost += member.epochs * (learned + held / BACKWARD) * pixels
    rate, seconds = SHORT_ON_GPU if device == "cuda" else SHORT_ON_CPU
    return cost / rate < seconds


def make_clocks(
    settings: Experiment,
    runs: Runs,
    cells: Sequence[Cell],
    labelled: pd.DataFrame,
    *,
    precision: str,
) -> dict[Cell, CellClock]:
    """A clock for each cell that is to be trained; costs are in operations of a forward pass."""
    from pipeline.experiment.operations import count_member

    clocks = {}
    behind = {}  # by member the part of its forward pass that comes after the cached trunk
    for name in {cell.member for cell in cells}:
        if settings.members[name].trunk is not None:
            counted = count_member(settings, name)
            behind[name] = counted["epoch_operations"] / counted["operations"]
    for cell in cells:
        member = settings.members[cell.member]
        learned, held = epoch_images(settings, cell, labelled)
        cost, shared = _costs(
            member,
            footprint_of(settings, cell.member, precision),
            learned,
            held,
            num_images=len(labelled),
            behind=behind.get(cell.member, 1.0),
        )
        history = runs.history(cell)
        past = history.read_bytes().count(b"\n") if history.exists() else 0
        clocks[cell] = CellClock(
            name=cell.name,
            member=cell.member,
            epochs=max(0, member.epochs - past),
            cost=cost,
            shared=shared,
            needs=tuple(other.name for other in cell_needs(settings, cell)),
        )
    return clocks


def _costs(
    member: Member,
    footprint: Footprint,
    learned: float,
    held: float,
    *,
    num_images: int,
    behind: float,
) -> tuple[float, float]:
    """Operations of an epoch with so many images, and of what is made once for all of a member's
    cells; each epoch makes the part `behind` of the forward pass."""
    look = footprint.operations
    if member.head is not None:  # the backbone looks once at every image, heads take no time
        return 0.0, num_images * look
    if member.soup is not None:  # nothing is learnt, averages are scored
        return held * look, 0.0
    back = footprint.learning_operations - look
    epoch = learned * back + (learned + held) * behind * look
    if member.trunk is None:
        return epoch, 0.0
    return epoch, (1 + member.num_variants) * num_images * (1 - behind) * look


def training_bytes(
    settings: Experiment, runs: Runs, members: Sequence[str], *, device: str, precision: str
) -> int:
    """Memory of the neediest of these members' cells: of its GPU, or of its process."""
    from pipeline.experiment.crops import count_crops
    from pipeline.experiment.data_loading import resident_bytes

    most = 0
    for name in members:
        member = settings.members[name]
        needed = footprint_of(settings, name, precision).training(
            batch_size=-(-member.batch_size // member.accumulate), ema=member.ema is not None
        )
        most = max(most, needed)
    num_crops = count_crops(runs)
    most += resident_bytes(settings, members, num_crops=num_crops, device=device)
    return most if device == "cuda" else most + PROCESS
