"""The first habit: a member's loss before it has learnt anything, beside the one to expect."""

import numpy as np
import pandas as pd
import torch

from pipeline.config import Member
from pipeline.experiment.targets import training_targets
from pipeline.features.tuning.expected_loss import constant_loss, expected_loss
from pipeline.features.tuning.sanity_checks import CheckSetup, train_mode
from pipeline.models.logits import autocast
from pipeline.models.loop import State, total_loss
from pipeline.models.losses import Criterion, is_labelled

PROBED = 256  # images that the untrained loss is measured on


def measure_initial_loss(
    setup: CheckSetup, member: Member, *, state: State | None = None
) -> list[dict]:
    """One row a task: the loss found before the first step, and the one to expect, with its
    formula. `state` is the network to look at; a fresh one when not given. An image without a
    task's label does not count for that task."""
    state = state or setup.fresh(member)
    positions = np.random.default_rng(setup.seed).permutation(len(setup.train))[:PROBED]
    plain = member.model_copy(update={"augment": ()})
    batch = max(2, member.batch_size)
    starts = range(0, max(1, len(positions) - len(positions) % batch), batch)  # whole batches
    parts = [positions[start : start + batch] for start in starts]
    seen = setup.train.iloc[np.concatenate(parts)]
    found: dict[str, list[tuple[float, float]]] = {task.name: [] for task in setup.tasks}
    counts = dict.fromkeys(found, 0)  # images with the task's label
    criteria = setup.criteria(member)
    train_mode(state.network, member)
    with torch.no_grad():
        for part in parts:
            pixels, targets = setup.batch(plain, part, seeds=[0] * len(part))
            with autocast(setup.device, precision=setup.precision):
                logits = state.network(pixels)
            blank = {task: torch.zeros_like(value) for task, value in logits.items()}
            for one in criteria:
                pair = [total_loss(x, targets, criteria=(one,)).item() for x in (logits, blank)]
                known = int(is_labelled(targets[one.task.name]).sum())
                found[one.task.name].append((pair[0] * known, pair[1] * known))
                counts[one.task.name] += known
    rows = []
    for one in criteria:
        measured, blank = np.sum(found[one.task.name], axis=0) / max(1, counts[one.task.name])
        rows.append(_expectation(setup, one, member, seen, measured=measured, blank=blank))
    return rows


def _expectation(
    setup: CheckSetup,
    criterion: Criterion,
    member: Member,
    seen: pd.DataFrame,
    *,
    measured: float,
    blank: float,
) -> dict:
    task = criterion.task
    values = training_targets(member, setup.tasks, seen)[task.name]
    values = values[is_labelled(torch.from_numpy(values)).numpy()]
    losses = {criterion.loss: 1.0} if isinstance(criterion.loss, str) else criterion.loss
    closed, constant, (loss, share) = None, None, next(iter(losses.items()))
    if len(losses) == 1 and criterion.class_weights is None and criterion.bin_weights is None:
        closed = expected_loss(
            loss,
            values,
            num_classes=len(task.classes),
            gamma=criterion.gamma,
            scale=task.scale,
            centre=task.centre,
        )
        constant = constant_loss(loss, values, scale=task.scale, centre=task.centre)
    value, formula = closed or (float(blank), "this loss with all logits at zero")
    row = {"task": task.name, "found": float(measured), "formula": formula}
    return row | {
        "expected": share * value if closed else value,
        "constant": None if constant is None else share * constant,
        "close": 0.1 if closed and constant is None else 0.5,
        "size": float(np.abs((values - task.centre) / task.scale).mean())
        if task.kind == "regression"
        else None,
    }
