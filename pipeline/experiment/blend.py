"""Stored predictions of several members to one answer; shared by evaluate and ensemble."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.ensembling.blending import (
    geometric_mean,
    hard_vote,
    hard_vote_scores,
    mean_probs,
    median_probs,
    median_values,
    rank_mean,
)
from pipeline.ensembling.product import join_answers
from pipeline.experiment.cells import used_members
from pipeline.experiment.tasks import answer_task, contest_tasks
from pipeline.labels.answers import marginal_probs
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import ANSWER, AnswerSpace
from pipeline.tables import check_same_ids, pick

Votes = list[np.ndarray]  # (N, C) each


def answer_spaces(settings: Experiment) -> list[AnswerSpace]:
    """What the contest wants answered: one answer, or with `combine: columns` one a task."""
    known = {task.name: task for task in contest_tasks(settings)}
    answer = settings.competition.answer
    tasks = [known[name] for name in answer.tasks]
    if len(tasks) > 1 and not answer.is_product:
        return [AnswerSpace(task.name, (task,), task.metric) for task in tasks]
    return [AnswerSpace(ANSWER, tuple(tasks), settings.competition.metric_name)]


def gather_votes(frame: pd.DataFrame, *, image_ids: Sequence[str], task: Task, part: str) -> Votes:
    """One array a cell, its views averaged, rows as image_ids. Out of fold, a seed's folds together
    make one voter, because each image was held out in one fold only."""
    # out of fold, a seed's cells hold out different images: together they are one voter
    by = ["seed"] if part == "oof" else ["fold", "seed"]
    votes = []
    for _, cells in frame.groupby(by, sort=True):
        means = cells.groupby("image_id", sort=True)[task.columns].mean().reset_index()
        check_same_ids(means["image_id"], image_ids, what="predictions")
        votes.append(pick(means, image_ids, what="predictions")[task.columns].to_numpy(np.float64))
    return votes


def blend_task(
    votes: Mapping[str, Votes], *, kind: str, method: str, weights: Mapping[str, float]
) -> np.ndarray:
    """The blended probabilities (N, C) of a task from the votes of each member that predicts it.

    `kind` is the task's, `method` and `weights` are the ensemble's; weights count for `mean` and
    `weighted` only.
    """
    cells = [vote for member_votes in votes.values() for vote in member_votes]
    if method == "soft_vote":  # every cell counts the same, however many a member has
        return mean_probs(cells)
    if method == "hard_vote" and kind == "regression":
        return median_values(cells)
    if method == "hard_vote" and kind == "multiclass":
        return hard_vote(cells)
    if method == "hard_vote":
        return hard_vote_scores(cells)
    members = [mean_probs(member_votes) for member_votes in votes.values()]
    if method == "rank":  # an order among the images that are answered
        return rank_mean(members)
    if method == "geometric":
        return geometric_mean(members, kind=kind)
    if method == "median":
        return median_probs(members, kind=kind)
    return mean_probs(members, weights=[weights[member] for member in votes])


def blend_spaces(
    predictions: Mapping[str, pd.DataFrame],
    *,
    image_ids: Sequence[str],
    part: str,
    settings: Experiment,
    members: Sequence[str] | None = None,
) -> dict[str, np.ndarray]:
    """The blended (N, C) of every answer space, as the ensemble says; with `members` their mean."""
    method, given = settings.ensemble.method, settings.ensemble.weights
    if members is not None:
        method, given = "mean", None
    else:
        members = used_members(settings)
    weights = given or dict.fromkeys(members, 1.0)
    counted = {name: weights.get(name, 0.0) for name in members if weights.get(name, 0.0) > 0}
    by_cells = method in ("soft_vote", "hard_vote")
    blended = {}
    for space in answer_spaces(settings):
        tasks = list(space.tasks)
        if space.is_product:  # some members have one head for the whole answer
            tasks.append(answer_task(settings))
        probs, totals = {}, {}
        for task in tasks:
            votes = {}
            for name in counted:
                if task.name in settings.members[name].tasks:
                    votes[name] = gather_votes(
                        predictions[name], image_ids=image_ids, task=task, part=part
                    )
            if votes:
                probs[task.name] = blend_task(votes, kind=task.kind, method=method, weights=counted)
                totals[task.name] = _total_weight(votes, weights=counted, by_cells=by_cells)
        whole = totals.pop(ANSWER, 1.0)
        # the product of the parts weighs as much as the part that the fewest members answer
        parts = min(totals.values(), default=1.0)
        blended[space.name] = join_answers(
            probs.get(ANSWER),
            [probs.get(task.name) for task in space.tasks],
            sizes=space.sizes,
            weights=(whole, parts),
        )
    return blended


def _total_weight(
    votes: Mapping[str, Votes], *, weights: Mapping[str, float], by_cells: bool
) -> float:
    """How much stands behind a task: the weights of its members, or the number of its cells."""
    if by_cells:
        return float(sum(len(member_votes) for member_votes in votes.values()))
    return sum(weights[name] for name in votes)


def member_probs(
    frame: pd.DataFrame, *, image_ids: Sequence[str], settings: Experiment, member: str
) -> dict[str, np.ndarray]:
    """One member's OOF probabilities (N, C), seeds averaged, of all it predicts: its tasks, and of
    a head for the whole answer the marginals of the answer's tasks."""
    heads = settings.members[member].tasks
    known = {task.name: task for task in contest_tasks(settings)}
    found = {}
    if ANSWER in heads:
        (space,) = answer_spaces(settings)
        head = answer_task(settings)
        joint = mean_probs(gather_votes(frame, image_ids=image_ids, task=head, part="oof"))
        for place, task in enumerate(space.tasks):
            found[task.name] = marginal_probs(joint, sizes=space.sizes, task=place)
    for name in heads:
        if name != ANSWER:
            votes = gather_votes(frame, image_ids=image_ids, task=known[name], part="oof")
            found[name] = mean_probs(votes)
    return found
