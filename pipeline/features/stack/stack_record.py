"""What kept layers learnt from everybody, as plain values for a record."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.ensembling.combine import Weights
from pipeline.ensembling.predictions import WHOLE, Predictions
from pipeline.ensembling.stacker import LabelStacker, Stacker
from pipeline.metrics.cut_points import CutPoints
from pipeline.metrics.linear_recalibration import LinearRecalibration
from pipeline.metrics.nested_cv import ALL_FOLDS, LayerPipeline


def plain_facts(
    pipeline: LayerPipeline, start: Predictions, views: Sequence[str]
) -> dict[str, Any]:
    """By kept layer: chosen views, weights of members, temperatures, offsets."""
    facts = {}
    for kept in pipeline.layers:
        facts[kept.layer.name] = _plain(kept.layer.name, kept.fitted[ALL_FOLDS], start, views)
    return facts


def _plain(name: str, fitted: Any, start: Predictions, views: Sequence[str]) -> Any:
    if name.startswith("views"):
        return {task: [views[place] for place in chosen] for task, chosen in fitted.items()}
    if isinstance(fitted, Weights):
        return _weights(fitted, start)
    if name == "members: stacking":
        return {task: _stacker(stacker) for task, stacker in fitted.items()}
    if name == "calibration":
        return [{task: np.round(t, 4).tolist() for task, t in each.items()} for each in fitted]
    if isinstance(fitted, np.ndarray):
        return fitted.round(6).tolist()
    if isinstance(fitted, LinearRecalibration):
        return {"slope": fitted.slope, "shift": fitted.shift}
    if isinstance(fitted, CutPoints):
        return {"first": fitted.first, "cuts": fitted.cuts.round(6).tolist()}
    if isinstance(fitted, tuple):  # thresholds of several labels
        return list(fitted)
    return fitted if isinstance(fitted, float) else None


def _weights(weights: Weights, start: Predictions) -> dict[str, dict[str, float]]:
    def named(task: str, values: np.ndarray, first: Sequence[str] = ()) -> dict[str, float]:
        names = [*first, *(head.member for head in start.heads if head.task == task)]
        return dict(zip(names, np.round(values, 4).tolist(), strict=True))

    found = {task: named(task, values) for task, values in weights.by_task.items()}
    if weights.whole is None:
        return found
    product = ["product of tasks"] if weights.by_task else []
    return {**found, WHOLE: named(WHOLE, weights.whole, product)}


def _stacker(stacker: Stacker | LabelStacker) -> Any:
    if isinstance(stacker, LabelStacker):
        return [None if each is None else _stacker(each) for each in stacker.by_label]
    return {"penalty": stacker.penalty, "coefficients": np.round(stacker.model.coef_, 4).tolist()}
