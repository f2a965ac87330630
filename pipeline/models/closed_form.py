"""The heads of a frozen network, fitted on features in one go: ridge, logistic, kernel ridge.

All of them share one way: features are standardised, the strength is chosen on people that a fit
did not see, and one temperature turns scores into probabilities (Guo et al. 2017).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import nn

from pipeline.labels.tasks import Task, is_labelled
from pipeline.models.kernel_map import WIDTHS, KernelMap
from pipeline.models.linear_head import LinearHead, fit_scale
from pipeline.models.logistic import fit_logistics, mean_cross_entropy
from pipeline.models.network import FaceNetwork
from pipeline.models.ridge import fit_ridges

Columns = dict[str, np.ndarray]  # by task, what a head learns (N, K); NaN or -1 where unknown


@torch.inference_mode()
def fit_heads(
    network: FaceNetwork,
    features: np.ndarray,
    targets: Mapping[str, np.ndarray],
    *,
    head: str,
    tasks: Sequence[Task],
    groups: np.ndarray,
) -> float:
    """Sets the network's neck and heads from features (N, D) and targets by task. Gives the mean
    held-out loss over the tasks: cross-entropy of `head: logistic`, else squared error.

    A group (N,) is a person, who is never on both sides when the strength is chosen. Rows without a
    task's label do not count for that task.
    """
    norm = network.neck[0]
    assert isinstance(norm, nn.BatchNorm1d) and norm.running_mean is not None
    assert norm.running_var is not None, "the neck of a frozen network standardises the features"
    norm.running_mean.copy_(torch.from_numpy(features.mean(axis=0)))
    norm.running_var.copy_(torch.from_numpy(features.var(axis=0)))
    x = norm(torch.from_numpy(features)).double().numpy()
    columns: Columns = {}
    known: dict[str, np.ndarray] = {}
    for task in tasks:
        for name, rows, wanted in _parts(task, targets[task.name]):
            known[name], columns[name] = rows, wanted
    fit = partial(_fit_by_rows, columns=columns, known=known, groups=groups, head=head)
    if head == "kernel_ridge":
        fitted = _fit_kernel(network, x, fit=fit, columns=columns, known=known)
    else:
        fitted = fit(x)
    losses = []
    for task in tasks:
        weights, biases = [], []
        for name, rows, every in _parts(task, targets[task.name]):
            wanted, found = every[rows], fitted[name]
            losses.append(_held_out_loss(found.held_out, wanted, head=head))
            weight, bias = _as_logits(task, found, wanted, head=head)
            weights.append(weight)
            biases.append(bias)
        layer = network.heads[task.name]
        assert isinstance(layer, nn.Linear), "a head in closed form is linear"
        layer.weight.copy_(torch.from_numpy(np.concatenate(weights)))
        layer.bias.copy_(torch.from_numpy(np.concatenate(biases)))
    return float(np.mean(losses))


def _fit_by_rows(
    x: np.ndarray,
    *,
    columns: Columns,
    known: Mapping[str, np.ndarray],
    groups: np.ndarray,
    head: str,
) -> dict[str, LinearHead]:
    """The linear heads by task; tasks with the same labelled rows share one decomposition."""
    by_rows: dict[bytes, list[str]] = {}
    for task, rows in known.items():
        by_rows.setdefault(rows.tobytes(), []).append(task)
    fitted: dict[str, LinearHead] = {}
    for packed, together in by_rows.items():
        rows = np.frombuffer(packed, dtype=bool)
        wanted = {task: columns[task][rows] for task in together}
        fit = fit_logistics if head == "logistic" else fit_ridges
        fitted |= fit(x[rows], wanted, groups=groups[rows])
    return fitted


def _fit_kernel(
    network: FaceNetwork,
    x: np.ndarray,
    *,
    fit: Callable[[np.ndarray], dict[str, LinearHead]],
    columns: Columns,
    known: Mapping[str, np.ndarray],
) -> dict[str, LinearHead]:
    """The heads behind the kernel of the width with the least held-out error, which is set."""
    layer = network.neck[1]
    assert isinstance(layer, KernelMap), "head: kernel_ridge has the kernel in its neck"
    best_error, best_width = np.inf, WIDTHS[0]
    best: dict[str, LinearHead] = {}
    for width in WIDTHS:
        layer.fit(x, width=width)
        fitted = fit(_mapped(layer, x))
        errors = []
        for task, rows in known.items():
            wanted = columns[task][rows]
            spread = max(float(wanted.var(axis=0).mean()), 1e-12)  # tasks have unlike units
            errors.append(_held_out_loss(fitted[task].held_out, wanted, head="ridge") / spread)
        error = float(np.mean(errors))
        if error < best_error:
            best_error, best_width, best = error, width, fitted
    layer.fit(x, width=best_width)
    return best


def _mapped(layer: nn.Module, x: np.ndarray) -> np.ndarray:
    """As the network will map them, in its own precision."""
    return layer(torch.from_numpy(x.astype(np.float32))).double().numpy()


def _held_out_loss(scores: np.ndarray, wanted: np.ndarray, *, head: str) -> float:
    if head == "logistic":
        return mean_cross_entropy(scores, wanted)
    return float(np.square(scores - wanted).mean())


def _parts(task: Task, target: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """What is fitted for a task: a name, the rows (N,) that have the label, and columns (N, K). Of
    several labels each is fitted by itself, on the images in which it is known."""
    if task.kind != "multilabel":
        return [(task.name, is_labelled(target), _columns(task, target))]
    parts = []
    for place, word in enumerate(task.classes):
        known = ~np.isnan(target[:, place])
        if not known.any():
            raise ValueError(f"{task.name}: no train image says anything of the label {word!r}")
        parts.append((f"{task.name}.{word}", known, target[:, [place]].astype(np.float64)))
    return parts


def _columns(task: Task, target: np.ndarray) -> np.ndarray:
    """What a head learns (N, K): a column a class, or the one value."""
    if task.kind != "multiclass":
        return target.astype(np.float64).reshape(-1, 1)
    if target.ndim == 2:
        return target.astype(np.float64)
    return np.eye(len(task.classes))[target]  # rows without a label, -1, are left out later


def _as_logits(
    task: Task, found: LinearHead, wanted: np.ndarray, *, head: str
) -> tuple[np.ndarray, np.ndarray]:
    """Weight (K, D) and bias (K,) of the layer whose outputs the task's head decodes.

    Scores of classes are scaled so that softmax, or the sigmoid of a binary task, gives the
    probabilities that fit the held-out scores best; a value is brought to the task's own scale.
    """
    if task.kind == "regression":
        return found.weight / task.scale, (found.bias - task.centre) / task.scale
    if task.kind == "multiclass":
        factor = fit_scale(found.held_out, wanted)
        return factor * found.weight, factor * found.bias
    both = np.concatenate([1.0 - wanted, wanted], axis=1)
    if head == "logistic":  # its scores are logits, those of the first answer being 0
        scores = np.concatenate([np.zeros_like(found.held_out), found.held_out], axis=1)
        factor = fit_scale(scores, both)
        return factor * found.weight, factor * found.bias
    scores = np.concatenate([1.0 - found.held_out, found.held_out], axis=1)
    factor = 2.0 * fit_scale(scores, both)
    return factor * found.weight, factor * (found.bias - 0.5)
