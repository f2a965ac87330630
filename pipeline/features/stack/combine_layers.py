"""The layers of stack that combine many heads into one: formulas, Caruana's selection, stacking."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from pipeline.config.stack import Stack
from pipeline.ensembling.caruana import FAST, Score
from pipeline.ensembling.combine import (
    Weights,
    combine_by_formula,
    combine_by_stackers,
    combine_by_weights,
    fit_stackers,
    select_weights,
)
from pipeline.ensembling.predictions import Predictions
from pipeline.ensembling.stacker import LabelStacker, Stacker
from pipeline.labels.tasks import is_labelled
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget

# a task's predictions (N, C) as its metric looks at them
Seen = Callable[[str, np.ndarray], np.ndarray]


def combine_layer(
    method: str,
    *,
    stack: Stack,
    kind: str,
    targets: Mapping[str, EvaluationTarget],
    split: EvaluationSplit,
    seen: Seen,
) -> Layer:
    """The layer of a method of `stack.methods`; `targets` are by task, and of the whole answer."""
    if method == "caruana":
        return _caruana(stack, kind, targets, split, seen)
    if method == "stacking":
        return _stacking(stack, kind, targets, split)
    return _formula(method, kind)


def _caruana(
    stack: Stack,
    kind: str,
    targets: Mapping[str, EvaluationTarget],
    split: EvaluationSplit,
    seen: Seen,
) -> Layer:
    def select(state: Predictions, rows: np.ndarray) -> Weights:
        truths = {task: target.truth[rows] for task, target in targets.items()}
        scores = {}
        for task, target in targets.items():
            known = rows[is_labelled(target.truth[rows])]
            scores[task] = _score(target, known, stack=stack, kind=kind, task=task, seen=seen)
        return select_weights(
            state,
            truths,
            scores=scores,
            groups=split.person_ids[rows],
            num_rounds=stack.rounds,
            num_bags=stack.bags,
            seed=stack.seed,
        )

    def apply(weights: Weights, state: Predictions) -> Predictions:
        return combine_by_weights(state, weights)

    return Layer("members: caruana", select, apply)


def _stacking(
    stack: Stack, kind: str, targets: Mapping[str, EvaluationTarget], split: EvaluationSplit
) -> Layer:
    def fit(state: Predictions, rows: np.ndarray) -> dict[str, Stacker | LabelStacker]:
        return fit_stackers(
            state,
            {task: targets[task].truth[rows] for task in state.tasks},
            kinds=dict.fromkeys(state.tasks, kind),
            folds=split.folds[rows],
            penalties=stack.penalties,
        )

    def apply(stackers: dict[str, Stacker | LabelStacker], state: Predictions) -> Predictions:
        return combine_by_stackers(state, stackers)

    return Layer("members: stacking", fit, apply)


def _formula(method: str, kind: str) -> Layer:
    def remember(state: Predictions, rows: np.ndarray) -> list[np.ndarray] | None:
        """The scores among which new ones are ranked."""
        return list(state.of_task(state.tasks[0])) if method == "rank" else None

    def apply(references: list[np.ndarray] | None, state: Predictions) -> Predictions:
        return combine_by_formula(state, method=method, kind=kind, references=references)

    return Layer(f"members: {method}", remember, apply)


def _score(
    target: EvaluationTarget, rows: np.ndarray, *, stack: Stack, kind: str, task: str, seen: Seen
) -> Score:
    """What selection improves: the contest's metric, by name where it is fast, or a function."""
    judge = target
    if kind == "multilabel":  # what is fast counts one class an image
        if stack.select_by == "log_loss":
            judge = replace(target, metric_name="log_loss", metric=find_metric("log_loss"))
            seen = _as_they_are
    elif kind != "regression" and stack.select_by == "log_loss":
        return "log_loss"
    elif target.metric_name == "log_loss" or (kind == "multiclass" and target.metric_name in FAST):
        return target.metric_name

    def score(predictions: np.ndarray, some: np.ndarray) -> float:
        places = rows[some]
        group = None if judge.group is None else judge.group[places]
        answers = seen(task, predictions)
        return judge.metric.as_score(judge.metric.compute(judge.truth[places], answers, group))

    return score


def _as_they_are(task: str, predictions: np.ndarray) -> np.ndarray:
    return predictions
