"""What stack found beside kept layers, as rows and in words: views, calibration, other rules."""

import numpy as np

from pipeline.ensembling.predictions import Predictions, take_marginal
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.work import Work
from pipeline.features.stack.layers import Layers
from pipeline.features.stack.load import view_names
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.calibration import calibration_error
from pipeline.metrics.greedy_forward import verdict
from pipeline.metrics.layer_search import NestedScorer
from pipeline.metrics.metrics import occlusion_errors
from pipeline.metrics.nested_cv import LayerPipeline, nested_answers
from pipeline.metrics.paired import say_difference, show_number
from pipeline.metrics.score_rows import EvaluationTarget, gain_of


def view_rows(
    work: Work, layers: Layers, start: Predictions, evaluation: EvaluationSet
) -> list[dict]:
    """Each view alone and added to the first one, by task, with the verdict on it."""
    names, rows = view_names(work.settings), []
    for task in dict.fromkeys(head.task for head in start.heads) if len(names) > 1 else ():
        target = layers.targets[task]
        alone = [layers.seen(task, start.blend(task, views=[v])) for v in range(len(names))]
        for place, name in enumerate(names):
            value = target.metric.compute(target.truth, alone[place], target.group)
            gain = None
            if place:
                both = layers.seen(task, start.blend(task, views=[0, place]))
                gain = gain_of(target, alone[0], both, split=evaluation.split)
            known = {"task": task, "view": name, "metric": target.metric_name, "value": value}
            rows.append({**known, "gain": gain, "verdict": verdict(gain) if gain else "the first"})
    return rows


def calibration_rows(
    first: LayerPipeline, last: LayerPipeline, layers: Layers, space: AnswerSpace
) -> list[dict]:
    """The expected calibration error of each task, in the plain mean and in what is kept."""
    rows = []
    for task in space.tasks if space.kind != "regression" else ():
        truth = layers.targets[task.name].truth
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
    rule: str, kept: list[str], other: LayerPipeline, scorer: NestedScorer, *, plain: np.ndarray
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
    others = scorer.nested(other)
    low, high = scorer.interval(others)
    gain = say_difference("the plain mean", "that", scorer.gain(plain, others))
    return [
        *said,
        f"by {word} it would be: {', '.join(names) or 'nothing'} ({key})",
        f"  nested {show_number(scorer.value(others))} (95 % {show_number(low)}.."
        f"{show_number(high)}); {gain}",
    ]


def say_gaming(target: EvaluationTarget, plain: np.ndarray, nested: np.ndarray) -> list[str]:
    """A warning for a metric that is bettered by making somebody's answers worse."""
    if not target.metric.gamed_by:
        return []
    errors = [occlusion_errors(target.truth, each, target.group) for each in (plain, nested)]
    halves = (f"{was:.6f} -> {now:.6f}" for was, now in zip(*errors, strict=True))
    return [
        f"warning: {target.metric_name} can be gamed: {target.metric.gamed_by}",
        f"errors of the two groups, plain -> stack: {', '.join(halves)}; stack.guard_groups lets a "
        "decision raise neither where it is fitted",
    ]
