"""Stored predictions of every member's heads for one answer, views apart; and their plain mean."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.ensembling.predictions import WHOLE, HeadKey, Predictions
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.tasks import answer_task
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.tables import check_same_ids, pick


def view_names(settings: Experiment) -> list[str]:
    """The views that infer made, the image as it is first."""
    return sorted(settings.tta, key=lambda view: view != "identity")


def gather_predictions(
    predictions: Mapping[str, pd.DataFrame],
    *,
    image_ids: Sequence[str],
    space: AnswerSpace,
    settings: Experiment,
    clusters: np.ndarray | None = None,
) -> Predictions:
    """The predictions of an answer for these images, one set a member's head: folds and seeds are
    averaged, and the head has the weight that the ensemble gives its member."""
    weights = settings.ensemble.weights or dict.fromkeys(used_members(settings), 1.0)
    heads, probs = [], []
    for member in used_members(settings):
        head_tasks = settings.members[member].tasks
        whole = [answer_task(settings)] if space.is_product else []
        for task in (*space.tasks, *whole):
            if task.name in head_tasks and weights.get(member, 0.0) > 0:
                name = WHOLE if task.parts else task.name
                heads.append(HeadKey(member, name, weights[member]))
                probs.append(
                    _by_view(predictions[member], image_ids, task.columns, view_names(settings))
                )
    return Predictions(
        heads=tuple(heads),
        probs=tuple(probs),
        tasks=tuple(task.name for task in space.tasks),
        sizes=tuple(task.num_columns for task in space.tasks),
        rows=np.arange(len(image_ids)),
        clusters=clusters,
    )


def _by_view(
    frame: pd.DataFrame, image_ids: Sequence[str], columns: list[str], views: Sequence[str]
) -> np.ndarray:
    """(V, N, C) in the order of views and ids."""
    means = frame.groupby(["view", "image_id"], sort=True)[columns].mean()
    seen = []
    for view in views:
        some = means.loc[view].reset_index()
        check_same_ids(some["image_id"], image_ids, what=f"predictions of view {view}")
        seen.append(pick(some, image_ids, what="predictions")[columns].to_numpy(np.float64))
    return np.stack(seen)


def plain_mean(
    settings: Experiment,
    space: AnswerSpace,
    tables: Mapping[str, pd.DataFrame],
    images: pd.DataFrame,
) -> np.ndarray:
    """What ensemble's mean says (N, C): the same to the last digit, where no layer is kept."""
    ids = images["image_id"]
    if settings.ensemble.method not in ("mean", "weighted"):
        mean = settings.ensemble.model_copy(update={"method": "mean", "weights": None})
        settings = settings.model_copy(update={"ensemble": mean})
    return blend_spaces(tables, image_ids=ids, part="test", settings=settings)[space.name]
