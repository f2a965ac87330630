"""The layers that stack tries on an answer: what each learns from some people and does to all."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from pipeline.config.stack import Stack
from pipeline.ensembling.person_pooling import How, pool_answer, pool_probs
from pipeline.ensembling.predictions import WHOLE, Predictions
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.features.stack.combine_layers import combine_layer
from pipeline.features.stack.decision_layers import decision_layers
from pipeline.labels.answers import marginal_probs
from pipeline.labels.kinds import BLEND_KINDS
from pipeline.labels.tasks import is_labelled
from pipeline.metrics.answer_space import AnswerSpace, seen_by
from pipeline.metrics.calibration import apply_temperature, fit_temperature
from pipeline.metrics.greedy_forward import choose_additions
from pipeline.metrics.nested_cv import Layer
from pipeline.metrics.score_rows import EvaluationTarget

Temperature = float | tuple[float, ...]


class Layers:
    """The layers of one answer by slot, in the order that the settings ask for."""

    def __init__(
        self, stack: Stack, evaluation: EvaluationSet, space: AnswerSpace, start: Predictions
    ) -> None:
        self.space = space
        self._stack = stack
        self._split = evaluation.split
        self._start = start
        self._tasks = {task.name: task for task in space.tasks}
        # by task, and of the whole answer under its own name
        self.targets: dict[str, EvaluationTarget] = {}
        if space.is_product:
            for task in space.tasks:
                self.targets[task.name] = evaluation.of_task(task, task.metric)
        self._last = WHOLE if space.is_product else space.tasks[0].name
        self.targets[self._last] = evaluation.of_space(space)

    def by_slot(self) -> dict[str, list[Layer]]:
        """Slots without a layer to try are left out."""
        by_slot: dict[str, list[Layer]] = {}
        for slot in self._stack.layers:
            layers = self._of_slot(slot)
            if layers:
                by_slot[slot] = layers
        return by_slot

    def _of_slot(self, slot: str) -> list[Layer]:
        if slot == "views":
            return self._views()
        if slot == "members":
            return self._members()
        if slot == "calibration":
            return self._calibration()
        if slot == "pooling":
            return self._pooling()
        assert slot == "decision", slot
        return decision_layers(self._stack, self.space, self.targets[self._last])

    def seen(self, task: str, probs: np.ndarray) -> np.ndarray:
        """What a task's metric looks at, or the whole answer's: (N,), or probabilities (N, C)."""
        if task == self._last:
            return self.space.scored(probs)
        return seen_by(self.targets[task].metric, self._tasks[task], probs)

    def _views(self) -> list[Layer]:
        if self._start.num_views < 2:
            return []

        def choose(state: Predictions, rows: np.ndarray, task: str) -> list[int]:
            target = self.targets[task]

            def answer(views: Sequence[int]) -> np.ndarray:
                return self.seen(task, state.blended(task, views=views))

            return choose_additions(
                state.num_views,
                answer,
                target.truth[rows],
                metric=target.metric,
                person_ids=self._split.person_ids[rows],
                group=None if target.group is None else target.group[rows],
                num_draws=self._split.num_draws,
            )

        def fit(state: Predictions, rows: np.ndarray) -> dict[str, list[int]]:
            tasks = dict.fromkeys(head.task for head in state.heads)
            return {task: choose(state, rows, task) for task in tasks}

        def apply(chosen: dict[str, list[int]], state: Predictions) -> Predictions:
            return state.with_views(chosen)

        return [Layer("views: greedy", fit, apply)]

    def _members(self) -> list[Layer]:
        heads = [head.task for head in self._start.heads]
        most = max(heads.count(task) for task in heads)
        if most < 2 and not (WHOLE in heads and len(heads) > 1):
            return []  # every task has one head: nothing to choose
        layers = []
        for method in self._stack.methods:
            if self.space.kind not in BLEND_KINDS[method]:
                continue
            if method == "median" and most < 3:  # the median of two is their mean
                continue
            if method == "rank" and self.targets[self._last].metric.looks_at != "score":
                continue
            layers.append(
                combine_layer(
                    method,
                    stack=self._stack,
                    kind=self.space.kind,
                    targets=self.targets,
                    split=self._split,
                    seen=self.seen,
                )
            )
        return layers

    def _calibration(self) -> list[Layer]:
        if self.space.kind == "regression":
            return []

        def fit(state: Predictions, rows: np.ndarray) -> list[dict[str, Temperature]]:
            """The temperature of each task (or of each of its labels), for each head."""
            temperatures = []
            for head, views in zip(state.heads, state.probs, strict=True):
                probs = views.mean(axis=0)
                by_task = {}
                for task in state.tasks if head.task == WHOLE else [head.task]:
                    own = probs
                    if head.task == WHOLE:
                        place = state.tasks.index(task)
                        own = marginal_probs(probs, sizes=state.sizes, task=place)
                    truth = self.targets[task].truth[rows]
                    known = is_labelled(truth)
                    by_task[task] = fit_temperature(own[known], truth[known])
                temperatures.append(by_task)
            return temperatures

        def apply(temperatures: list[Mapping[str, Temperature]], state: Predictions) -> Predictions:
            changes = []
            for by_task in temperatures:
                changes.append(
                    {
                        task: partial(apply_temperature, temperature=temperature)
                        for task, temperature in by_task.items()
                    }
                )
            return state.with_changes(changes)

        return [Layer("calibration", fit, apply)]

    def _pooling(self) -> list[Layer]:
        if self._start.clusters is None or not any(task.constant for task in self.space.tasks):
            return []
        if self.space.kind == "regression":
            return [self._pooling_layer("mean")]
        return [self._pooling_layer("mean"), self._pooling_layer("log")]

    def _pooling_layer(self, how: How) -> Layer:
        def fit(state: Predictions, rows: np.ndarray) -> None:
            """Pooling learns nothing: it needs only who is whom."""

        def apply(nothing: None, state: Predictions) -> Predictions:
            """Every head's word on what is constant within a person, the same for a cluster."""
            assert state.clusters is not None, "pooling is tried where it is known who is whom"
            pooled = []
            for head, views in zip(state.heads, state.probs, strict=True):
                probs = views.mean(axis=0)
                if head.task == WHOLE:
                    probs = pool_answer(
                        probs,
                        state.clusters,
                        sizes=state.sizes,
                        constant=[task.constant for task in self.space.tasks],
                        how=how,
                    )
                elif self._tasks[head.task].constant:
                    probs = pool_probs(probs, state.clusters, kind=self.space.kind, how=how)
                pooled.append(probs)
            return state.with_probs(pooled)

        return Layer(f"pooling: {how}", fit, apply)
