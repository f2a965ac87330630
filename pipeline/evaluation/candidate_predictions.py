"""How a contender answers the held-out images, question by question; called by compare."""

from dataclasses import dataclass

import numpy as np

from pipeline.evaluation.candidates import Candidate
from pipeline.evaluation.decisions import decide_space
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import answer_spaces, blend_spaces, member_probs
from pipeline.experiment.tasks import answer_task, contest_tasks
from pipeline.experiment.work import Work
from pipeline.labels.answers import marginal_probs, split_classes
from pipeline.labels.tasks import decide
from pipeline.metrics.answer_space import AnswerSpace, seen_by
from pipeline.metrics.metrics import METRICS
from pipeline.storage import read_table
from pipeline.tables import pick


@dataclass(frozen=True)
class CandidatePredictions:
    """Answers to one question: probabilities or values (N, C), what the metric sees and the answer
    itself (N,)."""

    probs: np.ndarray
    seen: np.ndarray
    decided: np.ndarray


def answers_of(
    candidate: Candidate, evaluation: EvaluationSet, *, with_views: bool
) -> dict[str, CandidatePredictions]:
    """Its answers to each question that it answers, by the name of the task or answer space."""
    if candidate.kind == "stack":
        return _stacked_answers(candidate.work, evaluation)
    work, ids = candidate.work, evaluation.images["image_id"]
    settings, tables = work.settings, candidate.tables(with_views=with_views)
    given = {"image_ids": ids, "settings": settings}
    probs, answers = {}, {}
    members = None if candidate.kind == "ensemble" else list(candidate.members)
    if candidate.kind == "member":
        (member,) = candidate.members
        probs = member_probs(tables[member], member=member, **given)
    own = {space.name: space for space in answer_spaces(settings)}
    for space in evaluation.spaces:
        if own.get(space.name) != space:  # another contest's answer
            continue
        if candidate.kind == "member" and not all(task.name in probs for task in space.tasks):
            continue
        joint = blend_spaces(tables, part="oof", members=members, **given)[space.name]
        decided, seen = space.decide(joint), space.scored(joint)
        if candidate.kind == "ensemble" and space.kind == "binary":
            decided = decide_space(work, evaluation, space, joint).oof_answers
            seen = joint[:, 0] if space.metric.looks_at == "score" else decided
        answers[space.name] = CandidatePredictions(joint, seen, decided)
        if candidate.kind != "member" and space.is_product:
            for place, task in enumerate(space.tasks):
                probs[task.name] = marginal_probs(joint, sizes=space.sizes, task=place)
    alone = {space.tasks[0].name for space in evaluation.spaces if not space.is_product}
    same = contest_tasks(settings)
    for task in evaluation.tasks:
        if task.name in probs and task.name not in alone and task in same:
            found = probs[task.name]
            seen = seen_by(METRICS[task.metric], task, found)
            answers[task.name] = CandidatePredictions(found, seen, decide(task, found))
    return answers


def answer_names(work: Work, space: AnswerSpace) -> list[str]:
    """The columns of a table that holds the answers of a space: one a class, or the value."""
    return answer_task(work.settings).columns if space.is_product else space.tasks[0].columns


def _stacked_answers(work: Work, evaluation: EvaluationSet) -> dict[str, CandidatePredictions]:
    """The nested answers of stack, and of a product what they say of each task."""
    ids, own = evaluation.images["image_id"], {s.name: s for s in answer_spaces(work.settings)}
    frame = pick(read_table(work.runs.stack("stack_oof.parquet")), ids, what="stack_oof.parquet")
    answers, same = {}, contest_tasks(work.settings)
    for space in evaluation.spaces:
        if own.get(space.name) != space:
            continue
        joint = frame[answer_names(work, space)].to_numpy(dtype=np.float64)
        decided = frame[f"{space.name}.decided"].to_numpy()
        seen = joint[:, 0] if space.metric.looks_at == "score" else decided
        answers[space.name] = CandidatePredictions(joint, seen, decided)
        if not space.is_product:
            continue
        parts = split_classes(decided.astype(np.int64), sizes=space.sizes)
        for place, task in enumerate(space.tasks):
            if task in same:
                probs = marginal_probs(joint, sizes=space.sizes, task=place)
                answers[task.name] = CandidatePredictions(probs, parts[place], parts[place])
    return answers
