"""Measures the images of a competition: one row an image, with a status."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.work import Work
from pipeline.images.read import UnreadableImageError, measure_image
from pipeline.jobs.job import Job
from pipeline.jobs.resources import MOST_READING, find_slots
from pipeline.jobs.run import run_jobs
from pipeline.labels.fixes import apply_fixes, read_fixes
from pipeline.labels.layouts.locate import find_label
from pipeline.labels.layouts.registry import read_layout
from pipeline.labels.tasks import LabelError, encode
from pipeline.storage import display_path
from pipeline.tables import IMAGES, OK

BLOCK = 4096  # images that are measured together
HAND = 64  # of them that a thread takes at once
WORTH = 20_000  # images of a process: fewer are measured before it has started
PROCESS = 2**28  # bytes of a process that only reads headers


def check_labels(work: Work, labelled: pd.DataFrame) -> None:
    """Raises ValueError, a sentence a task, that says where a label stands that its task does not
    know: it is found now, not in training."""
    problems = []
    for task in contest_tasks(work.settings):
        try:
            encode(task, labelled[task.column], image_ids=labelled["image_id"])
        except LabelError as error:
            row = labelled[labelled["image_id"] == error.image_id].iloc[0]
            problems.append(f"{_place(work, row, column=task.column)}{error}")
    if problems:
        raise ValueError("\n".join(problems))


def _place(work: Work, row: pd.Series, *, column: str) -> str:
    """`FILE line N, column 'x': ` of an image's label; '' where its name holds the label."""
    contest = work.settings.competition
    place = find_label(
        contest.layout, work.runs.root, row=row, column=column, options=contest.layout_options
    )
    return f"{place}: " if place else ""


def mend(work: Work, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the contest's fixes laid over its labels."""
    path = work.runs.fixes
    if path is None:
        return frame
    tasks = contest_tasks(work.settings)
    mended, laid = apply_fixes(frame, read_fixes(path), tasks=tasks, source=display_path(path))
    print(f"index: {laid}")
    return mended


def add_groups(work: Work, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the columns that tasks name as their group as numbers, and for each a column
    `gender_half`, 0 below 0.5 and 1 from it on, to balance folds by.

    Raises ValueError for one that is not there, or naming the image of a train value that is no
    number.
    """
    for task in contest_tasks(work.settings):
        if task.group is None:
            continue
        spot = f"tasks.{task.name}.group"
        if task.group not in frame.columns:
            known = ", ".join(frame.columns.difference(IMAGES.columns))
            raise ValueError(f"{spot}: the contest has no column {task.group!r}; it has {known}")
        numbers = pd.to_numeric(frame[task.group], errors="coerce")
        wrong = numbers.isna() & (frame["part"] == "train") & (frame["status"] == OK)
        if wrong.any():
            row = frame[wrong].iloc[0]
            place, found = _place(work, row, column=task.group), row[task.group]
            raise ValueError(
                f"{place}{spot}: {row['image_id']}: {task.group} is {found!r}, not a number"
            )
        half = (numbers >= 0.5).astype(int).astype(str).where(numbers.notna())
        frame = frame.assign(**{task.group: numbers.astype(float), f"{task.group}_half": half})
    return frame


def measure_all(work: Work, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each image's size; what is no image becomes `unreadable`."""
    present = frame.index[frame["status"] == OK]
    paths, measured = frame.loc[present, "path"].tolist(), {}
    starts = range(0, len(paths), BLOCK)
    blocks = {f"images {start} on": paths[start : start + BLOCK] for start in starts}
    jobs = [Job(name, measure_block, {"paths": block}) for name, block in blocks.items()]
    run_jobs(
        replace(work, settings=work.settings.model_copy(update={"cluster": None})),
        jobs,
        slots=find_slots(
            work.settings, most=len(paths) // WORTH, job_bytes=PROCESS, on_one=MOST_READING
        ),
        bar=tqdm(total=len(jobs), desc="index", unit=f"x{BLOCK} pic"),
        after=lambda outcome: measured.update({outcome.job: outcome.facts}),
    )
    found = [one for job in jobs for one in measured[job.name]]
    sizes = pd.DataFrame(found, columns=["width", "height", "message"], index=present)
    frame = frame.assign(width=0, height=0)
    frame.loc[present, ["width", "height"]] = sizes[["width", "height"]]
    bad = sizes.index[sizes["message"] != ""]
    frame.loc[bad, "status"] = "unreadable"
    frame.loc[bad, "message"] = sizes.loc[bad, "message"]
    return frame


def measure_block(work: Work, *, paths: Sequence[str]) -> list[tuple[int, int, str]]:
    """Width, height and what is wrong of each image; threads, because disks can be slow."""
    root = str(work.runs.root)
    parts = [paths[start : start + HAND] for start in range(0, len(paths), HAND)]
    with ThreadPoolExecutor() as pool:
        return [one for found in pool.map(partial(_measure, root), parts) for one in found]


def _measure(root: str, paths: Sequence[str]) -> list[tuple[int, int, str]]:
    """Width, height, and what is wrong with each image, '' when nothing is."""
    found = []
    for path in paths:
        try:
            found.append((*measure_image(Path(root, path)), ""))
        except UnreadableImageError as error:
            found.append((0, 0, str(error)))
    return found


def read_images(work: Work) -> pd.DataFrame:
    contest, tasks = work.settings.competition, contest_tasks(work.settings)
    labels = dict.fromkeys(task.column for task in tasks)
    return read_layout(
        contest.layout, work.runs.root, labels=list(labels), options=contest.layout_options
    )
