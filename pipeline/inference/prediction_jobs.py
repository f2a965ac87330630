"""Shards of the infer stage as jobs: what some cells say about some images in a row.

Shards end where batches end, and networks see batch after batch alone: so the answers are the same
whatever the shards, and wherever each is made.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from pipeline.config import fingerprint_of
from pipeline.experiment.cells import answering_cells, member_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.fingerprints import infer_key
from pipeline.experiment.footprint import PROCESS, footprint_of
from pipeline.experiment.images_table import held_out
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job
from pipeline.storage import Cell, write_table
from pipeline.tables import PREDICTIONS, check_table

BATCHES = 32  # of one shard: what a killed run loses
WORTH = 1000  # forward passes of a process: fewer are done before it has imported torch


def answer_jobs(
    work: Work, member: str, *, labelled: pd.DataFrame, seen: pd.DataFrame
) -> dict[str, list[Job]]:
    """The jobs of both parts, oof and test, in the order of their rows in the member's tables."""
    cells = member_cells(work.settings, member)
    held = [
        job
        for fold in dict.fromkeys(cell.fold for cell in cells)
        for job in _shards(
            work,
            [cell for cell in cells if cell.fold == fold],
            labelled[held_out(work.settings, labelled, fold)],
            name=f"fold{fold}",
        )
    ]
    return {
        "oof": held,
        "test": list(_shards(work, answering_cells(work.settings, member), seen, name="test")),
    }


def answer_one(work: Work, *, cells: Sequence[Cell], images: pd.DataFrame, name: str) -> None:
    """Writes the predictions of a shard."""
    from pipeline.experiment.predict import predict_cells

    device, precision = choose_device(work.settings)
    member = cells[0].member
    frame = predict_cells(
        work,
        member,
        list(cells),
        images,
        what="test images" if name.startswith("test") else "train images",
        crops_of_work=work,
        device=device,
        precision=precision,
    )
    write_table(work.runs.answer_shard(member, name), check_table(frame, PREDICTIONS))


def count_worth(work: Work, jobs: Sequence[Job]) -> int:
    """How many processes these jobs are worth starting."""
    views = len(work.settings.tta)
    passes = sum(len(job.given["images"]) * len(job.given["cells"]) * views for job in jobs)
    return min(len(jobs), passes // WORTH)


def answering_bytes(work: Work, members: Sequence[str], *, device: str, precision: str) -> int:
    """Memory of the neediest of these members' shards: of its GPU, or of its process."""
    from pipeline.experiment.data_loading import resident_bytes

    most = 0
    for name in members:
        cells = len(answering_cells(work.settings, name))
        needed = footprint_of(work, name, precision).answering(
            batch_size=work.settings.infer.batch_size, num_networks=cells
        )
        most = max(most, needed)
    most += resident_bytes(work, members, device=device) if device == "cuda" else 0
    return most + (0 if device == "cuda" else PROCESS)


def _shards(work: Work, cells: Sequence[Cell], images: pd.DataFrame, *, name: str) -> Iterator[Job]:
    member, size = cells[0].member, BATCHES * work.settings.infer.batch_size
    recipe = fingerprint_of([infer_key(work, member), size])  # other views, other shards
    images = images[["image_id", "row"]].reset_index(drop=True)
    for start in range(0, len(images), size):
        part = images.iloc[start : start + size].reset_index(drop=True)
        shard = f"{name}-{recipe}-{start:08d}"
        yield Job(
            name=f"{member} {name} from {start}",
            call=answer_one,
            given={"cells": tuple(cells), "images": part, "name": shard},
            reads=(work.runs.crops, *(work.runs.weights(cell) for cell in cells)),
            makes=(work.runs.answer_shard(member, shard),),
        )
