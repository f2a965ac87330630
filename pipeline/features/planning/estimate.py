"""From rates that were probed here to minutes, disk and memory of the stages that are not done."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.config import Experiment, Member
from pipeline.console import Bar
from pipeline.experiment.cells import all_cells, answering_cells, member_cells
from pipeline.experiment.crops import count_crops
from pipeline.experiment.data_loading import resident_bytes
from pipeline.experiment.device import choose_device
from pipeline.experiment.fingerprints import is_inferred
from pipeline.experiment.footprint import footprint_of
from pipeline.experiment.images_table import EXTRA
from pipeline.experiment.tasks import contest_tasks, member_tasks
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job, Outcome, makespan
from pipeline.jobs.resources import Slot, find_slots
from pipeline.jobs.run import run_jobs
from pipeline.labels.tasks import Task
from pipeline.preprocessing.crop_images import missing_stores
from pipeline.storage import Cell, read_table
from pipeline.tables import OK
from pipeline.training.cell_jobs import BACKWARD, cell_needs, epoch_images, training_bytes

FACES = 24  # images in which faces are looked for


@dataclass(frozen=True)
class StageTime:
    """One stage: minutes, and of what."""

    seconds: float
    what: str

    def say(self) -> str:
        """The minutes and of what, in words."""
        return f"about {self.seconds / 60:.1f} min: {self.what}"


@dataclass
class Forecast:
    """What the work will take here."""

    device: str
    slots: int
    start: float = 0.0  # seconds until processes have started
    parts: dict[str, StageTime] = field(default_factory=dict)  # by stage
    jobs: dict[str, dict] = field(default_factory=dict)  # name -> seconds and needs
    disk: float = 0.0
    memory: float = 0.0
    gpu_memory: float = 0.0
    operations: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """Of all stages together."""
        return sum(part.seconds for part in self.parts.values()) / 60.0

    def stored(self) -> dict:
        """What compare_forecast needs later, as JSON takes it."""
        return {"device": self.device, "slots": self.slots, "start": self.start, "jobs": self.jobs}


def make_forecast(work: Work, stages: Sequence[str], *, timed: bool = True) -> Forecast:
    """Probes what these stages need and adds it up. Early stops are not foreseen.

    Where it is not `timed` nothing is probed: operations and disk are known, all seconds are 0.
    """
    device, precision = choose_device(work.settings)
    images = read_table(work.runs.images)
    labelled = images[(images["part"] == "train") & (images["status"] == OK)]
    labelled = labelled.reset_index(drop=True)
    teaching = images[images["part"].isin(("train", EXTRA)) & (images["status"] == OK)]
    cells = [cell for cell in all_cells(work.settings) if not work.runs.done(cell).exists()]
    cells = cells if "train" in stages else []
    answering = [n for n in work.settings.members if not is_inferred(work.settings, work.runs, n)]
    answering = answering if "infer" in stages else []
    members = list(dict.fromkeys([*(cell.member for cell in cells), *answering]))
    each = training_bytes(
        work.settings, work.runs, members, device=device.type, precision=precision
    )
    slots = find_slots(work.settings, most=max(len(cells), 1), job_bytes=each)
    found = Forecast(device=str(device), slots=len(slots))
    if timed:
        rates = _probe(work, found, slots, members, images, labelled, crop="crop" in stages)
    else:
        from pipeline.experiment.operations import count_member

        assert "crop" not in stages, "nothing but a clock says what a face's detection takes"
        rates = {name: count_member(work.settings, name) for name in members}
    if "crop" in stages:
        seconds = rates["crop"]["seconds"] * len(images) / len(slots)
        found.parts["crop"] = StageTime(
            seconds, f"{len(images)} images, faces {_mode(work.settings.crop.faces)}"
        )
        for recipe in missing_stores(work.settings, work.runs).values():
            found.disk += len(images) * recipe.size**2 * 3
    for cell in cells:
        shared = sum(other.member == cell.member for other in cells)
        _add_cell(work.settings, cell, teaching, rates[cell.member], found, shared=shared)
        found.disk += footprint_of(work.settings, cell.member, precision).weights
    for name in dict.fromkeys(cell.member for cell in cells):
        if rates[name]["map_bytes"]:
            found.notes.append(_say_trunk(work.settings.members[name], name, teaching, rates[name]))
    if cells:
        lasting = {name: one["seconds"] for name, one in found.jobs.items()}
        needs = {name: one["needs"] for name, one in found.jobs.items()}
        seconds = found.start + makespan(lasting, needs, slots=len(slots))
        found.parts["train"] = StageTime(
            seconds, f"{len(cells)} cells, {_say_epochs(work.settings.members, cells)}"
        )
    if answering:
        parts = [
            _forecast_infer(work.settings, n, images, labelled, rates[n], found) for n in answering
        ]
        views = len(work.settings.tta)
        what = f"{len(answering)} members, {views} views of every image, all folds"
        found.parts["infer"] = StageTime(found.start + sum(parts) / len(slots), what)
    if device.type == "cuda":
        found.gpu_memory = max((rates[name]["gpu_memory"] for name in members), default=0)
        found.gpu_memory += resident_bytes(
            work.settings, members, num_crops=count_crops(work.runs), device=device.type
        )
    found.memory = len(slots) * each if members else 0
    return found


def _probe(
    work: Work,
    found: Forecast,
    slots: Sequence[Slot],
    members: Sequence[str],
    images: pd.DataFrame,
    labelled: pd.DataFrame,
    *,
    crop: bool,
) -> Mapping[str, Mapping[str, float]]:
    """Each probe as often at once as the work's jobs will be; the means of what they gave."""
    from pipeline.features.planning.probe import probe_faces, probe_member

    labels = labelled[
        ["image_id", "person_id", *_label_columns(contest_tasks(work.settings), labelled)]
    ]
    jobs = []
    given: dict[str, list[dict]] = {}
    for place in range(len(slots)):
        if crop:
            some = images[images["status"] == OK].iloc[place * FACES : (place + 1) * FACES]
            jobs.append(Job(f"crop {place}", probe_faces, {"images": some}))
        for name in members:
            probe = {"name": name, "images": labels}
            jobs.append(Job(f"{name} {place}", probe_member, probe))
    jobs.sort(key=lambda job: job.name.rpartition(" ")[0])  # the same probe at the same time

    def keep(outcome: Outcome) -> None:
        given.setdefault(outcome.job.rpartition(" ")[0], []).append(outcome.facts)

    def call(work: Work, jobs: Sequence[Job]) -> float:
        started = time.monotonic()
        bar = Bar(len(jobs), desc="plan: probe this machine", unit="probes")
        run_jobs(work, jobs, slots=slots, bar=bar, after=keep)
        return time.monotonic() - started

    here = Work(work.settings.model_copy(update={"cluster": None}), work.runs, work.command)
    took = call(here, jobs)
    if len(slots) > 1:  # what was not probing was starting processes
        probing = sum(one["took"] for facts in given.values() for one in facts)
        found.start = max(0.0, took - probing / len(slots))
    return {name: pd.DataFrame(facts).mean().to_dict() for name, facts in given.items()}


def _add_cell(
    settings: Experiment,
    cell: Cell,
    labelled: pd.DataFrame,
    rate: Mapping[str, float],
    found: Forecast,
    *,
    shared: int,
) -> None:
    """Adds a cell's job; what so many cells of its member share is divided evenly among them."""
    member = settings.members[cell.member]
    learned, held = epoch_images(settings, cell, labelled)
    seconds = member.epochs * (learned * rate["learning"] + held * rate["judging"])
    operations = member.epochs * (BACKWARD * learned + held) * rate["epoch_operations"]
    looks = 0.0  # of the whole backbone, once for all cells
    if member.head is not None:
        seconds, operations = 0.0, 0.0
        looks = len(labelled) / shared
    elif member.trunk is not None:
        looks = (1 + member.num_variants) * len(labelled) / shared
        found.disk += looks * rate["map_bytes"]
    seconds += looks * rate["answering"]
    needs = [other.name for other in cell_needs(settings, cell)]
    found.jobs[cell.name] = {"seconds": seconds, "needs": needs}
    found.operations += operations + looks * rate["operations"]


def _say_trunk(member: Member, name: str, labelled: pd.DataFrame, rate: Mapping[str, float]) -> str:
    """What a member's cached trunk takes."""
    size = (1 + member.num_variants) * len(labelled) * rate["map_bytes"] / 2**20
    variants = f"{member.num_variants} variants of every image and the image as it is"
    if not member.num_variants:
        variants = "every image once"
    return (
        f"trunk of {name}: {size:.0f} MB of disk for {variants}; cells map it into memory, which "
        "the system takes back where it is short"
    )


def _label_columns(tasks: Sequence[Task], labelled: pd.DataFrame) -> list[str]:
    asked = {task.column for task in tasks}
    asked |= {task.group for task in tasks if task.group}
    return [column for column in labelled.columns if column in asked]


def _forecast_infer(
    settings: Experiment,
    name: str,
    images: pd.DataFrame,
    labelled: pd.DataFrame,
    rate: Mapping[str, float],
    found: Forecast,
) -> float:
    """Adds what infer takes for one member to the forecast; its seconds in one process."""
    num_test = int((images["part"] == "test").sum())
    held_out = len(member_cells(settings, name)) * len(labelled) / settings.folds.num
    rows = num_test * len(answering_cells(settings, name)) + round(held_out)
    rows *= len(settings.tta)
    columns = sum(len(task.columns) for task in member_tasks(settings, settings.members[name]))
    found.disk += rows * (4 * columns + 8)
    found.operations += rows * rate["operations"]
    seconds = rows * rate["answering"]
    found.jobs[f"infer {name}"] = {"seconds": seconds, "needs": []}
    return seconds


def _say_epochs(members: Mapping[str, Member], cells: Sequence[Cell]) -> str:
    total = sum(members[cell.member].epochs for cell in cells)
    return f"{total} epochs in all when none stops early"


def _mode(faces: str) -> str:
    return {"detect": "looked for", "given": "given", "centre": "not looked for"}[faces]
