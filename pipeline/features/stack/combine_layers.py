"""The layers of stack that make one voter of many: formulas, Caruana's selection, stacking."""

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.config.stack import Stack
from pipeline.ensembling import combine as unions
from pipeline.ensembling.caruana import Score
from pipeline.ensembling.predictions import Predictions
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget

Seen = Callable[
    [str, np.ndarray], np.ndarray
]  # a task's predictions (N, C) as its metric sees them


def combine_layer(
    method: str,
    *,
    stack: Stack,
    kind: str,
    targets: Mapping[str, EvaluationTarget],
    split: EvaluationSplit,
    seen: Seen,
) -> Layer:
    """The layer of a method of `stack.methods`; `questions` are by task and of the whole answer."""
    name = f"members: {method}"
    if method == "caruana":

        def select(state: Predictions, rows: np.ndarray) -> unions.Weights:
            def score(task: str) -> Score:
                return _score(targets[task], rows, stack=stack, kind=kind, task=task, seen=seen)

            return unions.select_weights(
                state,
                {task: target.truth[rows] for task, target in targets.items()},
                scores={task: score(task) for task in targets},
                groups=split.person_ids[rows],
                num_rounds=stack.rounds,
                num_bags=stack.bags,
                seed=stack.seed,
            )

        return Layer(name, select, lambda weights, state: unions.combine_by_weights(state, weights))
    if method == "stacking":

        def fit(state: Predictions, rows: np.ndarray) -> dict:
            return unions.fit_stackers(
                state,
                {task: targets[task].truth[rows] for task in state.tasks},
                kinds=dict.fromkeys(state.tasks, kind),
                folds=split.folds[rows],
                penalties=stack.penalties,
            )

        return Layer(name, fit, lambda stacks, state: unions.combine_by_stackers(state, stacks))

    def remember(state: Predictions, rows: np.ndarray) -> list[np.ndarray] | None:
        return list(state.of_task(state.tasks[0])) if method == "rank" else None

    def unite(references: list[np.ndarray] | None, state: Predictions) -> Predictions:
        return unions.combine_by_formula(state, method=method, references=references)

    return Layer(name, remember, unite)


def _score(
    target: EvaluationTarget, rows: np.ndarray, *, stack: Stack, kind: str, task: str, seen: Seen
) -> Score:
    """What selection betters: a name that is judged fast, or a function."""
    if kind != "regression" and stack.select_by == "log_loss":
        return "log_loss"
    if kind == "multiclass":
        return target.metric_name

    def score(predictions: np.ndarray, some: np.ndarray) -> float:
        places = rows[some]
        group = None if target.group is None else target.group[places]
        answers = seen(task, predictions)
        return target.metric.as_score(target.metric.compute(target.truth[places], answers, group))

    return score
