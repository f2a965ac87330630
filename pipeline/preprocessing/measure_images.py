"""Measures the images of a competition: the size of each, and what can't be opened."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.console import Bar
from pipeline.experiment.work import Work
from pipeline.images.read import UnreadableImageError, measure_image
from pipeline.jobs.job import Job, Outcome
from pipeline.jobs.resources import MOST_READING, find_slots
from pipeline.jobs.run import run_jobs
from pipeline.tables import OK

BLOCK = 4096  # images that are measured together
AT_ONCE = 64  # of them that a thread takes at once
WORTH = 20_000  # images of a process: fewer are measured before it has started
PROCESS = 2**28  # bytes of a process that only reads headers


def measure_all(work: Work, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each image's size; what is no image becomes `unreadable`."""
    present = frame.index[frame["status"] == OK]
    paths = frame.loc[present, "path"].tolist()
    jobs = []
    for start in range(0, len(paths), BLOCK):
        block = paths[start : start + BLOCK]
        name = f"images {start} on"
        jobs.append(
            Job(name, measure_block, {"paths": block}, size=len(block), imports_torch=False)
        )
    measured: dict[str, list[tuple[int, int, str]]] = {}

    def keep(outcome: Outcome) -> None:
        measured[outcome.job] = outcome.facts

    run_jobs(
        # headers are read faster than a cluster's nodes would get their work
        replace(work, settings=work.settings.model_copy(update={"cluster": None})),
        jobs,
        slots=find_slots(
            work.settings, most=len(paths) // WORTH, job_bytes=PROCESS, on_one=MOST_READING
        ),
        bar=Bar(len(paths), desc="index: read sizes"),
        after=keep,
    )
    found = []
    for job in jobs:
        found += measured[job.name]
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
    parts = [paths[start : start + AT_ONCE] for start in range(0, len(paths), AT_ONCE)]
    found = []
    with ThreadPoolExecutor() as pool:
        for sizes in pool.map(partial(_measure, root), parts):
            found += sizes
    return found


def _measure(root: str, paths: Sequence[str]) -> list[tuple[int, int, str]]:
    """Width, height, and what is wrong with each image, '' when nothing is."""
    found = []
    for path in paths:
        try:
            width, height = measure_image(Path(root, path))
            found.append((width, height, ""))
        except UnreadableImageError as error:
            found.append((0, 0, str(error)))
    return found
