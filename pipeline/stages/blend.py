"""Stored predictions of several members to one answer; shared by evaluate and ensemble."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.ensembling.blending import hard_vote, hard_vote_scores, mean_probs, median_values
from pipeline.labels.answers import combine_classes, combine_names, combine_probs
from pipeline.labels.tasks import Task, decide
from pipeline.scoring.metrics import METRICS
from pipeline.stages.progress import used_members
from pipeline.tables import check_same_ids, pick

Votes = list[np.ndarray]  # (N, C) each


def gather_votes(frame: pd.DataFrame, *, image_ids: Sequence[str], task: Task, part: str) -> Votes:
    """One array a cell, its views averaged, rows as image_ids. Out of fold, a seed's folds together
    make one voter, because each picture was held out in one fold only."""
    by = ["seed"] if part == "oof" else ["fold", "seed"]
    votes = []
    for _, cells in frame.groupby(by, sort=True):
        means = cells.groupby("image_id", sort=True)[task.columns].mean().reset_index()
        check_same_ids(means["image_id"], image_ids, what="predictions")
        votes.append(pick(means, image_ids, what="predictions")[task.columns].to_numpy(np.float64))
    return votes


def blend_task(votes: Mapping[str, Votes], *, task: Task, settings: Experiment) -> np.ndarray:
    """The blended probabilities (N, C) of a task from the votes of each member that predicts it."""
    method, every = settings.ensemble.method, [vote for cells in votes.values() for vote in cells]
    if method == "hard_vote":
        if task.kind == "number":
            return median_values(every)
        return hard_vote(every) if task.kind == "classes" else hard_vote_scores(every)
    if method == "soft_vote":  # every cell counts the same
        return mean_probs(every)
    weights = settings.ensemble.weights or dict.fromkeys(votes, 1.0)  # every member counts the same
    each = [mean_probs(cells) for cells in votes.values()]
    return mean_probs(each, weights=[weights.get(member, 0.0) for member in votes])


def blend_all(
    predictions: Mapping[str, pd.DataFrame],
    *,
    image_ids: Sequence[str],
    tasks: Sequence[Task],
    part: str,
    settings: Experiment,
) -> dict[str, np.ndarray]:
    """The blended probabilities of every task that a used member predicts."""
    blended = {}
    for task in tasks:
        members = [
            name for name in used_members(settings) if task.name in settings.members[name].tasks
        ]
        if not members:
            continue
        votes = {
            name: gather_votes(predictions[name], image_ids=image_ids, task=task, part=part)
            for name in members
        }
        blended[task.name] = blend_task(votes, task=task, settings=settings)
    return blended


class AnswerSpace:
    """The contest's combined answer: its classes, its truth, and decisions in it."""

    def __init__(self, settings: Experiment, tasks: Sequence[Task]) -> None:
        known = {task.name: task for task in tasks}
        self.tasks = [known[name] for name in settings.competition.answer.tasks]
        self.metric_name = settings.competition.metric_name
        self.metric = METRICS[self.metric_name]
        self.is_product = len(self.tasks) > 1
        self.classes = list(self.tasks[0].classes)
        if self.is_product:
            self.classes = combine_names([task.classes for task in self.tasks])

    def truth(self, targets: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N,) the true combined class, 0/1 or value."""
        if not self.is_product:
            return targets[self.tasks[0].name]
        sizes = [len(task.classes) for task in self.tasks]
        return combine_classes([targets[task.name] for task in self.tasks], sizes=sizes)

    def probs(self, probs: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N, C) probabilities of the combined classes, or the score or value (N, 1)."""
        return combine_probs([probs[task.name] for task in self.tasks])

    def decide(self, joint: np.ndarray) -> np.ndarray:
        """(N,) the answer."""
        return joint.argmax(axis=1) if self.is_product else decide(self.tasks[0], joint)

    def scored(self, joint: np.ndarray) -> np.ndarray:
        """(N,) what the contest's metric looks at."""
        return joint[:, 0] if self.metric.looks_at == "score" else self.decide(joint)
