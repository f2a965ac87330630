"""The faces table and the crop store of some images, made shard by shard as jobs.

The crop stage makes those of the contest, and a hidden test's are made in the same way.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Competition, Experiment
from pipeline.console import Bar
from pipeline.experiment.crops import recipe_of
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import create_crops, open_crops
from pipeline.faces.recipe import CropRecipe
from pipeline.jobs.job import Job
from pipeline.jobs.resources import MOST_READING, find_slots
from pipeline.jobs.run import run_jobs
from pipeline.preprocessing.shards import FaceRow, cut_shard, find_shard
from pipeline.preprocessing.unseen_images import check_test_images
from pipeline.storage import Runs, atomic_write, read_table, write_table
from pipeline.tables import FACES, OK, check_table, pick

SHARD = 256  # images between two marks on disk: what a killed run loses
WORTH = 2  # shards for every process: fewer are done before it has imported torch
JOB_BYTES = 2**30  # a process with torch, a chunk of images and their integral tables


def find_faces(work: Work, images: pd.DataFrame) -> None:
    """Writes the faces table: for every image its main face, or why there is none."""

    def job(start: int) -> Job:
        given = {"start": start, "images": images.iloc[start : start + SHARD]}
        reads, made = (work.runs.root,), (work.runs.face_shard(start),)
        return Job(
            name=f"faces of images {start} on",
            call=find_shard,
            given=given,
            reads=reads,
            makes=made,
            size=len(given["images"]),
        )

    files = _run_shards(work, len(images), job, desc="crop: find faces")
    faces = pd.concat([read_table(file) for file in files], ignore_index=True)
    kept = (faces["status"] == OK).to_numpy()
    faces["row"] = np.where(kept, np.cumsum(kept) - 1, -1)
    write_table(work.runs.faces, check_table(faces, FACES))
    _remove(files)


def check_test_faces(
    contest: Competition, images: pd.DataFrame, faces: pd.DataFrame, *, root: Path
) -> str:
    """'' or a sentence about test images that can't be decoded: index reads only their headers.

    Raises ValueError, as check_test_images, where they are more than the contest allows.
    """
    found = pick(faces, images["image_id"], what="faces")
    decoded = images.assign(status=found["status"].to_numpy(), message=found["message"].to_numpy())
    most = contest.missing_test
    return check_test_images(decoded, root=root, most=most)


def cut_crops(work: Work, images: pd.DataFrame, faces: pd.DataFrame) -> None:
    """Writes the crop stores that are missing; `images` and `faces` are rows of the same images in
    the same order."""
    kept = (faces["status"] == OK).to_numpy()
    found = _face_rows(faces[kept])
    images = images.loc[kept, "path"].to_numpy()
    stores = missing_stores(work.settings, work.runs)
    if not stores:
        return

    def job(start: int) -> Job:
        part = slice(start, start + SHARD)
        some = list(images[part])
        given = {
            "start": start,
            "images": some,
            "faces": found[part],
            "stores": {store.parent.name: recipe for store, recipe in stores.items()},
        }
        return Job(
            name=f"crops of images {start} on",
            call=cut_shard,
            given=given,
            reads=(work.runs.root,),
            makes=tuple(work.runs.crop_shard(store, start) for store in stores),
            size=len(some),
        )

    _run_shards(work, len(images), job, desc="crop: cut faces")
    starts = range(0, len(images), SHARD)
    for store, recipe in stores.items():
        shards = [work.runs.crop_shard(store, start) for start in starts]
        _join_shards(store, shards, num_crops=len(images), size=recipe.size)
        _remove(shards)


def missing_stores(settings: Experiment, runs: Runs) -> dict[Path, CropRecipe]:
    """The crop stores of the experiment and its members that are not there, with their recipes."""
    stores = {runs.crops: settings.crop}
    for name in settings.members:
        stores.setdefault(runs.crops_of(name), settings.member_crop(name))
    return {path: recipe_of(crop) for path, crop in stores.items() if not path.exists()}


def say_upright(settings: Experiment, faces: pd.DataFrame) -> str:
    """'' or a sentence about faces that are to be aligned and have no landmarks."""
    names = [name for name in settings.members if settings.member_crop(name).align]
    cropped = faces[faces["status"] == OK]
    upright = int((cropped["how"] != "mtcnn").sum())
    if not names or not upright:
        return ""
    return (
        f"{upright} of {len(cropped)} images have no landmarks, so they are cut upright for "
        f"{', '.join(names)}, which align their crops"
    )


def _face_rows(faces: pd.DataFrame) -> list[FaceRow]:
    boxes = faces[["x1", "y1", "x2", "y2"]].to_numpy()
    rows = zip(boxes, faces["how"], faces["landmarks"], strict=True)
    return [FaceRow(box, how, points if how == "mtcnn" else None) for box, how, points in rows]


def _join_shards(store: Path, shards: Sequence[Path], *, num_crops: int, size: int) -> None:
    with atomic_write(store, short=False) as temporary:
        create_crops(temporary, num_crops=num_crops, size=size).flush()
        for number, file in enumerate(shards):
            start = number * SHARD
            # opened again for every shard: else all of it stays mapped
            crops = np.lib.format.open_memmap(temporary, mode="r+")
            crops[start : start + SHARD] = open_crops(file)
            crops.flush()
            del crops


def _run_shards(work: Work, num: int, job: Callable[[int], Job], *, desc: str) -> Sequence[Path]:
    """The shards' files in order, once those that are missing are made."""
    jobs = [job(start) for start in range(0, num, SHARD)]
    missing = [job for job in jobs if not all(path.exists() for path in job.makes)]
    slots = find_slots(
        work.settings, most=len(missing) // WORTH, job_bytes=JOB_BYTES, on_one=MOST_READING
    )
    run_jobs(work, missing, slots=slots, bar=Bar(sum(job.size for job in missing), desc=desc))
    return [job.makes[0] for job in jobs]


def _remove(shards: Sequence[Path]) -> None:
    if shards:
        shutil.rmtree(shards[0].parent)
