"""Shards of the infer stage as jobs: what some cells predict for some images in a row.

Shards end where batches end, and networks see batch after batch alone: so the predictions are the
same whatever the shards, and wherever each is made.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from pipeline.config import Experiment, fingerprint_of
from pipeline.experiment.cells import answering_cells, member_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.fingerprints import infer_key
from pipeline.experiment.footprint import PROCESS, footprint_of
from pipeline.experiment.images_table import held_out
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.jobs.job import Job
from pipeline.storage import Cell, Runs, write_table
from pipeline.tables import PREDICTIONS, check_table

BATCHES = 32  # of one shard: what a killed run loses
WORTH = 1000  # forward passes of a process: fewer are done before it has imported torch


def answer_jobs(
    settings: Experiment,
    runs: Runs,
    member: str,
    *,
    labelled: pd.DataFrame,
    seen: pd.DataFrame,
) -> dict[str, list[Job]]:
    """The jobs of both parts, oof and test, in the order of their rows in the member's tables.

    `seen` are the test images that have a crop.
    """
    cells = member_cells(settings, member)
    oof: list[Job] = []
    for fold in dict.fromkeys(cell.fold for cell in cells):
        of_fold = [cell for cell in cells if cell.fold == fold]
        images = labelled[held_out(settings, labelled, fold)]
        oof += _shards(settings, runs, of_fold, images, name=f"fold{fold}")
    test = _shards(settings, runs, answering_cells(settings, member), seen, name="test")
    return {"oof": oof, "test": list(test)}


def answer_one(work: Work, *, cells: Sequence[Cell], images: pd.DataFrame, name: str) -> None:
    """Writes the predictions of a shard; a job's call."""
    from pipeline.experiment.member_context import member_context
    from pipeline.experiment.predict import predict_cells

    device, precision = choose_device(work.settings)
    member = member_context(work.settings, cells[0].member)
    frame = predict_cells(
        work.runs,
        member,
        cells,
        images,
        crops=open_crops(work.runs.crops_of(member.name)),
        settings=work.settings,
        what="test images" if name.startswith("test") else "train images",
        device=device,
        precision=precision,
    )
    write_table(work.runs.answer_shard(member.name, name), check_table(frame, PREDICTIONS))


def count_worth(settings: Experiment, jobs: Sequence[Job]) -> int:
    """How many processes these jobs are worth starting."""
    views = len(settings.tta)
    passes = sum(len(job.given["images"]) * len(job.given["cells"]) * views for job in jobs)
    return min(len(jobs), passes // WORTH)


def answering_bytes(
    settings: Experiment, runs: Runs, members: Sequence[str], *, device: str, precision: str
) -> int:
    """Memory of the neediest of these members' shards: of its GPU, or of its process."""
    from pipeline.experiment.crops import count_crops
    from pipeline.experiment.data_loading import resident_bytes

    most = 0
    for name in members:
        needed = footprint_of(settings, name, precision).answering(
            batch_size=settings.infer.batch_size,
            num_networks=len(answering_cells(settings, name)),
        )
        most = max(most, needed)
    if device != "cuda":
        return most + PROCESS
    num_crops = count_crops(runs)
    return most + resident_bytes(settings, members, num_crops=num_crops, device=device)


def _shards(
    settings: Experiment, runs: Runs, cells: Sequence[Cell], images: pd.DataFrame, *, name: str
) -> Iterator[Job]:
    """The jobs of these cells for these images, BATCHES batches each."""
    member, size = cells[0].member, BATCHES * settings.infer.batch_size
    recipe = fingerprint_of([infer_key(settings, member), size])  # other views, other shards
    images = images[["image_id", "row"]].reset_index(drop=True)
    for start in range(0, len(images), size):
        shard = f"{name}-{recipe}-{start:08d}"
        part = images.iloc[start : start + size].reset_index(drop=True)
        yield Job(
            name=f"{member} {name} from {start}",
            call=answer_one,
            given={"cells": tuple(cells), "images": part, "name": shard},
            reads=(runs.crops_of(member), *(runs.weights(cell) for cell in cells)),
            makes=(runs.answer_shard(member, shard),),
            size=len(part),
        )
