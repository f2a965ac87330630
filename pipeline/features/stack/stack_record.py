"""What kept layers learnt from everybody, as plain values for a record."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.ensembling.combine import Weights
from pipeline.ensembling.predictions import WHOLE, Predictions
from pipeline.ensembling.stacker import Stacker
from pipeline.metrics.linear_recalibration import LinearRecalibration
from pipeline.metrics.nested_cv import ALL_FOLDS, LayerPipeline


def plain_facts(chain: LayerPipeline, start: Predictions, views: Sequence[str]) -> dict[str, Any]:
    """By kept layer: chosen views, weights of members, temperatures, offsets."""
    return {
        trial.layer.name: _plain(trial.layer.name, trial.fitted[ALL_FOLDS], start, views)
        for trial in chain.trials
    }


def _plain(name: str, fitted: Any, start: Predictions, views: Sequence[str]) -> Any:
    if name.startswith("views"):
        return {task: [views[place] for place in chosen] for task, chosen in fitted.items()}
    if isinstance(fitted, Weights):
        return _weights(fitted, start)
    if name == "members: stacking":
        return {task: _stack(stack) for task, stack in fitted.items()}
    if name == "calibration":
        return [{task: round(t, 4) for task, t in each.items()} for each in fitted]
    if isinstance(fitted, np.ndarray):
        return fitted.round(6).tolist()
    if isinstance(fitted, LinearRecalibration):
        return {"slope": fitted.slope, "shift": fitted.shift}
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


def _stack(stack: Stacker) -> dict[str, Any]:
    return {"penalty": stack.penalty, "coefficients": np.round(stack.model.coef_, 4).tolist()}
