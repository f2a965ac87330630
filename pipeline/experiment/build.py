"""From a member's settings to what trains it: heads, network, criteria, sampler, mixing."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import torch
from timm.utils import ModelEmaV3

from pipeline.config import Experiment, Member
from pipeline.experiment.targets import balance_codes, own_targets
from pipeline.images.mixup import Mixing, mix_batch
from pipeline.images.sampler import EpochSampler, balanced_chances
from pipeline.images.transform import Transform
from pipeline.labels.kinds import DEFAULT_LOSS
from pipeline.labels.tasks import Task, is_labelled
from pipeline.models.heads import HeadShape
from pipeline.models.loop import Mix, State
from pipeline.models.lora import add_lora
from pipeline.models.losses import (
    Criterion,
    balanced_bins,
    balanced_weights,
    head_shape,
    positive_weights,
)
from pipeline.models.network import (
    FaceNetwork,
    build_frozen_network,
    build_network,
    input_statistics,
    to_channels_last,
)
from pipeline.models.optimiser import build_optimiser


def member_transform(member: Member) -> Transform:
    """The evaluation transform of a member: its image size, its backbone's mean and std."""
    mean, std = input_statistics(member.backbone)
    return Transform(size=member.image_size, mean=mean, std=std)


def head_losses(member: Member, tasks: Sequence[Task]) -> dict[str, str]:
    """Per task, the loss whose form decodes the head's output: the first one of a mixture."""
    losses = {}
    for task in tasks:
        mixture = member.tasks[task.name].losses_for(task.kind)
        losses[task.name] = next(iter(mixture))
    return losses


def head_shapes(member: Member, tasks: Sequence[Task]) -> dict[str, HeadShape]:
    """Per task, the shape of its head."""
    losses = head_losses(member, tasks)
    shapes = {}
    for task in tasks:
        head = member.tasks[task.name]
        shapes[task.name] = head_shape(
            task, loss=losses[task.name], bins=head.bins, scale=head.scale
        )
    return shapes


def make_network(member: Member, tasks: Sequence[Task], *, weights: str) -> FaceNetwork:
    """The member's network; `weights` as in load_backbone. Raises ValueError likewise."""
    if member.head is not None:
        return build_frozen_network(
            member.backbone,
            weights=weights,
            heads=head_shapes(member, tasks),
            layers=member.layers,
            kernel=member.head == "kernel_ridge",
        )
    return build_network(
        member.backbone,
        weights=weights,
        heads=head_shapes(member, tasks),
        hidden=member.hidden,
        dropout=member.dropout,
        drop_path=member.drop_path,
        image_size=member.image_size,
        freeze=member.freeze,
        freeze_by=member.freeze_by,
    )


def fresh_state(
    member: Member, tasks: Sequence[Task], *, seed: int, device: torch.device, precision: str
) -> State:
    """Network, optimiser and the rest before the first step."""
    torch.manual_seed(member.seeds[0] if member.same_start else seed)
    network = make_network(member, tasks, weights=member.weights)
    if member.lora is not None:
        lora = member.lora
        add_lora(network.backbone, rank=lora.rank, alpha=lora.alpha, dropout=lora.dropout)
    network = to_channels_last(network, device=device)
    optimiser = build_optimiser(
        network,
        name=member.optimiser,
        lr=member.lr,
        backbone_lr=member.backbone_lr,
        layer_decay=member.layer_decay,
        weight_decay=member.weight_decay,
        momentum=member.momentum,
        fused=device.type == "cuda",
    )
    ema = ModelEmaV3(network, decay=member.ema, use_warmup=True) if member.ema else None
    scaler = torch.amp.GradScaler(device.type, enabled=precision == "float16")
    return State(network=network, optimiser=optimiser, ema=ema, scaler=scaler)


def make_criteria(
    member: Member,
    tasks: Sequence[Task],
    train: pd.DataFrame,
    held: pd.DataFrame | None = None,
) -> tuple[Criterion, ...]:
    """How each task is learnt; weights by rarity come from the training images' labels.

    `held` are the images that the criteria judge beside `train`.
    """
    criteria = []
    for task in tasks:
        head = member.tasks[task.name]
        targets = own_targets(member, task, train)
        labelled = is_labelled(targets)
        is_complete = bool(labelled.all())
        if held is not None:
            is_complete &= bool(is_labelled(own_targets(member, task, held)).all())
        class_weights = None if head.class_weights == "none" else head.class_weights
        rare_weights = None
        if class_weights == "balanced" and task.kind == "multilabel":
            class_weights, rare_weights = None, positive_weights(targets)
        elif class_weights == "balanced":
            class_weights = balanced_weights(targets[labelled], num_classes=len(task.classes))
        bin_weights = None
        if head.bin_weights is not None:
            bin_weights = balanced_bins(
                targets[labelled], num_bins=head.bin_weights, power=head.bin_power
            )
        criteria.append(
            Criterion(
                task=task,
                loss=head.loss or DEFAULT_LOSS[task.kind],
                weight=head.weight,
                smoothing=head.smoothing,
                gamma=head.gamma,
                margin=head.margin,
                scale=head.scale,
                delta=head.delta,
                sigma=head.sigma,
                class_weights=class_weights,
                positive_weights=rare_weights,
                bin_weights=bin_weights,
                partly_labelled=not is_complete,
            )
        )
    return tuple(criteria)


def make_sampler(
    settings: Experiment, member: Member, train: pd.DataFrame, *, seed: int
) -> EpochSampler:
    """Which training image comes when. Raises ValueError for a label that is not there."""
    chances = None
    if member.sampler == "balanced":
        chances = balanced_chances(balance_codes(settings, member, train))
    return EpochSampler(
        len(train),
        batch_size=member.batch_size,
        seed=seed,
        groups=train["person_id"].astype(str).tolist(),
        per_group=member.images_per_person,
        chances=chances,
        repeats=member.repeats,
    )


def make_mix(member: Member, tasks: Sequence[Task]) -> Mix | None:
    """The function that mixes a batch, or None when the member mixes none."""
    if member.mix is None:
        return None
    num_classes = {}
    for task in tasks:
        if task.kind == "multiclass" and not task.learns_number:
            num_classes[task.name] = len(task.classes)
    mixing = Mixing(
        name=member.mix.name, alpha=member.mix.alpha, p=member.mix.p, within=member.mix.within
    )
    return partial(mix_batch, mixing=mixing, num_classes=num_classes)
