"""The decision layers that stack tries: blended probabilities to answers, fitted for a metric."""

import numpy as np

from pipeline.config.stack import Stack
from pipeline.ensembling.predictions import Predictions
from pipeline.labels.tasks import is_labelled
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.cut_points import CutPoints, fit_cuts
from pipeline.metrics.label_thresholds import best_label_thresholds
from pipeline.metrics.linear_recalibration import LinearRecalibration, fit_recalibration
from pipeline.metrics.logit_adjustment import class_groups, decide_with, fit_offsets
from pipeline.metrics.metrics import occlusion_errors
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.metrics.thresholds import best_threshold


def decision_layers(stack: Stack, space: AnswerSpace, target: EvaluationTarget) -> list[Layer]:
    """Offsets of classes, thresholds of a score or of labels, a line or cut points for a number.

    None where the metric looks at scores or probabilities, or where no decision can change it.
    Their `apply` gives the answers (N,), of several labels (N, C).
    """
    metric = target.metric
    if metric.looks_at != "decision" or metric.order_only:
        return []
    if space.kind == "binary":
        return [_on_labelled(_threshold(target), target)]
    if space.kind == "multilabel":
        return [_on_labelled(_label_thresholds(target), target)]
    if space.kind == "regression":
        layer = _cut_points(target) if metric.by_class else _line(stack, space, target)
        return [_on_labelled(layer, target)]
    if metric.by_class is None:  # a metric of one's own: its value as answers move is not known
        return []
    layers = [_offsets("decision: offsets by class", stack, target, groups=None)]
    if space.is_product:
        groups = class_groups(space.sizes)
        layers.insert(0, _offsets("decision: offsets by task", stack, target, groups=groups))
    return [_on_labelled(layer, target) for layer in layers]


def _on_labelled(layer: Layer, target: EvaluationTarget) -> Layer:
    """The layer fitted on those of its rows that have a label."""

    def fit(state: Predictions, rows: np.ndarray) -> object:
        known = np.flatnonzero(is_labelled(target.truth[rows]))
        return layer.fit(state[known], rows[known])

    return Layer(layer.name, fit, layer.apply)


def _offsets(
    name: str, stack: Stack, target: EvaluationTarget, *, groups: np.ndarray | None
) -> Layer:
    def fit(state: Predictions, rows: np.ndarray) -> np.ndarray:
        return fit_offsets(
            state.joint(),
            target.truth[rows],
            metric=target.metric,
            groups=groups,
            most=stack.max_offset,
        )

    def apply(offsets: np.ndarray, state: Predictions) -> np.ndarray:
        return decide_with(state.joint(), offsets)

    return Layer(name, fit, apply)


def _threshold(target: EvaluationTarget) -> Layer:
    def fit(state: Predictions, rows: np.ndarray) -> float:
        group = None if target.group is None else target.group[rows]
        score, truth = state.joint()[:, 0], target.truth[rows]
        found = best_threshold(truth, score, metric=target.metric, group=group)
        assert isinstance(found, float), "one score has one threshold"
        return found

    def apply(threshold: float, state: Predictions) -> np.ndarray:
        return (state.joint()[:, 0] >= threshold).astype(np.int64)

    return Layer("decision: threshold", fit, apply)


def _label_thresholds(target: EvaluationTarget) -> Layer:
    def fit(state: Predictions, rows: np.ndarray) -> tuple[float, ...]:
        return best_label_thresholds(target.truth[rows], state.joint(), metric=target.metric)

    def apply(thresholds: tuple[float, ...], state: Predictions) -> np.ndarray:
        return (state.joint() >= np.asarray(thresholds)).astype(np.int64)

    return Layer("decision: thresholds of labels", fit, apply)


def _cut_points(target: EvaluationTarget) -> Layer:
    def fit(state: Predictions, rows: np.ndarray) -> CutPoints:
        return fit_cuts(state.joint()[:, 0], target.truth[rows], metric=target.metric)

    def apply(cuts: CutPoints, state: Predictions) -> np.ndarray:
        return cuts.apply(state.joint()[:, 0])

    return Layer("decision: cut points", fit, apply)


def _line(stack: Stack, space: AnswerSpace, target: EvaluationTarget) -> Layer:
    task = space.tasks[0]

    def fit(state: Predictions, rows: np.ndarray) -> LinearRecalibration:
        truth, errors = target.truth[rows], None
        group = None if target.group is None else target.group[rows]
        if target.metric.gamed_by and stack.guard_groups:

            def errors(answers: np.ndarray) -> np.ndarray:
                assert group is not None, "a metric that compares two groups has them"
                return occlusion_errors(truth, answers, group)

        return fit_recalibration(
            state.joint()[:, 0],
            truth,
            metric=target.metric,
            group=group,
            errors=errors,
            low=task.low,
            high=task.high,
        )

    def apply(line: LinearRecalibration, state: Predictions) -> np.ndarray:
        return line.apply(state.joint()[:, 0])

    return Layer("decision: line", fit, apply)


def describe_decision(fitted: object, space: AnswerSpace, *, plain: float) -> tuple[str, object]:
    """A fitted decision in words, and as plain values for a record."""
    if isinstance(fitted, LinearRecalibration):
        return f"{fitted.slope:g} * value {fitted.shift:+.6g}", [fitted.slope, fitted.shift]
    if isinstance(fitted, CutPoints):
        cuts = fitted.cuts.round(4).tolist()
        return f"class by cuts at {', '.join(f'{cut:g}' for cut in cuts)}", cuts
    if isinstance(fitted, tuple):
        by_label = dict(zip(space.classes, np.round(fitted, 4).tolist(), strict=True))
        return "probability >= its label's threshold", by_label
    if isinstance(fitted, np.ndarray):
        offsets = dict(zip(space.classes, fitted.round(4).tolist(), strict=True))
        return "highest log-probability + offset", offsets
    if fitted is not None:
        return f"score >= {fitted:g}", fitted
    if space.kind == "binary":
        return f"score >= {plain:g}", plain
    if space.kind == "multilabel":
        return f"labels with a probability >= {plain:g}", plain
    return ("value" if space.kind == "regression" else "likeliest class"), None
