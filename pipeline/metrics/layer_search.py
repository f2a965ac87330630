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
class LayerGain:
    """What a layer added to those kept before it: the metric without it, as fitted on everybody
    (naive), and on people it was not fitted on (nested), with intervals over people."""

    slot: str
    name: str
    before: float
    naive: float
    nested: float
    low: float
    high: float
    gain: Difference
    log_loss_gain: Difference | None = None  # by how much log-loss falls, where that decides
    kept: bool = False

    def helps(self, *, rule: str) -> bool:
        """By `interval`: the gain lies above 0 with its interval; by `point`: it is above 0.

        A layer that changes probabilities but few decisions is judged by log-loss; it must not cost
        anything in the metric itself.
        """
        if self.log_loss_gain is None:
            deciding = self.gain
        elif self.gain.value < 0:
            return False
        else:
            deciding = self.log_loss_gain
        return deciding.low > 0 if rule == "interval" else deciding.value > 0


class NestedScorer:
    """Fits and scores layers for one target; each layer on top of the same ones once only."""

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
        self.target = target
        self.split = split
        self._answer = answer
        self._losses = losses
        self._by_losses = by_losses
        self._scored: dict[tuple[str, ...], tuple[FittedLayer, LayerGain]] = {}

    def nested(self, found: LayerPipeline | FittedLayer) -> np.ndarray:
        """The answers (N,) of each fold by layers fitted on the other folds."""
        return nested_answers(found, self._answer, folds=self.split.folds)

    def value(self, answers: np.ndarray) -> float:
        """The metric of answers (N,)."""
        return self.target.metric.compute(self.target.truth, answers, self.target.group)

    def interval(self, answers: np.ndarray) -> tuple[float, float]:
        """The 95 % interval of the metric of answers (N,), from drawing people."""
        return person_interval(
            self.target.metric,
            self.target.truth,
            answers,
            person_ids=self.split.person_ids,
            group=self.target.group,
            num_draws=self.split.num_draws,
        )

    def gain(self, before: np.ndarray, after: np.ndarray) -> Difference:
        """By how much `after` is better than `before`, paired, with its interval."""
        return gain_of(self.target, before, after, split=self.split)

    def try_layer(
        self, pipeline: LayerPipeline, slot: str, layer: Layer
    ) -> tuple[FittedLayer, LayerGain]:
        """The layer fitted on top of a pipeline, and what it adds."""
        key = (*pipeline.names, layer.name)
        if key not in self._scored:
            fitted = pipeline.fit_layer(layer)
            before, nested = self.nested(pipeline), self.nested(fitted)
            low, high = self.interval(nested)
            by_losses = slot in self._by_losses
            step = LayerGain(
                slot=slot,
                name=layer.name,
                before=self.value(before),
                naive=self.value(naive_answers(fitted, self._answer)),
                nested=self.value(nested),
                low=low,
                high=high,
                gain=self.gain(before, nested),
                log_loss_gain=self._log_loss_gain(pipeline, fitted) if by_losses else None,
            )
            self._scored[key] = fitted, step
        return self._scored[key]

    def _log_loss_gain(self, pipeline: LayerPipeline, fitted: FittedLayer) -> Difference:
        assert self._losses is not None
        before = nested_answers(pipeline, self._losses, folds=self.split.folds)
        after = nested_answers(fitted, self._losses, folds=self.split.folds)
        return mean_difference(before, after, split=self.split)


def mean_difference(before: np.ndarray, after: np.ndarray, *, split: EvaluationSplit) -> Difference:
    """By how much the mean of losses (N,) falls, with its interval over people; NaN losses are of
    images without a label."""
    # the mean absolute error from 0 is the mean of losses
    zeros = np.where(np.isnan(before), np.nan, 0.0)
    target = EvaluationTarget(task="", metric_name="mae", metric=METRICS["mae"], truth=zeros)
    return gain_of(target, before, after, split=split)


def search_layers(
    pipeline: LayerPipeline,
    slots: Mapping[str, Sequence[Layer]],
    *,
    scorer: NestedScorer,
    rule: str,
) -> tuple[LayerPipeline, list[LayerGain]]:
    """The pipeline with the layers that help, by `interval` or `point`, and a step for each tried.

    Of several layers for one slot the one that gains most is kept, if any helps.
    """
    steps = []
    for slot, layers in slots.items():
        tried = [scorer.try_layer(pipeline, slot, layer) for layer in layers]
        helping = [(fitted, step) for fitted, step in tried if step.helps(rule=rule)]
        best = max(helping, key=lambda pair: pair[1].gain.value, default=None)
        steps += [replace(step, kept=best is not None and best[1] is step) for _, step in tried]
        if best is not None:
            pipeline = pipeline.with_layer(best[0])
    return pipeline, steps
