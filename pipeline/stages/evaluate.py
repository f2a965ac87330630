"""evaluate: how good each member and the combined answer are on images of the fold held out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.evaluation.formulations import (
    Answers,
    compare_formulations,
    compare_members,
    judge_students,
)
from pipeline.experiment.blend import blend_spaces, member_probs
from pipeline.experiment.fingerprints import evaluate_key
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.lockbox import record_judged
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.work import Work
from pipeline.labels.tasks import Task
from pipeline.leaderboard.submission import say_blends
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.metrics import find_metric, reported
from pipeline.metrics.score_rows import CONSTANT, class_rows, metric_rows
from pipeline.metrics.text_tables import describe_scores
from pipeline.storage import display_path, stamp, write_table
from pipeline.tables import SCORES, check_table


def run(work: Work) -> None:
    settings = work.settings
    tables = {name: read_oof(work.settings, work.runs, name) for name in settings.members}
    evaluation = EvaluationSet.of_tables(work.settings, work.runs, tables)
    rows, seen = [], {}  # seen: question -> member -> what its metric looks at
    for name in settings.members:
        found, answers = _member_rows(work, evaluation, name, tables)
        rows += found
        for target, answer in answers.items():
            seen.setdefault(target, {})[name] = answer
    scores, compared, said = compare_formulations(work.settings, evaluation, tables)
    rows += [*scores, *_blend_rows(work, evaluation, tables)]
    targets = {task.name: evaluation.of_task(task, task.metric) for task in evaluation.tasks}
    targets |= {space.name: evaluation.of_space(space) for space in evaluation.spaces}
    for name, answers in seen.items():
        found, lines = compare_members(
            work.settings, work.runs, targets[name], answers, evaluation=evaluation
        )
        taught, verdicts = judge_students(
            work.settings, targets[name], answers, evaluation=evaluation
        )
        compared += found + taught
        said += lines + verdicts
    frame = pd.DataFrame(rows, columns=[*SCORES.key, *SCORES.columns, *CONSTANT])
    write_table(work.runs.scores, check_table(frame, SCORES))
    if compared:
        write_table(work.runs.comparisons, pd.DataFrame(compared))
    record_judged(work.runs, settings)
    stamp(work.runs.scores, evaluate_key(work.settings))
    grouping = read_grouping(work.runs)
    caveats = [f"evaluate: {grouping.caveat}"] if grouping.caveat else []
    table = describe_scores(
        frame,
        unit=grouping.unit,
        is_upper_bound=grouping.is_upper_bound,
        blends=say_blends(settings, work.runs),
    )
    print("\n".join([table, *caveats, *said]))
    files = [work.runs.scores, *([work.runs.comparisons] if compared else [])]
    print(f"evaluate: wrote {' and '.join(map(display_path, files))}")


def _member_rows(
    work: Work, evaluation: EvaluationSet, name: str, tables: Mapping[str, pd.DataFrame]
) -> tuple[list[dict], Answers]:
    """The score rows of all that a member answers, and what each question's own metric sees."""
    ids, rows, answers = evaluation.images["image_id"], [], {}
    given = {"image_ids": ids, "settings": work.settings}
    every = member_probs(tables[name], member=name, **given)
    for task in evaluation.tasks:
        if task.name not in every:
            continue
        probs = every[task.name]
        answers[task.name] = seen_by(find_metric(task.metric), task, probs)
        rows += _task_rows(evaluation, name, task, probs)
    for space in evaluation.spaces:  # a member that answers all of a product by itself
        if space.is_product and all(task.name in every for task in space.tasks):
            joint = blend_spaces(tables, part="oof", members=[name], **given)[space.name]
            answers[space.name] = space.scored(joint)
            target = evaluation.of_space(space)
            rows += metric_rows(
                name, target, answers[space.name], split=evaluation.split, gains=True
            )
    return rows, answers


def _task_rows(evaluation: EvaluationSet, source: str, task: Task, probs: np.ndarray) -> list[dict]:
    rows = []
    for metric in reported(task.kind, task.metric):
        target = evaluation.of_task(task, metric)
        answer = seen_by(target.metric, task, probs)
        own = metric == task.metric
        rows += metric_rows(source, target, answer, split=evaluation.split, gains=own)
    if task.kind == "multiclass":
        truth = evaluation.of_task(task, task.metric).truth
        rows += class_rows(source, task.name, list(task.classes), truth, probs.argmax(axis=1))
    return rows


def _blend_rows(
    work: Work, evaluation: EvaluationSet, tables: Mapping[str, pd.DataFrame]
) -> list[dict]:
    """The score of the contest's answer by the ensemble, and of each of its classes."""
    ids, rows = evaluation.images["image_id"], []
    blended = blend_spaces(tables, image_ids=ids, part="oof", settings=work.settings)
    for space in evaluation.spaces:
        target, joint = evaluation.of_space(space), blended[space.name]
        answer = space.scored(joint)
        rows += metric_rows("all members", target, answer, split=evaluation.split, gains=True)
        if len(space.classes) > 2:
            truth, decided = target.truth, space.decide(joint)
            rows += class_rows("all members", space.name, space.classes, truth, decided)
    return rows
