"""evaluate: how good each member and the combined answer are on people they never saw."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.evaluation.formulations import (
    Answers,
    compare_formulations,
    compare_members,
    judge_taught,
)
from pipeline.evaluation.held_out import Questions
from pipeline.experiment.blend import blend_spaces, member_probs
from pipeline.experiment.fingerprints import evaluate_recipe
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.work import Work
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.metrics import METRICS, reported
from pipeline.metrics.score_rows import CONSTANT, class_rows, metric_rows
from pipeline.metrics.text_tables import describe_scores
from pipeline.storage import mark, shown, write_table
from pipeline.tables import SCORES, check_table


def run(work: Work) -> None:
    settings = work.settings
    tables = {name: read_oof(work, name) for name in settings.members}
    asked = Questions.of_tables(work, tables)
    rows, seen = [], {}  # seen: question -> member -> what its metric looks at
    for name in settings.members:
        found, answers = _member_rows(work, asked, name, tables)
        rows += found
        for question, answer in answers.items():
            seen.setdefault(question, {})[name] = answer
    scores, compared, said = compare_formulations(work, asked, tables)
    rows += [*scores, *_blend_rows(work, asked, tables)]
    questions = {task.name: asked.of_task(task, task.metric) for task in asked.tasks}
    questions |= {space.name: asked.of_space(space) for space in asked.spaces}
    for name, answers in seen.items():
        found, lines = compare_members(work, questions[name], answers, asked=asked)
        taught, verdicts = judge_taught(work, questions[name], answers, asked=asked)
        compared += found + taught
        said += lines + verdicts
    frame = pd.DataFrame(rows, columns=[*SCORES.key, *SCORES.columns, *CONSTANT])
    write_table(work.runs.scores, check_table(frame, SCORES))
    if compared:
        write_table(work.runs.comparisons, pd.DataFrame(compared))
    mark(work.runs.scores, evaluate_recipe(work))
    print("\n".join([describe_scores(frame), *said]))
    files = [work.runs.scores, *([work.runs.comparisons] if compared else [])]
    print(f"evaluate: wrote {' and '.join(map(shown, files))}")


def _member_rows(
    work: Work, asked: Questions, name: str, tables: Mapping[str, pd.DataFrame]
) -> tuple[list[dict], Answers]:
    """The score rows of all that a member answers, and what each question's own metric sees."""
    ids, rows, answers = asked.pictures["image_id"], [], {}
    given = {"image_ids": ids, "settings": work.settings}
    every = member_probs(tables[name], member=name, **given)
    for task in asked.tasks:
        if task.name not in every:
            continue
        probs = every[task.name]
        answers[task.name] = seen_by(METRICS[task.metric], task, probs)
        rows += _task_rows(asked, name, task, probs)
    for space in asked.spaces:  # a member that answers all of a product by itself
        if space.is_product and all(task.name in every for task in space.tasks):
            joint = blend_spaces(tables, part="oof", members=[name], **given)[space.name]
            answers[space.name] = space.scored(joint)
            question = asked.of_space(space)
            rows += metric_rows(name, question, answers[space.name], held=asked.held, gains=True)
    return rows, answers


def _task_rows(asked: Questions, source: str, task: Task, probs: np.ndarray) -> list[dict]:
    rows = []
    for metric in reported(task.kind, task.metric):
        question = asked.of_task(task, metric)
        answer = seen_by(question.metric, task, probs)
        own = metric == task.metric
        rows += metric_rows(source, question, answer, held=asked.held, gains=own)
    if task.kind == "classes":
        truth = asked.of_task(task, task.metric).truth
        rows += class_rows(source, task.name, list(task.classes), truth, probs.argmax(axis=1))
    return rows


def _blend_rows(work: Work, asked: Questions, tables: Mapping[str, pd.DataFrame]) -> list[dict]:
    """The score of the contest's answer by the ensemble, and of each of its classes."""
    ids, rows = asked.pictures["image_id"], []
    blended = blend_spaces(tables, image_ids=ids, part="oof", settings=work.settings)
    for space in asked.spaces:
        question, joint = asked.of_space(space), blended[space.name]
        answer = space.scored(joint)
        rows += metric_rows("all members", question, answer, held=asked.held, gains=True)
        if len(space.classes) > 2:
            truth, decided = question.truth, space.decide(joint)
            rows += class_rows("all members", space.name, space.classes, truth, decided)
    return rows
