"""A member's shards of answers become its tables: predictions of both parts, and averages."""

import shutil
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.experiment.cells import answering_cells
from pipeline.experiment.fingerprints import infer_key
from pipeline.experiment.tasks import member_tasks, targets_of
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job
from pipeline.storage import Cell, join_tables, read_table, stamp, write_table
from pipeline.tables import PREDICTIONS, check_table


def gather(
    work: Work,
    member: str,
    parts: Mapping[str, Sequence[Job]],
    *,
    labelled: pd.DataFrame,
    unseen: pd.DataFrame,
) -> None:
    """Joins a member's shards, one after another in memory, and removes them."""
    files = {part: [job.makes[0] for job in jobs] for part, jobs in parts.items()}
    if len(unseen):
        cells, ids = answering_cells(work.settings, member), unseen["image_id"]
        files["test"].append(work.runs.answer_shard(member, "prior"))
        prior = _prior(work, member, cells, image_ids=ids, labelled=labelled)
        write_table(files["test"][-1], check_table(prior, PREDICTIONS))
    tasks = member_tasks(work.settings, work.settings.members[member])
    columns = [column for task in tasks for column in task.columns]
    means = [
        read_table(file).groupby("image_id", sort=False)[columns].mean().reset_index()
        for file in files["test"] or files["oof"][:1]
    ]
    averages = pd.concat(means, ignore_index=True)
    write_table(work.runs.averages(member), averages if files["test"] else averages.iloc[:0])
    for part in ("oof", "test"):
        empty = not files[part]
        join_tables(
            work.runs.predictions(member, part), files[part] or files["oof"][:1], empty=empty
        )
        stamp(work.runs.predictions(member, part), infer_key(work, member))
    shutil.rmtree(files["oof"][0].parent)


def _prior(
    work: Work,
    member: str,
    cells: list[Cell],
    *,
    image_ids: pd.Series,
    labelled: pd.DataFrame,
) -> pd.DataFrame:
    """The answer for an image that can't be read: shares of the classes, mean value."""
    columns = {}
    tasks = member_tasks(work.settings, work.settings.members[member])
    for task, targets in zip(tasks, targets_of(tasks, labelled).values(), strict=True):
        if task.kind == "multiclass":
            shares = np.bincount(targets, minlength=len(task.classes)) / len(targets)
            columns |= dict(zip(task.columns, shares.astype(np.float32), strict=True))
        else:
            columns[task.columns[0]] = np.float32(np.mean(targets))
    rows = [
        {"image_id": image_id, "fold": cell.fold, "seed": cell.seed, "view": view, **columns}
        for cell in cells
        for view in work.settings.tta
        for image_id in image_ids
    ]
    return pd.DataFrame(rows)
