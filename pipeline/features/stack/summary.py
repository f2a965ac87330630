"""What stack found beside kept layers, as rows and in words: views, calibration, other rules."""

import numpy as np

from pipeline.ensembling.predictions import Ballots, take_marginal
from pipeline.evaluation.held_out import Questions
from pipeline.experiment.work import Work
from pipeline.features.stack.layers import Layers
from pipeline.features.stack.load import view_names
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.calibration import calibration_error
from pipeline.metrics.greedy_forward import verdict
from pipeline.metrics.layer_search import Judge
from pipeline.metrics.metrics import occlusion_errors
from pipeline.metrics.nested_cv import Chain, nested_answers
from pipeline.metrics.paired import say_difference, show_number
from pipeline.metrics.score_rows import Question, gain_of


def view_rows(work: Work, layers: Layers, start: Ballots, asked: Questions) -> list[dict]:
    """Each view alone and added to the first one, by task, with the verdict on it."""
    names, rows = view_names(work.settings), []
    for task in dict.fromkeys(voter.task for voter in start.voters) if len(names) > 1 else ():
        question = layers.questions[task]
        alone = [layers.seen(task, start.blend(task, views=[v])) for v in range(len(names))]
        for place, name in enumerate(names):
            value = question.metric.compute(question.truth, alone[place], question.group)
            gain = None
            if place:
                both = layers.seen(task, start.blend(task, views=[0, place]))
                gain = gain_of(question, alone[0], both, held=asked.held)
            known = {"task": task, "view": name, "metric": question.metric_name, "value": value}
            rows.append({**known, "gain": gain, "verdict": verdict(gain) if gain else "the first"})
    return rows


def calibration_rows(first: Chain, last: Chain, layers: Layers, space: AnswerSpace) -> list[dict]:
    """The expected calibration error of each task, in the plain mean and in what is kept."""
    rows = []
    for task in space.tasks if space.kind != "number" else ():
        truth = layers.questions[task.name].truth
        errors = []
        for chain in (first, last):
            probs = nested_answers(
                chain,
                lambda state, name=task.name: take_marginal(state, state.joint(), name),
                folds=chain.folds,
            )
            errors.append(calibration_error(probs, truth))
        rows.append({"task": task.name, "plain": errors[0], "kept": errors[1]})
    return rows


def say_calibration(rows: list[dict]) -> list[str]:
    said = [f"{row['task']} {row['plain']:.4f} -> {row['kept']:.4f}" for row in rows]
    return [f"calibration error (ECE, 15 bins) of plain and stack: {', '.join(said)}"] * bool(rows)


def say_rule(
    rule: str, kept: list[str], other: Chain, judge: Judge, *, plain: np.ndarray
) -> list[str]:
    """What is kept, and what the other rule would have kept."""
    names = [trial.layer.name for trial in other.trials]
    said = [f"kept: {', '.join(kept) or 'nothing; the plain mean stays'}"]
    word, key = (
        ("a nested gain above 0, however uncertain,", "stack.keep=point")
        if rule == "interval"
        else ("a nested gain beyond its interval", "stack.keep=interval")
    )
    if names == kept:
        return [*said, f"by {word} the same would be kept"]
    others = judge.nested(other)
    low, high = judge.interval(others)
    gain = say_difference("the plain mean", "that", judge.gain(plain, others))
    return [
        *said,
        f"by {word} it would be: {', '.join(names) or 'nothing'} ({key})",
        f"  nested {show_number(judge.value(others))} (95 % {show_number(low)}.."
        f"{show_number(high)}); {gain}",
    ]


def say_gaming(question: Question, plain: np.ndarray, nested: np.ndarray) -> list[str]:
    """A warning for a metric that is bettered by making somebody's answers worse."""
    if not question.metric.gamed_by:
        return []
    errors = [occlusion_errors(question.truth, each, question.group) for each in (plain, nested)]
    halves = (f"{was:.6f} -> {now:.6f}" for was, now in zip(*errors, strict=True))
    return [
        f"warning: {question.metric_name} can be gamed: {question.metric.gamed_by}",
        f"errors of the two groups, plain -> stack: {', '.join(halves)}; stack.guard_groups lets a "
        "decision raise neither where it is fitted",
    ]
