"""The layers of stack that make one voter of many: formulas, Caruana's selection, stacking."""

from collections.abc import Callable, Mapping

import numpy as np

from pipeline.config.stack import Stack
from pipeline.ensembling import combine as unions
from pipeline.ensembling.caruana import Score
from pipeline.ensembling.predictions import Ballots
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import Held, Question

Seen = Callable[
    [str, np.ndarray], np.ndarray
]  # a task's predictions (N, C) as its metric sees them


def union_layer(
    method: str,
    *,
    stack: Stack,
    kind: str,
    questions: Mapping[str, Question],
    held: Held,
    seen: Seen,
) -> Layer:
    """The layer of a method of `stack.methods`; `questions` are by task and of the whole answer."""
    name = f"members: {method}"
    if method == "caruana":

        def select(state: Ballots, rows: np.ndarray) -> unions.Weights:
            def score(task: str) -> Score:
                return _score(questions[task], rows, stack=stack, kind=kind, task=task, seen=seen)

            return unions.select_weights(
                state,
                {task: question.truth[rows] for task, question in questions.items()},
                scores={task: score(task) for task in questions},
                groups=held.person_ids[rows],
                num_rounds=stack.rounds,
                num_bags=stack.bags,
                seed=stack.seed,
            )

        return Layer(name, select, lambda weights, state: unions.unite_by_weights(state, weights))
    if method == "stacking":

        def fit(state: Ballots, rows: np.ndarray) -> dict:
            return unions.fit_stacks(
                state,
                {task: questions[task].truth[rows] for task in state.tasks},
                kinds=dict.fromkeys(state.tasks, kind),
                folds=held.folds[rows],
                penalties=stack.penalties,
            )

        return Layer(name, fit, lambda stacks, state: unions.unite_by_stacks(state, stacks))

    def remember(state: Ballots, rows: np.ndarray) -> list[np.ndarray] | None:
        return list(state.of_task(state.tasks[0])) if method == "rank" else None

    def unite(references: list[np.ndarray] | None, state: Ballots) -> Ballots:
        return unions.unite_by_formula(state, method=method, references=references)

    return Layer(name, remember, unite)


def _score(
    question: Question, rows: np.ndarray, *, stack: Stack, kind: str, task: str, seen: Seen
) -> Score:
    """What selection betters: a name that is judged fast, or a function."""
    if kind != "number" and stack.select_by == "log_loss":
        return "log_loss"
    if kind == "classes":
        return question.metric_name

    def score(predictions: np.ndarray, some: np.ndarray) -> float:
        places = rows[some]
        group = None if question.group is None else question.group[places]
        answers = seen(task, predictions)
        return question.metric.as_score(
            question.metric.compute(question.truth[places], answers, group)
        )

    return score
