"""Layers tried one on top of the other, each kept where its nested gain says so. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metrics import METRICS
from pipeline.metrics.nested_cv import (
    Answer,
    FittedLayer,
    Layer,
    LayerPipeline,
    naive_answers,
    nested_answers,
)
from pipeline.metrics.paired import Difference
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget, gain_of


@dataclass(frozen=True)
class Step:
    """What a layer brought on top of those kept before it: the metric without it, as fitted on
    everybody (naive), and on people it was not fitted on (nested), with intervals over people."""

    slot: str
    name: str
    before: float
    naive: float
    nested: float
    low: float
    high: float
    gain: Difference
    sharper: Difference | None = None  # by how much it lowers the log-loss, where that decides
    kept: bool = False

    def helps(self, *, rule: str) -> bool:
        """By `interval`: the gain lies above 0 with its interval; by `point`: it is above 0. What
        changes probabilities and hardly answers is judged by log-loss, and must not cost."""
        gain = self.gain if self.sharper is None else self.sharper
        harmless = self.sharper is None or self.gain.value >= 0
        return harmless and (gain.low > 0 if rule == "interval" else gain.value > 0)


class NestedScorer:
    """Scores chains and trials of one question; every trial is fitted and scored once."""

    def __init__(
        self,
        target: EvaluationTarget,
        answer: Answer,
        *,
        split: EvaluationSplit,
        losses: Answer | None = None,
        by_losses: Sequence[str] = (),
    ) -> None:
        """`losses` gives the log-loss of each row, which decides over the slots in `by_losses`."""
        self.target, self.split, self._answer = target, split, answer
        self._losses, self._by_losses = losses, by_losses
        self._known: dict[tuple[str, ...], tuple[FittedLayer, Step]] = {}

    def nested(self, found: LayerPipeline | FittedLayer) -> np.ndarray:
        return nested_answers(found, self._answer, folds=self.split.folds)

    def value(self, answers: np.ndarray) -> float:
        return self.target.metric.compute(self.target.truth, answers, self.target.group)

    def interval(self, answers: np.ndarray) -> tuple[float, float]:
        return person_interval(
            self.target.metric,
            self.target.truth,
            answers,
            person_ids=self.split.person_ids,
            group=self.target.group,
            num_draws=self.split.num_draws,
        )

    def gain(self, before: np.ndarray, after: np.ndarray) -> Difference:
        return gain_of(self.target, before, after, split=self.split)

    def attempt(self, chain: LayerPipeline, slot: str, layer: Layer) -> tuple[FittedLayer, Step]:
        key = (*(trial.layer.name for trial in chain.trials), layer.name)
        if key not in self._known:
            trial = chain.attempt(layer)
            before, nested = self.nested(chain), self.nested(trial)
            low, high = self.interval(nested)
            step = Step(
                slot=slot,
                name=layer.name,
                before=self.value(before),
                naive=self.value(naive_answers(trial, self._answer)),
                nested=self.value(nested),
                low=low,
                high=high,
                gain=self.gain(before, nested),
                sharper=self._sharper(chain, trial) if slot in self._by_losses else None,
            )
            self._known[key] = trial, step
        return self._known[key]

    def _sharper(self, chain: LayerPipeline, trial: FittedLayer) -> Difference:
        losses = [nested_answers(s, self._losses, folds=self.split.folds) for s in (chain, trial)]
        return mean_difference(*losses, split=self.split)


def mean_difference(before: np.ndarray, after: np.ndarray, *, split: EvaluationSplit) -> Difference:
    """By how much the mean of losses (N,) falls, with its interval over people."""
    zeros = np.zeros(len(before))  # the mean absolute error from 0 is the mean of losses
    target = EvaluationTarget(task="", metric_name="mae", metric=METRICS["mae"], truth=zeros)
    return gain_of(target, before, after, split=split)


def search_layers(
    chain: LayerPipeline, slots: Mapping[str, Sequence[Layer]], *, scorer: NestedScorer, rule: str
) -> tuple[LayerPipeline, list[Step]]:
    """The chain with the layers that help, by `interval` or `point`, and a step for each tried.

    Of several layers for one slot the one that gains most is kept, if any helps.
    """
    steps = []
    for slot, layers in slots.items():
        tried = [scorer.attempt(chain, slot, layer) for layer in layers]
        helping = [pair for pair in tried if pair[1].helps(rule=rule)]
        best = max(helping, key=lambda pair: pair[1].gain.value, default=None)
        steps += [replace(step, kept=best is not None and best[1] is step) for _, step in tried]
        if best is not None:
            chain = chain.keep(best[0])
    return chain, steps
