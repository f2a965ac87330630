"""The metrics of one cell on the images that it holds out, after every epoch."""

import numpy as np
import pandas as pd

from pipeline.config.competition import Competition
from pipeline.experiment.tasks import group_of, targets_of
from pipeline.labels.answers import combine_classes, combine_probs
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.metrics import find_metric
from pipeline.models.logits import Logits
from pipeline.models.network import to_probs


def score_held_out(
    logits: Logits,
    *,
    contest: Competition,
    tasks: list[Task],
    losses: dict[str, str],
    held: pd.DataFrame,
) -> dict[str, float]:
    """Each task's metric by `TASK.METRIC`, and `score`, higher is better, where one metric judges
    the member as a whole: of its only task, or of the contest's answer.

    `losses` says how each task's head is decoded (head_losses); `held` are the images of the
    logits, in their order. Images without a task's label are left out of its metric, which is NaN
    where none has one.
    """
    truths = targets_of(tasks, held)
    known = {task.name: task for task in tasks}
    metrics: dict[str, float] = {}
    probs: dict[str, np.ndarray] = {}
    for task in tasks:
        metric = find_metric(task.metric)
        task_probs = to_probs(logits[task.name], task=task, loss=losses[task.name]).numpy()
        probs[task.name] = task_probs
        seen = seen_by(metric, task, task_probs)
        value = metric.compute(truths[task.name], seen, group_of(task, held))
        metrics[f"{task.name}.{task.metric}"] = value
    if len(tasks) == 1 or "answer" in known:
        task = known.get("answer", tasks[0])
        metrics["score"] = find_metric(task.metric).as_score(metrics[f"{task.name}.{task.metric}"])
    elif contest.answer.is_product and set(contest.answer.tasks) <= set(known):
        names = contest.answer.tasks
        truth = combine_classes(
            [truths[name] for name in names], sizes=[len(known[name].classes) for name in names]
        )
        answer_probs = combine_probs([probs[name] for name in names])
        metric = find_metric(contest.metric_name)
        seen = answer_probs.argmax(axis=1) if metric.looks_at == "decision" else answer_probs
        value = metric.compute(truth, seen)
        metrics[f"answer.{contest.metric_name}"] = value
        metrics["score"] = metric.as_score(value)
    return metrics
