"""The scores of another experiment's networks on all labelled images of this contest.

All of these images are new to them, so every cell of the other experiment answers every image, and
the answers are averaged.
"""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.cells import member_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import predict_cells
from pipeline.experiment.tasks import group_of, targets_of
from pipeline.faces.crop_store import open_crops
from pipeline.features.transfer.source import shared_tasks
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metrics import find_metric
from pipeline.storage import Runs
from pipeline.tables import SCORES, check_table


def score_source(settings: Experiment, runs: Runs, source: Experiment) -> pd.DataFrame:
    """A scores table: a row for each shared task and each member of the source that learnt it."""
    images = read_labelled(runs)
    source_runs = Runs(source)
    device, precision = choose_device(settings)
    rows = []
    for task in shared_tasks(settings, source):
        truth = targets_of([task], images)[task.name]
        for member, recipe in source.members.items():
            if task.name not in recipe.tasks:
                continue
            crops = runs.crops_by(source_runs.crop_recipe_of(member))
            assert crops is not None, "the stage has refused crops that are cut in another way"
            frame = predict_cells(
                source_runs,
                member_context(source, member),
                member_cells(source, member),
                images,
                crops=open_crops(crops),
                settings=source,
                what=f"images of {settings.competition.name}",
                device=device,
                precision=precision,
            )
            means = frame.groupby("image_id")[task.columns].mean().loc[images["image_id"]]
            score = _score(task, truth, means.to_numpy(), images, num_draws=settings.bootstrap)
            rows.append({"source": f"{source.name}/{member}", **score})
    scores = pd.DataFrame(rows, columns=[*SCORES.key, *SCORES.columns])
    return check_table(scores, SCORES)


def _score(
    task: Task, truth: np.ndarray, probs: np.ndarray, images: pd.DataFrame, *, num_draws: int
) -> dict[str, Any]:
    """The task's metric of probabilities (N, C), with its interval from drawing people."""
    metric = find_metric(task.metric)
    answer = seen_by(metric, task, probs)
    people = images["person_id"].to_numpy()
    group = group_of(task, images)
    low, high = person_interval(
        metric, truth, answer, person_ids=people, num_draws=num_draws, group=group
    )
    return {
        "task": task.name,
        "fold": "all",
        "metric": task.metric,
        "value": metric.compute(truth, answer, group),
        "low": low,
        "high": high,
        "num_images": len(truth),
        "num_people": len(set(people)),
    }
