"""How a candidate of `compare` answers the held-out images, by task and by answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.answer_rows import judge_answers
from pipeline.evaluation.as_written import Writer, WriterOf
from pipeline.evaluation.candidates import Candidate
from pipeline.evaluation.decisions import decide_space
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import answer_spaces, blend_spaces, member_probs
from pipeline.experiment.tasks import answer_task, contest_tasks
from pipeline.labels.answers import marginal_probs, split_classes
from pipeline.labels.tasks import Task, decide
from pipeline.metrics.answer_space import AnswerSpace, seen_by
from pipeline.metrics.metrics import find_metric
from pipeline.storage import Runs, read_table
from pipeline.tables import pick

Probs = dict[str, np.ndarray]  # by task, (N, C) each


@dataclass(frozen=True)
class CandidatePredictions:
    """One candidate's predictions of one task or answer.

    `probs` are probabilities or values (N, C), `seen` what the metric looks at (N,), `decided` the
    answers (N,).
    """

    probs: np.ndarray
    seen: np.ndarray
    decided: np.ndarray


def answers_of(
    candidate: Candidate,
    evaluation: EvaluationSet,
    *,
    with_views: bool,
    writer_of: WriterOf,
) -> dict[str, CandidatePredictions]:
    """A candidate's predictions, by the name of each task and answer that it predicts.

    Answers are judged as `writer_of` its experiment writes them. Tasks and answers that are not
    exactly those of the evaluation set are left out.
    """
    settings = candidate.settings
    write = writer_of(settings, candidate.runs, evaluation)
    if candidate.kind == "stack":
        return _stack_answers(settings, candidate.runs, evaluation, write=write)
    tables = candidate.tables(with_views=with_views)
    if evaluation.split.per:
        chosen_for = None if candidate.kind == "ensemble" else list(candidate.members)
        tables = judge_answers(settings, candidate.runs, tables, members=chosen_for).tables
    probs: Probs = {}
    if candidate.kind == "member":
        (member,) = candidate.members
        probs = member_probs(
            tables[member],
            image_ids=evaluation.images["image_id"],
            settings=settings,
            member=member,
        )
    answers = {}
    own_spaces = {space.name: space for space in answer_spaces(settings)}
    for space in evaluation.spaces:
        if own_spaces.get(space.name) != space:  # another contest's answer
            continue
        if candidate.kind == "member" and not all(task.name in probs for task in space.tasks):
            continue
        answers[space.name] = _space_answer(
            candidate, evaluation, space, tables=tables, write=write
        )
        if candidate.kind != "member" and space.is_product:
            joint = answers[space.name].probs
            for place, task in enumerate(space.tasks):
                probs[task.name] = marginal_probs(joint, sizes=space.sizes, task=place)
    return answers | _task_answers(evaluation, probs, own_tasks=contest_tasks(settings))


def answer_columns(settings: Experiment, space: AnswerSpace) -> list[str]:
    """The columns of a table that holds the answers of a space: one a class, or the value."""
    return answer_task(settings).columns if space.is_product else space.tasks[0].columns


def decided_names(space: AnswerSpace) -> list[str]:
    """The columns of a table that holds what is decided: one, or of several labels one each."""
    if space.kind == "multilabel":
        return [f"{space.name}.decided.{word}" for word in space.classes]
    return [f"{space.name}.decided"]


def _space_answer(
    candidate: Candidate,
    evaluation: EvaluationSet,
    space: AnswerSpace,
    *,
    tables: Mapping[str, pd.DataFrame],
    write: Writer,
) -> CandidatePredictions:
    """A candidate's prediction of one answer of the contest."""
    blended = blend_spaces(
        tables,
        image_ids=evaluation.images["image_id"],
        part="oof",
        settings=candidate.settings,
        members=None if candidate.kind == "ensemble" else list(candidate.members),
    )
    joint = blended[space.name]
    if candidate.kind == "ensemble" and space.kind in ("binary", "multilabel"):
        # only the ensemble has a threshold of its own
        decided = decide_space(
            evaluation, space, joint, wanted=candidate.settings.ensemble.threshold
        ).oof_answers
    else:
        decided = space.decide(joint)
    return CandidatePredictions(joint, write(space, joint, decided), decided)


def _task_answers(
    evaluation: EvaluationSet, probs: Probs, *, own_tasks: list[Task]
) -> dict[str, CandidatePredictions]:
    """The tasks that are no answer by themselves, by name."""
    alone = {space.tasks[0].name for space in evaluation.spaces if not space.is_product}
    answers = {}
    for task in evaluation.tasks:
        if task.name in probs and task.name not in alone and task in own_tasks:
            found = probs[task.name]
            seen = seen_by(find_metric(task.metric), task, found)
            answers[task.name] = CandidatePredictions(found, seen, decide(task, found))
    return answers


def _stack_answers(
    settings: Experiment, runs: Runs, evaluation: EvaluationSet, *, write: Writer
) -> dict[str, CandidatePredictions]:
    """The nested answers of stack, and of a product what they say of each task."""
    ids = evaluation.images["image_id"]
    frame = pick(read_table(runs.stack("stack_oof.parquet")), ids, what="stack_oof.parquet")
    own_spaces = {space.name: space for space in answer_spaces(settings)}
    own_tasks = contest_tasks(settings)
    answers = {}
    for space in evaluation.spaces:
        if own_spaces.get(space.name) != space:
            continue
        joint = frame[answer_columns(settings, space)].to_numpy(dtype=np.float64)
        decided = frame[decided_names(space)].to_numpy()
        if space.kind != "multilabel":
            decided = decided[:, 0]
        seen = write(space, joint, decided)
        answers[space.name] = CandidatePredictions(joint, seen, decided)
        if not space.is_product:
            continue
        parts = split_classes(decided.astype(np.int64), sizes=space.sizes)
        for place, task in enumerate(space.tasks):
            if task in own_tasks:
                probs = marginal_probs(joint, sizes=space.sizes, task=place)
                answers[task.name] = CandidatePredictions(probs, parts[place], parts[place])
    return answers
