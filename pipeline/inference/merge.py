"""A member's shards of predictions become its tables: both parts, and the averages of test."""

import shutil
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.cells import answering_cells
from pipeline.experiment.fingerprints import infer_key
from pipeline.experiment.tasks import member_tasks, targets_of
from pipeline.jobs.job import Job
from pipeline.labels.tasks import Task, is_labelled
from pipeline.storage import Cell, Runs, join_tables, read_table, stamp, write_table
from pipeline.tables import PREDICTIONS, check_table


def gather(
    settings: Experiment,
    runs: Runs,
    member: str,
    parts: Mapping[str, Sequence[Job]],
    *,
    labelled: pd.DataFrame,
    unseen: pd.DataFrame,
) -> None:
    """Joins a member's shards, one after another in memory, writes its tables, removes the shards.

    `parts` are the jobs of `oof` and `test`; `unseen` are the test images without a crop, which get
    the prior of the `labelled` ones.
    """
    tasks = member_tasks(settings, settings.members[member])
    files = {part: [job.makes[0] for job in jobs] for part, jobs in parts.items()}
    shards = files["oof"][0].parent
    if len(unseen):
        prior = prior_predictions(
            tasks,
            answering_cells(settings, member),
            views=settings.tta,
            image_ids=unseen["image_id"],
            labelled=labelled,
        )
        file = runs.answer_shard(member, "prior")
        write_table(file, check_table(prior, PREDICTIONS))
        files["test"].append(file)
    # A contest may have no test images. A table of its columns without rows is written then, for
    # which one shard of the other part lends the columns.
    columns_from = files["test"] or files["oof"][:1]
    averages = average_predictions(columns_from, tasks)
    write_table(runs.averages(member), averages if files["test"] else averages.iloc[:0])
    for part in ("oof", "test"):
        target = runs.predictions(member, part)
        join_tables(target, files[part] or files["oof"][:1], empty=not files[part])
        stamp(target, infer_key(settings, member))
    shutil.rmtree(shards)


def average_predictions(files: Sequence, tasks: Sequence[Task]) -> pd.DataFrame:
    """A row an image: its probabilities averaged over folds, seeds and views.

    An image's rows all stand in one of the files, so each file is averaged alone.
    """
    columns = [column for task in tasks for column in task.columns]
    means = []
    for file in files:
        by_image = read_table(file).groupby("image_id", sort=False)
        means.append(by_image[columns].mean().reset_index())
    return pd.concat(means, ignore_index=True)


def say_prior(unseen: Sequence[str], *, are_groups: bool = False) -> str:
    """Which test images (or groups of them) can't be read and are answered by the prior."""
    is_one = len(unseen) == 1
    what = "test image can't" if is_one else "test images can't"
    if are_groups:
        what = "group has no image that can" if is_one else "groups have no image that can"
    shown = ", ".join(unseen[:3]) + (", ..." if len(unseen) > 3 else "")
    return f"{len(unseen):,} {what} be read and got the prior: {shown}"


def prior_predictions(
    tasks: Sequence[Task],
    cells: Sequence[Cell],
    *,
    views: Sequence[str],
    image_ids: Sequence[str],
    labelled: pd.DataFrame,
) -> pd.DataFrame:
    """The predictions for images that can't be read: the labelled images' shares of each class, or
    their mean value, from every cell and view."""
    columns: dict[str, np.float32] = {}
    for task, every in zip(tasks, targets_of(tasks, labelled).values(), strict=True):
        targets = every[is_labelled(every)]
        if task.kind == "multilabel":
            shares = np.nan_to_num(np.nanmean(targets, axis=0), nan=0.5)
            columns |= dict(zip(task.columns, shares.astype(np.float32), strict=True))
        elif task.kind == "multiclass":
            shares = np.bincount(targets, minlength=len(task.classes)) / len(targets)
            columns |= dict(zip(task.columns, shares.astype(np.float32), strict=True))
        else:
            columns[task.columns[0]] = np.float32(np.mean(targets))
    rows = []
    for cell in cells:
        for view in views:
            for image_id in image_ids:
                row = {"image_id": image_id, "fold": cell.fold, "seed": cell.seed, "view": view}
                rows.append(row | columns)
    return pd.DataFrame(rows)
