"""What several stages read off the settings: tasks, the usable pictures, the device."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.config import Experiment, Member
from pipeline.labels.answers import combine_classes, combine_names
from pipeline.labels.tasks import Task, bin_names, encode, to_numbers
from pipeline.runs import REFIT, Runs, read_json, read_table, shown
from pipeline.stages.training.memory import limit_workers
from pipeline.tables import FACES, FOLDS, IMAGES, OK, check_same_ids, check_table, pick


def contest_tasks(settings: Experiment) -> list[Task]:
    """The contest's tasks as the rooms see them."""
    tasks = []
    for name, task in settings.competition.tasks.items():
        classes = task.classes or (bin_names(task.edges) if task.edges else ())
        tasks.append(
            Task(
                name=name,
                kind=task.kind,
                column=task.column or name,
                classes=tuple(classes),
                edges=tuple(task.edges or ()),
                low=-np.inf if task.low is None else task.low,
                high=np.inf if task.high is None else task.high,
                scale=task.scale,
                centre=task.centre,
                constant=task.constant,
                metric=task.metric_name,
                group=task.group,
            )
        )
    return tasks


def member_tasks(settings: Experiment, member: Member) -> list[Task]:
    """The tasks of one member, in the order of its heads."""
    known = {task.name: task for task in contest_tasks(settings)}
    if settings.competition.answer.is_product:
        known["answer"] = answer_task(settings)
    spans = {name: head.span for name, head in member.tasks.items() if head.span is not None}
    known |= {n: replace(known[n], low=low, high=high) for n, (low, high) in spans.items()}
    return [known[name] for name in member.tasks]


def answer_task(settings: Experiment) -> Task:
    """The product of the answer's tasks as one task of kind classes, under the reserved name."""
    contest = settings.competition
    known = {task.name: task for task in contest_tasks(settings)}
    parts = tuple(known[name] for name in contest.answer.tasks)
    return Task(
        name="answer",
        kind="classes",
        column="answer",
        classes=tuple(combine_names([part.classes for part in parts])),
        constant=all(part.constant for part in parts),
        metric=contest.metric_name,
        parts=parts,
    )


def read_pictures(runs: Runs) -> pd.DataFrame:
    """The images table with what the crop stage found: columns row, how and face_status added."""
    images = check_table(read_table(runs.images), IMAGES)
    faces = check_table(read_table(runs.faces), FACES)
    folders = " ".join(shown(path.parent) for path in (runs.faces, runs.crops, runs.folds))
    hint = f"faces of another index; what helps is to remove {folders} and what was trained on them"
    check_same_ids(faces["image_id"], images["image_id"], what=hint)
    faces = pick(faces, images["image_id"], what="faces")
    return images.assign(
        row=faces["row"].to_numpy(),
        how=faces["how"].to_numpy(),
        face_status=faces["status"].to_numpy(),
        num_faces=faces["num_faces"].to_numpy(),
    )


def read_labelled(runs: Runs) -> pd.DataFrame:
    """The train pictures that have a label, a crop and a fold, in the order of their ids."""
    folds = check_table(read_table(runs.folds), FOLDS)
    pictures = pick(read_pictures(runs), sorted(folds["image_id"]), what="images")
    folds = pick(folds, pictures["image_id"], what="folds")
    people = folds["person_id"].to_numpy()  # the split's word: it may have joined lookalikes
    splits = {name: folds[name].to_numpy() for name in folds if name.startswith("fold")}
    if runs.certificate.exists():  # it was written of the very folds
        proven = read_json(runs.certificate)["pictures_per_fold"]
        found = [int((splits["fold"] == fold).sum()) for fold in range(len(proven))]
        if found != proven or len(folds) != sum(proven):
            raise ValueError(
                f"{runs.folds} was edited: its folds hold {found} pictures, and {proven} when it "
                "was written; without the file the same command splits anew"
            )
    return pictures.assign(**splits, person_id=people)


def held_out(settings: Experiment, pictures: pd.DataFrame, fold: int) -> pd.Series:
    """Which of the pictures (N,) bool a fold holds out, of whichever split it is; REFIT: none."""
    if fold == REFIT:
        return pd.Series(False, index=pictures.index)
    repeat, place = divmod(fold, settings.folds.num)
    return pictures[split_column(repeat)] == place


def split_column(repeat: int) -> str:
    """The column of the folds table that a split stands in."""
    return "fold" if repeat == 0 else f"fold_{repeat}"


def read_test(runs: Runs) -> pd.DataFrame:
    """The test pictures to be answered, in the contest's order; those without a crop have row -1.
    Files that the contest does not ask for (junk, unlisted) are not among them."""
    pictures = read_pictures(runs)
    asked = (pictures["part"] == "test") & ~pictures["status"].isin(("junk", "unlisted"))
    return pictures[asked].reset_index(drop=True)


def usable(pictures: pd.DataFrame, *, reject: Sequence[str] = ()) -> pd.DataFrame:
    """The train pictures that are readable, labelled, cropped and not rejected for their faces."""
    fits = (pictures["part"] == "train") & (pictures["status"] == OK) & (pictures["row"] >= 0)
    if "no_face" in reject:
        fits &= pictures["how"] != "centre"
    if "several_faces" in reject:
        fits &= pictures["num_faces"] < 2
    return pictures[fits].reset_index(drop=True)


def targets_of(tasks: Iterable[Task], pictures: pd.DataFrame) -> dict[str, np.ndarray]:
    """Each task's target of every picture, with the answer's own edges."""
    ids, targets = pictures["image_id"], {}
    for task in tasks:
        if task.parts:
            codes = list(targets_of(task.parts, pictures).values())
            sizes = [len(part.classes) for part in task.parts]
            targets[task.name] = combine_classes(codes, sizes=sizes)
        else:
            targets[task.name] = encode(task, pictures[task.column], image_ids=ids)
    return targets


def group_of(task: Task, pictures: pd.DataFrame) -> np.ndarray | None:
    """The task's group (N,) as numbers; None when it names none. Raises ValueError naming the image
    of one that is no number."""
    if task.group is None:
        return None
    column = replace(task, column=task.group)
    return to_numbers(column, pictures[task.group], image_ids=pictures["image_id"])


def choose_device(settings: Experiment) -> tuple["torch.device", str]:  # noqa: F821
    """The device and the precision to compute in. Raises ValueError if it is not there."""
    import torch

    name = settings.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
        if device.type == "cpu":  # sums depend on their number, so it is the recipe's
            torch.set_num_threads(settings.threads)
        if device.type == "cuda" and device.index is not None:
            torch.cuda.set_device(device)  # else pinned memory would be of the first one
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"device: {settings.device!r} can't be used here ({reason})") from None
    if settings.precision != "auto":
        return device, settings.precision
    if device.type != "cuda":
        return device, "float32"
    recent = torch.cuda.get_device_capability(device)[0] >= 8
    return device, "bfloat16" if recent else "float16"


def describe_device(device: "torch.device", *, precision: str) -> str:  # noqa: F821
    """The device with its name and the precision, for the record: cuda NVIDIA A10G bfloat16."""
    import torch

    name = f" {torch.cuda.get_device_name(device)}" if device.type == "cuda" else ""
    return f"{device}{name} {precision}"


def choose_workers(settings: Experiment, *, device_type: str, batch_bytes: int = 0) -> int:
    """Loader processes: on a CPU none, because the network needs the cores; on a Mac none, because
    they can't be forked beside its GPU. `batch_bytes` is the size of one batch of pixels."""
    if settings.workers is not None:
        return limit_workers(settings.workers, batch_bytes=batch_bytes)
    if device_type != "cuda":
        return 0
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return limit_workers(max(1, min(12, cores - 1)), batch_bytes=batch_bytes)
