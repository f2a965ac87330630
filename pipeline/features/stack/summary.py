"""What stack found beside kept layers, as rows and in words: views, calibration, other rules."""

from collections.abc import Sequence

import numpy as np

from pipeline.ensembling.predictions import Predictions, take_marginal
from pipeline.features.stack.layers import Layers
from pipeline.labels.tasks import is_labelled
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.calibration import calibration_error
from pipeline.metrics.greedy_forward import verdict
from pipeline.metrics.layer_search import NestedScorer
from pipeline.metrics.metrics import occlusion_errors
from pipeline.metrics.nested_cv import Answer, LayerPipeline, nested_answers
from pipeline.metrics.paired import say_difference, show_number
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget, gain_of


def view_rows(
    names: Sequence[str], layers: Layers, start: Predictions, *, split: EvaluationSplit
) -> list[dict]:
    """Each view alone and added to the first one, by task, with the verdict on it; nothing for
    one view."""
    rows: list[dict] = []
    if len(names) < 2:
        return rows
    for task in dict.fromkeys(head.task for head in start.heads):
        target = layers.targets[task]
        alone = [layers.seen(task, start.blended(task, views=[v])) for v in range(len(names))]
        for place, name in enumerate(names):
            value = target.metric.compute(target.truth, alone[place], target.group)
            gain = None
            if place:
                both = layers.seen(task, start.blended(task, views=[0, place]))
                gain = gain_of(target, alone[0], both, split=split)
            rows.append(
                {
                    "task": task,
                    "view": name,
                    "metric": target.metric_name,
                    "value": value,
                    "gain": gain,
                    "verdict": verdict(gain) if gain else "the first",
                }
            )
    return rows


def calibration_rows(
    first: LayerPipeline, last: LayerPipeline, layers: Layers, space: AnswerSpace
) -> list[dict]:
    """The expected calibration error of each task, in the plain mean and in what is kept."""
    rows: list[dict] = []
    if space.kind == "regression":
        return rows
    for task in space.tasks:
        truth = layers.targets[task.name].truth
        errors = []
        for pipeline in (first, last):
            probs = nested_answers(pipeline, marginal_of(task.name), folds=pipeline.folds)
            known = is_labelled(truth)
            errors.append(calibration_error(probs[known], truth[known]))
        rows.append({"task": task.name, "plain": errors[0], "kept": errors[1]})
    return rows


def marginal_of(task: str) -> Answer:
    """A function that gives one task's probabilities (N, C) of predictions."""

    def answer(state: Predictions) -> np.ndarray:
        return take_marginal(state, state.joint(), task)

    return answer


def say_calibration(rows: list[dict]) -> list[str]:
    """One sentence on the calibration error before and after; none without rows."""
    if not rows:
        return []
    errors = [f"{row['task']} {row['plain']:.4f} -> {row['kept']:.4f}" for row in rows]
    return [f"calibration error (ECE, 15 bins) of plain and stack: {', '.join(errors)}"]


def say_rule(
    rule: str, kept: list[str], other: LayerPipeline, scorer: NestedScorer, *, plain: np.ndarray
) -> list[str]:
    """What is kept, and what the other rule would have kept."""
    lines = [f"kept: {', '.join(kept) or 'nothing; the plain mean stays'}"]
    both = {*kept, *other.names}
    of = " (calibration: of the log-loss)" if "calibration" in both else ""
    word, key = (
        (f"a nested gain above 0{of}, however uncertain,", "stack.keep=point")
        if rule == "interval"
        else (f"a nested gain beyond its interval{of}", "stack.keep=interval")
    )
    names = other.names
    if names == kept:
        return [*lines, f"by {word} the same would be kept"]
    others = scorer.nested(other)
    low, high = scorer.interval(others)
    gain = say_difference("the plain mean", "that", scorer.gain(plain, others))
    return [
        *lines,
        f"by {word} it would be: {', '.join(names) or 'nothing'} ({key})",
        f"  nested {show_number(scorer.value(others))} (95 % {show_number(low)}.."
        f"{show_number(high)}); {gain}",
    ]


def say_gaming(target: EvaluationTarget, plain: np.ndarray, nested: np.ndarray) -> list[str]:
    """A warning for a metric that can improve while some people's answers get worse."""
    if not target.metric.gamed_by:
        return []
    assert target.group is not None, "a metric that compares two groups has them"
    errors = [occlusion_errors(target.truth, each, target.group) for each in (plain, nested)]
    halves = (f"{was:.6f} -> {now:.6f}" for was, now in zip(*errors, strict=True))
    return [
        f"warning: {target.metric_name} can be gamed: {target.metric.gamed_by}",
        f"errors of the two groups, plain -> stack: {', '.join(halves)}; stack.guard_groups lets a "
        "decision raise neither where it is fitted",
    ]
