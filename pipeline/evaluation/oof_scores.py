"""Score rows of each member and of all members together, out of fold; called by evaluate."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.as_written import Writer
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.evaluation.formulations import Answers
from pipeline.experiment.blend import blend_spaces, member_probs
from pipeline.labels.tasks import Task, decide
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.metrics import find_metric, reported
from pipeline.metrics.score_rows import class_rows, label_rows, metric_rows


def member_score_rows(
    settings: Experiment,
    evaluation: EvaluationSet,
    name: str,
    tables: Mapping[str, pd.DataFrame],
    *,
    write: Writer,
) -> tuple[list[dict], Answers]:
    """The score rows of all that a member answers, and what each question's own metric sees."""
    ids = evaluation.images["image_id"]
    rows: list[dict] = []
    answers: Answers = {}
    every = member_probs(tables[name], image_ids=ids, settings=settings, member=name)
    for task in evaluation.tasks:
        if task.name not in every:
            continue
        probs = every[task.name]
        answers[task.name] = seen_by(find_metric(task.metric), task, probs)
        rows += _task_rows(evaluation, name, task, probs)
    for space in evaluation.spaces:  # a member that answers all of a product by itself
        if space.is_product and all(task.name in every for task in space.tasks):
            blended = blend_spaces(
                tables, image_ids=ids, part="oof", settings=settings, members=[name]
            )
            joint = blended[space.name]
            answers[space.name] = write(space, joint, space.decide(joint))
            target = evaluation.of_space(space)
            rows += metric_rows(
                name, target, answers[space.name], split=evaluation.split, gains=True
            )
    return rows, answers


def _task_rows(evaluation: EvaluationSet, source: str, task: Task, probs: np.ndarray) -> list[dict]:
    """The rows of every metric of a task; of a multiclass one also a row a class, of several
    labels a row a label."""
    rows = []
    for metric in reported(task.kind, task.metric):
        target = evaluation.of_task(task, metric)
        answer = seen_by(target.metric, task, probs)
        own = metric == task.metric
        rows += metric_rows(source, target, answer, split=evaluation.split, gains=own)
    if task.kind == "multiclass":
        truth = evaluation.of_task(task, task.metric).truth
        rows += class_rows(source, task.name, list(task.classes), truth, probs.argmax(axis=1))
    elif task.kind == "multilabel":
        truth = evaluation.of_task(task, task.metric).truth
        rows += label_rows(source, task.name, task.classes, truth, decide(task, probs))
    return rows


def blend_score_rows(
    settings: Experiment,
    evaluation: EvaluationSet,
    tables: Mapping[str, pd.DataFrame],
    *,
    write: Writer,
) -> list[dict]:
    """The score of the contest's answer by the ensemble, as it would be written, and of each of its
    classes."""
    ids = evaluation.images["image_id"]
    rows = []
    blended = blend_spaces(tables, image_ids=ids, part="oof", settings=settings)
    for space in evaluation.spaces:
        target = evaluation.of_space(space)
        joint = blended[space.name]
        answer = write(space, joint, space.decide(joint))
        rows += metric_rows("all members", target, answer, split=evaluation.split, gains=True)
        if space.kind == "multilabel":
            decided = space.decide(joint)
            rows += label_rows("all members", space.name, space.classes, target.truth, decided)
        elif len(space.classes) > 2:
            truth, decided = target.truth, space.decide(joint)
            rows += class_rows("all members", space.name, space.classes, truth, decided)
    return rows
