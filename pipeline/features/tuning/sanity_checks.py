"""Two of the first habits on one member: a handful by heart, and a sweep of rates.

They assemble the network as the cell does, take a few steps, and throw it away.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd
import torch
from torch import nn

from pipeline.config import Experiment, Member
from pipeline.experiment.build import (
    fresh_state,
    make_criteria,
    make_mix,
    make_sampler,
    member_transform,
)
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import targets_of
from pipeline.features.tuning.tiny_subset import pick_tiny_subset
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, collate
from pipeline.images.transform import normalise
from pipeline.labels.tasks import Task
from pipeline.models.logits import autocast
from pipeline.models.loop import State, total_loss
from pipeline.models.losses import Criterion
from pipeline.models.network import FaceNetwork, freeze_batchnorm

Batch = tuple[torch.Tensor, dict[str, torch.Tensor]]
HANDFUL = 16


@dataclass(frozen=True)
class CheckSetup:
    """What the habits work on: the crops and labels outside the held-out fold, and the device."""

    settings: Experiment
    crops: np.ndarray
    tasks: list[Task]
    train: pd.DataFrame
    device: torch.device
    precision: str
    seed: int

    def fresh(self, member: Member) -> State:
        """The member as it starts, untrained but for its ImageNet weights."""
        return fresh_state(
            member, self.tasks, seed=self.seed, device=self.device, precision=self.precision
        )

    def criteria(self, member: Member) -> tuple[Criterion, ...]:
        """The member's losses, with the class weights of the images it learns from."""
        return make_criteria(member, self.tasks, self.train)

    def batch(
        self, member: Member, positions: Sequence[int] | np.ndarray, *, seeds: Sequence[int]
    ) -> Batch:
        """The images at these positions of `train`, augmented as the member says."""
        dataset = CropDataset(
            self.crops,
            rows=self.train["row"].to_numpy(),
            size=member.image_size,
            targets=training_targets(member, self.tasks, self.train),
            augment=build_augment(member.augment),
        )
        samples = zip(map(int, positions), map(int, seeds), strict=True)
        pixels, targets = collate([dataset[sample] for sample in samples])
        pixels = normalise(pixels.to(self.device), transform=member_transform(member))
        return pixels, {task: value.to(self.device) for task, value in targets.items()}


def overfit_tiny_subset(setup: CheckSetup, member: Member, *, goal: float, max_steps: int) -> dict:
    """The losses of learning a handful by heart, without augmentation, dropout or softened labels;
    it ends as soon as the loss is below `goal` times the first."""
    heads = {
        name: head.model_copy(update={"smoothing": 0.0, "band": None, "class_weights": "none"})
        for name, head in member.tasks.items()
    }
    calm = {"augment": (), "dropout": 0.0, "drop_path": 0.0, "weight_decay": 0.0, "ema": None}
    plain = member.model_copy(update={**calm, "tasks": heads})
    positions = pick_tiny_subset(_codes(setup), number=HANDFUL, seed=setup.seed)
    batch = setup.batch(plain, positions, seeds=[0] * len(positions))
    losses = _take_steps(setup, plain, [batch] * max_steps, goal=goal)
    return {"number": len(positions), "losses": losses}


def sweep_learning_rates(
    setup: CheckSetup, member: Member, *, rates: Sequence[float], steps: int
) -> list:
    """The losses (rates, steps) of a fresh network at each rate on the same batches, drawn,
    augmented and mixed as the member's are."""
    sampler = make_sampler(setup.settings, member, setup.train, seed=setup.seed)
    mix = make_mix(member, setup.tasks)
    batches: list[Batch] = []
    while len(batches) < steps:
        for samples in islice(sampler, steps - len(batches)):
            positions, seeds = zip(*samples, strict=True)
            pixels, targets = setup.batch(member, positions, seeds=seeds)
            if mix is not None:
                pixels, targets = mix(pixels, targets, (setup.seed, sampler.epoch, len(batches)))
            batches.append((pixels, targets))
        sampler.epoch += 1
    losses = []
    for rate in rates:
        taken = _take_steps(setup, member.model_copy(update={"lr": rate}), batches)
        losses.append(taken + [math.inf] * (steps - len(taken)))
    return losses


def _take_steps(
    setup: CheckSetup, member: Member, batches: Sequence[Batch], *, goal: float = 0.0
) -> list[float]:
    """The loss before each step at the member's constant rate, until one is not finite or below
    `goal` times the first."""
    state = setup.fresh(member)
    criteria = setup.criteria(member)
    losses = []
    train_mode(state.network, member)
    for pixels, targets in batches:
        with autocast(setup.device, precision=setup.precision):
            logits = state.network(pixels)
        loss = total_loss(logits, targets, criteria=criteria)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]) or losses[-1] < goal * losses[0]:
            break
        state.optimiser.zero_grad(set_to_none=True)
        state.scaler.scale(loss).backward()
        if member.clip_norm is not None:
            state.scaler.unscale_(state.optimiser)
            nn.utils.clip_grad_norm_(state.network.parameters(), member.clip_norm)
        state.scaler.step(state.optimiser)
        state.scaler.update()
    return losses


def train_mode(network: FaceNetwork, member: Member) -> None:
    """Sets the network to training, with the frozen BatchNorm layers as the member wants them."""
    network.train()
    freeze_batchnorm(network.backbone, every=member.frozen_norm)


def _codes(setup: CheckSetup) -> np.ndarray:
    """Classes of the first task, or its sets of labels; a number's quintiles."""
    task = setup.tasks[0]
    values = targets_of([task], setup.train)[task.name]
    if task.kind == "regression":
        return pd.qcut(pd.Series(values), 5, labels=False, duplicates="drop").to_numpy()
    if task.kind == "multilabel":  # images with the same labels are of one class
        return np.unique(np.nan_to_num(values, nan=-1.0), axis=0, return_inverse=True)[1].ravel()
    return values
