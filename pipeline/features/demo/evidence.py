"""What an experiment learnt from, its out-of-fold score, and how often such an answer was right."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pipeline.config import Experiment
from pipeline.evaluation.candidate_predictions import CandidatePredictions, answers_of
from pipeline.evaluation.candidates import Candidate
from pipeline.evaluation.decisions import score_with_interval
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.cells import used_members
from pipeline.experiment.grouping import read_grouping
from pipeline.inference.choice import ENSEMBLE, STACK
from pipeline.inference.readout import TaskPrediction
from pipeline.labels.answers import marginal_probs, split_classes
from pipeline.labels.tasks import is_labelled
from pipeline.leaderboard.written_values import written_by
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.disagreements import losses
from pipeline.metrics.paired import show_number
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.storage import Runs

# how many held-out answers say how often such a confidence is right: a part of all, or every
# confidence would be called near
FEWEST = 20
MOST = 100
PART = 4
FARTHEST = 0.1  # of a confidence from this one


@dataclass(frozen=True)
class PastAnswers:
    """A task's out-of-fold answers with a label: how wrong each was (N,), and for one class how
    likely it was called (N,)."""

    kind: str
    errors: np.ndarray
    confidences: np.ndarray | None = None

    def say_usual_error(self, confidence: float | None) -> str:
        """How wrong an answer of this confidence usually is; "" where no image was held out."""
        if not len(self.errors):
            return ""
        if self.kind == "regression":
            error = f"{self.errors.mean():.3g}"
            return f"Usual error {error} (mean over {len(self.errors):,} held-out answers)."
        if self.confidences is None or confidence is None:
            share = f"{100 * self.errors.mean():.1f} %"
            count = f"{len(self.errors):,} held-out answers"
            return f"Usually {share} of the labels are wrong ({count})."
        distance = np.abs(self.confidences - confidence)
        wanted = min(max(len(distance) // PART, FEWEST), MOST)
        place = min(wanted, len(distance)) - 1
        # answers as near as the last one are counted too: their order means nothing
        near = distance <= min(np.partition(distance, place)[place], FARTHEST)
        if not near.any():
            return "No held-out answer had nearly this confidence."
        right = int((self.errors[near] == 0).sum())
        low = f"{100 * self.confidences[near].min():.0f}"
        high = f"{100 * self.confidences[near].max():.0f}"
        ends = low if low == high else f"{low} to {high}"
        return (
            f"{right} of {int(near.sum())} held-out answers of nearly this confidence "
            f"({ends} %) were right."
        )


@dataclass(frozen=True)
class Evidence:
    """What is known of those who answer: sentences for the top of the page, and past answers by
    task."""

    sentences: list[str]
    past: Mapping[str, PastAnswers] = field(default_factory=dict)

    def say_usual_error(self, said: TaskPrediction) -> str:
        """The usual error of an answer; "" for a task that was not held out."""
        past = self.past.get(said.task)
        return "" if past is None else past.say_usual_error(said.probability)


def gather_evidence(settings: Experiment, runs: Runs, who: str) -> Evidence:
    """Reads the out-of-fold predictions of the ensemble, the stack or a member.

    Those with TTA count where infer has written them. Where they can't be read, the sentence says
    why, and nothing is said beside an answer.
    """
    sentences = [_say_source(settings, runs)]
    candidate = _candidate(settings, runs, who)
    try:
        with_views = candidate.kind == "stack" or candidate.can_show_views
        tables = candidate.tables(with_views=with_views)
        evaluation = EvaluationSet.of_tables(settings, runs, tables, per_answer=True)
        answers = answers_of(candidate, evaluation, with_views=with_views, writer_of=written_by)
    except ValueError as error:
        return Evidence([*sentences, f"No out-of-fold score: {error}."])
    except OSError:  # a file of predictions is not there; its path says nothing to a visitor
        return Evidence([*sentences, "No out-of-fold score: not every member is trained."])
    targets = _score_targets(evaluation, answers)
    for target in targets:
        score = score_with_interval(target, answers[target.task].seen, split=evaluation.split)
        better = "higher" if target.metric.higher_is_better else "lower"
        name = f" of {target.task}" if len(targets) > 1 else ""
        sentences.append(
            f"Out-of-fold {target.metric_name}{name}: {show_number(score['value'])} "
            f"(95 % {show_number(score['low'])} to {show_number(score['high'])}; {better} is "
            f"better; {score['num_images']:,} images)."
        )
    caveat = read_grouping(runs).short_caveat
    if caveat:
        sentences.append(f"The score is {caveat}.")
    return Evidence(sentences, past_answers(evaluation, answers))


def _say_source(settings: Experiment, runs: Runs) -> str:
    contest = settings.competition
    kind = "drawn faces, not photographs: " if contest.drawn is not None else ""
    try:
        grouping = read_grouping(runs)
    except (ValueError, OSError):  # the shared folder of the split has gone; the weights answer
        return f"Learnt from {kind}the contest {contest.name}."
    counted = grouping.count(grouping.num_images, grouping.num_units)
    return f"Learnt from {kind}{counted} of the contest {contest.name}."


def _candidate(settings: Experiment, runs: Runs, who: str) -> Candidate:
    is_whole = who in (ENSEMBLE, STACK)
    return Candidate(
        name=settings.name if is_whole else f"{settings.name}/{who}",
        kind=who if is_whole else "member",
        settings=settings,
        runs=runs,
        members=tuple(used_members(settings)) if is_whole else (who,),
    )


def _score_targets(
    evaluation: EvaluationSet, answers: Mapping[str, CandidatePredictions]
) -> list[EvaluationTarget]:
    """The contest's answers; of a member that gives none of them, its tasks."""
    found = [evaluation.of_space(space) for space in evaluation.spaces if space.name in answers]
    if found:
        return found
    tasks = [task for task in evaluation.tasks if task.name in answers]
    return [evaluation.of_task(task, task.metric) for task in tasks]


def past_answers(
    evaluation: EvaluationSet, answers: Mapping[str, CandidatePredictions]
) -> dict[str, PastAnswers]:
    """By task; those of a combined answer as it was decided, as the page shows it."""
    past = {}
    for task in evaluation.tasks:
        if task.name in answers:
            truth = evaluation.of_task(task, task.metric).truth
            found = answers[task.name]
            past[task.name] = _past(task.kind, truth, found.decided, found.probs)
    for space in evaluation.spaces:
        if space.name not in answers:
            continue
        if space.is_product:
            past |= _past_of_product(evaluation, space, answers[space.name])
        else:  # an answer that is alone is called `answer`, and the page shows its task
            truth = evaluation.of_space(space).truth
            found = answers[space.name]
            past[space.tasks[0].name] = _past(space.kind, truth, found.decided, found.probs)
    return past


def _past_of_product(
    evaluation: EvaluationSet, space: AnswerSpace, found: CandidatePredictions
) -> dict[str, PastAnswers]:
    past = {}
    codes = split_classes(found.decided, sizes=space.sizes)
    for place, task in enumerate(space.tasks):
        probs = marginal_probs(found.probs, sizes=space.sizes, task=place)
        truth = evaluation.of_task(task, task.metric).truth
        past[task.name] = _past(task.kind, truth, codes[place], probs)
    return past


def _past(kind: str, truth: np.ndarray, decided: np.ndarray, probs: np.ndarray) -> PastAnswers:
    known = is_labelled(truth)
    errors = losses(kind, truth[known], decided[known])
    if kind not in ("binary", "multiclass"):
        return PastAnswers(kind, errors)
    codes = decided[known].astype(np.int64)
    probs = probs[known]
    if probs.shape[1] == 1:  # of a score the probability of a yes
        probs = np.concatenate([1.0 - probs, probs], axis=1)
    return PastAnswers(kind, errors, probs[np.arange(len(codes)), codes])
