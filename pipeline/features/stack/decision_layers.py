"""The decision layers that stack tries: blended probabilities to answers, fitted for a metric."""

import numpy as np

from pipeline.config.stack import Stack
from pipeline.ensembling.predictions import Predictions
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.linear_recalibration import LinearRecalibration, fit_line
from pipeline.metrics.logit_adjustment import class_groups, decide_with, fit_offsets
from pipeline.metrics.metrics import occlusion_errors
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.metrics.thresholds import best_threshold


def decision_layers(stack: Stack, space: AnswerSpace, target: EvaluationTarget) -> list[Layer]:
    """Offsets of classes, the threshold of a score, a line for a number; none where the metric
    looks at scores or probabilities. Their `apply` gives the answers (N,)."""
    if target.metric.looks_at != "decision":
        return []
    if space.kind == "binary":
        return [_threshold(target)]
    if space.kind == "regression":
        return [_line(stack, space, target)]
    groups = {"decision: offsets by class": None}
    if space.is_product:
        groups = {"decision: offsets by task": class_groups(space.sizes), **groups}
    return [_offsets(name, stack, target, some) for name, some in groups.items()]


def _offsets(name: str, stack: Stack, target: EvaluationTarget, groups: np.ndarray | None) -> Layer:
    def fit(state: Predictions, rows: np.ndarray) -> np.ndarray:
        return fit_offsets(
            state.joint(),
            target.truth[rows],
            metric=target.metric_name,
            groups=groups,
            most=stack.max_offset,
        )

    return Layer(name, fit, lambda offsets, state: decide_with(state.joint(), offsets))


def _threshold(target: EvaluationTarget) -> Layer:
    def fit(state: Predictions, rows: np.ndarray) -> float:
        group = None if target.group is None else target.group[rows]
        score, truth = state.joint()[:, 0], target.truth[rows]
        return best_threshold(truth, score, metric=target.metric, group=group)

    return Layer(
        "decision: threshold",
        fit,
        lambda threshold, state: (state.joint()[:, 0] >= threshold).astype(np.int64),
    )


def _line(stack: Stack, space: AnswerSpace, target: EvaluationTarget) -> Layer:
    task = space.tasks[0]

    def fit(state: Predictions, rows: np.ndarray) -> LinearRecalibration:
        truth, errors = target.truth[rows], None
        group = None if target.group is None else target.group[rows]
        if target.metric.gamed_by and stack.guard_groups:

            def errors(answers: np.ndarray) -> np.ndarray:
                return occlusion_errors(truth, answers, group)

        return fit_line(
            state.joint()[:, 0],
            truth,
            metric=target.metric,
            group=group,
            errors=errors,
            low=task.low,
            high=task.high,
        )

    return Layer("decision: line", fit, lambda line, state: line.apply(state.joint()[:, 0]))


def describe_decision(fitted: object, space: AnswerSpace, *, plain: float) -> tuple[str, object]:
    """A fitted decision in words, and as plain values for a record."""
    if isinstance(fitted, LinearRecalibration):
        return f"{fitted.slope:g} * value {fitted.shift:+.6g}", [fitted.slope, fitted.shift]
    if isinstance(fitted, np.ndarray):
        named = dict(zip(space.classes, fitted.round(4).tolist(), strict=True))
        return "highest log-probability + offset", named
    if fitted is not None:
        return f"score >= {fitted:g}", fitted
    if space.kind == "binary":
        return f"score >= {plain:g}", plain
    return ("value" if space.kind == "regression" else "likeliest class"), None
