"""The decision layers that stack tries: blended probabilities to answers, fitted for a metric."""

import numpy as np

from pipeline.config.stack import Stack
from pipeline.ensembling.predictions import Ballots
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.linear_recalibration import Line, fit_line
from pipeline.metrics.logit_adjustment import class_groups, decide_with, fit_offsets
from pipeline.metrics.metrics import occlusion_errors
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import Question
from pipeline.metrics.thresholds import best_threshold


def decision_layers(stack: Stack, space: AnswerSpace, question: Question) -> list[Layer]:
    """Offsets of classes, the threshold of a score, a line for a number; none where the metric
    looks at the score itself. Their `apply` gives the answers (N,)."""
    if question.metric.looks_at == "score":
        return []
    if space.kind == "score":
        return [_threshold(question)]
    if space.kind == "number":
        return [_line(stack, space, question)]
    groups = {"decision: offsets by class": None}
    if space.is_product:
        groups = {"decision: offsets by task": class_groups(space.sizes), **groups}
    return [_offsets(name, stack, question, some) for name, some in groups.items()]


def _offsets(name: str, stack: Stack, question: Question, groups: np.ndarray | None) -> Layer:
    def fit(state: Ballots, rows: np.ndarray) -> np.ndarray:
        return fit_offsets(
            state.joint(),
            question.truth[rows],
            metric=question.metric_name,
            groups=groups,
            most=stack.max_offset,
        )

    return Layer(name, fit, lambda offsets, state: decide_with(state.joint(), offsets))


def _threshold(question: Question) -> Layer:
    def fit(state: Ballots, rows: np.ndarray) -> float:
        group = None if question.group is None else question.group[rows]
        score, truth = state.joint()[:, 0], question.truth[rows]
        return best_threshold(truth, score, metric=question.metric, group=group)

    return Layer(
        "decision: threshold",
        fit,
        lambda threshold, state: (state.joint()[:, 0] >= threshold).astype(np.int64),
    )


def _line(stack: Stack, space: AnswerSpace, question: Question) -> Layer:
    task = space.tasks[0]

    def fit(state: Ballots, rows: np.ndarray) -> Line:
        truth, errors = question.truth[rows], None
        group = None if question.group is None else question.group[rows]
        if question.metric.gamed_by and stack.guard_groups:

            def errors(answers: np.ndarray) -> np.ndarray:
                return occlusion_errors(truth, answers, group)

        return fit_line(
            state.joint()[:, 0],
            truth,
            metric=question.metric,
            group=group,
            errors=errors,
            low=task.low,
            high=task.high,
        )

    return Layer("decision: line", fit, lambda line, state: line.apply(state.joint()[:, 0]))


def describe_decision(fitted: object, space: AnswerSpace, *, plain: float) -> tuple[str, object]:
    """A fitted decision in words, and as plain values for a record."""
    if isinstance(fitted, Line):
        return f"{fitted.slope:g} * value {fitted.shift:+.6g}", [fitted.slope, fitted.shift]
    if isinstance(fitted, np.ndarray):
        named = dict(zip(space.classes, fitted.round(4).tolist(), strict=True))
        return "highest log-probability + offset", named
    if fitted is not None:
        return f"score >= {fitted:g}", fitted
    if space.kind == "score":
        return f"score >= {plain:g}", plain
    return ("value" if space.kind == "number" else "likeliest class"), None
