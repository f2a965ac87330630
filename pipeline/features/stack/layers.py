"""The layers that stack tries on an answer: what each learns from some people and does to all."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from pipeline.ensembling.person_pooling import pool_answer, pool_probs
from pipeline.ensembling.predictions import WHOLE, Predictions
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.work import Work
from pipeline.features.stack.combine_layers import combine_layer
from pipeline.features.stack.decision_layers import decision_layers
from pipeline.labels.answers import marginal_probs
from pipeline.labels.kinds import BLEND_KINDS
from pipeline.metrics.answer_space import AnswerSpace, seen_by
from pipeline.metrics.calibration import apply_temperature, fit_temperature
from pipeline.metrics.greedy_forward import choose_additions
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import EvaluationTarget


class Layers:
    """The layers of one answer by slot, in the order that the settings ask for."""

    def __init__(
        self, work: Work, evaluation: EvaluationSet, space: AnswerSpace, start: Predictions
    ) -> None:
        self._stack, self.space, self._held = work.settings.stack, space, evaluation.split
        self._start, self._tasks = start, {task.name: task for task in space.tasks}
        whole = evaluation.of_space(space)
        own = {task.name: evaluation.of_task(task, task.metric) for task in space.tasks}
        self.targets: dict[str, EvaluationTarget] = (
            {**own, WHOLE: whole} if space.is_product else {space.tasks[0].name: whole}
        )

    def by_slot(self) -> dict[str, list[Layer]]:
        """Slots without a layer to try are left out."""
        makers = {
            "views": self._views,
            "members": self._members,
            "calibration": self._calibration,
            "pooling": self._pooling,
            "decision": lambda: decision_layers(self._stack, self.space, self.targets[self._last]),
        }
        made = {slot: makers[slot]() for slot in self._stack.layers}
        return {slot: layers for slot, layers in made.items() if layers}

    @property
    def _last(self) -> str:
        return WHOLE if self.space.is_product else self.space.tasks[0].name

    def seen(self, task: str, probs: np.ndarray) -> np.ndarray:
        """(N,) what a task's metric looks at, or the whole answer's."""
        if task == self._last:
            return self.space.scored(probs)
        return seen_by(self.targets[task].metric, self._tasks[task], probs)

    def _views(self) -> list[Layer]:
        def fit(state: Predictions, rows: np.ndarray) -> dict[str, list[int]]:
            chosen = {}
            for task in dict.fromkeys(head.task for head in state.heads):
                target = self.targets[task]
                chosen[task] = choose_additions(
                    state.num_views,
                    lambda some, task=task: self.seen(task, state.blend(task, views=some)),
                    target.truth[rows],
                    metric=target.metric,
                    person_ids=self._held.person_ids[rows],
                    group=None if target.group is None else target.group[rows],
                    num_draws=self._held.num_draws,
                )
            return chosen

        layer = Layer("views: greedy", fit, lambda chosen, state: state.see(chosen))
        return [layer] if self._start.num_views > 1 else []

    def _members(self) -> list[Layer]:
        heads = [head.task for head in self._start.heads]
        most = max(heads.count(task) for task in heads)
        if most < 2 and not (WHOLE in heads and len(heads) > 1):
            return []  # every task has one voter: nothing to choose
        methods = [m for m in self._stack.methods if self.space.kind in BLEND_KINDS[m]]
        if most < 3:  # the median of two is their mean
            methods = [m for m in methods if m != "median"]
        if self.targets[self._last].metric.looks_at != "score":
            methods = [m for m in methods if m != "rank"]
        return [
            combine_layer(
                method,
                stack=self._stack,
                kind=self.space.kind,
                targets=self.targets,
                split=self._held,
                seen=self.seen,
            )
            for method in methods
        ]

    def _calibration(self) -> list[Layer]:
        def fit(state: Predictions, rows: np.ndarray) -> list[dict[str, float]]:
            found = []
            for head, each in zip(state.heads, state.probs, strict=True):
                seen, tasks = each.mean(axis=0), [head.task]
                if head.task == WHOLE:
                    tasks = state.tasks
                found.append(
                    {task: self._temperature(state, seen, task, rows, head.task) for task in tasks}
                )
            return found

        def cool(temperatures: list[Mapping[str, float]], state: Predictions) -> Predictions:
            changes = [
                {task: partial(apply_temperature, temperature=t) for task, t in each.items()}
                for each in temperatures
            ]
            return state.change(changes)

        return [Layer("calibration", fit, cool)] if self.space.kind != "regression" else []

    def _temperature(
        self, state: Predictions, seen: np.ndarray, task: str, rows: np.ndarray, head: str
    ) -> float:
        if head == WHOLE:
            seen = marginal_probs(seen, sizes=state.sizes, task=state.tasks.index(task))
        return fit_temperature(seen, self.targets[task].truth[rows])

    def _pooling(self) -> list[Layer]:
        if self._start.clusters is None or not any(task.constant for task in self.space.tasks):
            return []
        hows = ("mean",) if self.space.kind == "regression" else ("mean", "log")
        return [
            Layer(
                f"pooling: {how}",
                lambda state, rows: None,
                lambda nothing, state, how=how: self._pool(state, how),
            )
            for how in hows
        ]

    def _pool(self, state: Predictions, how: str) -> Predictions:
        """Every voter's word on what is constant within a person, the same for a cluster."""
        probs = []
        for head, each in zip(state.heads, state.probs, strict=True):
            seen = each.mean(axis=0)
            if head.task == WHOLE:
                constant = [task.constant for task in self.space.tasks]
                given = {"sizes": state.sizes, "constant": constant, "how": how}
                seen = pool_answer(seen, state.clusters, **given)
            elif self._tasks[head.task].constant:
                seen = pool_probs(seen, state.clusters, kind=self.space.kind, how=how)
            probs.append(seen)
        return state.with_probs(probs)
