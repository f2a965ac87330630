"""A backbone's layers in timm's groups, from the input on: for freezing and for learning rates.

A group is a stage (the stem, then each stage of the network) or a single block (a residual block, a
transformer layer).
"""

from typing import Literal

import timm
import torch
from timm.models import group_parameters
from torch import nn

from pipeline.models.timm_backbone import as_timm

GroupBy = Literal["stage", "block"]
Freeze = int | Literal["all"]  # how many groups keep their weights


def layer_groups(backbone: nn.Module, *, by: GroupBy = "stage") -> dict[int, list[str]]:
    """The names of each group's parameters, from the input on.

    Raises ValueError for a backbone that timm does not divide into groups.
    """
    try:
        matcher = as_timm(backbone).group_matcher(coarse=by == "stage")
    except (AttributeError, AssertionError):
        kind = type(backbone).__name__
        raise ValueError(
            f"timm does not divide a {kind} into layer groups, so it can't be frozen in part or "
            "learn at rates by layer; allowed: freeze: 0 or all, and layer_decay: 1"
        ) from None
    return group_parameters(backbone, matcher, reverse=False)


def freeze_layers(backbone: nn.Module, *, number: Freeze, by: GroupBy = "stage") -> None:
    """Keeps the weights of the first `number` groups as they are, or of `all`.

    A number below 0 counts from the end: -1 leaves the last group to learn. Raises ValueError when
    the backbone has fewer groups.
    """
    if number == 0:
        return
    if number == "all":
        backbone.requires_grad_(False)
        return
    groups = list(layer_groups(backbone, by=by).values())
    if abs(number) > len(groups):
        raise ValueError(
            f"{number} of {len(groups)} layer groups (freeze_by: {by}); allowed: "
            f"-{len(groups)} to {len(groups)}, or all"
        )
    frozen = {name for group in groups[:number] for name in group}
    for name, parameter in backbone.named_parameters():
        if name in frozen:
            parameter.requires_grad_(False)


def check_freeze(backbone: str, *, number: Freeze, by: GroupBy = "stage") -> None:
    """Raises ValueError when a backbone, by name, can't be frozen so."""
    if number not in (0, "all"):
        freeze_layers(_empty_backbone(backbone), number=number, by=by)


def check_layer_decay(backbone: str, *, layer_decay: float) -> None:
    """Raises ValueError when a backbone, by name, can't learn at rates by layer."""
    if layer_decay != 1.0:
        layer_groups(_empty_backbone(backbone))


def _empty_backbone(backbone: str) -> nn.Module:
    """The network without memory for its weights."""
    with torch.device("meta"):
        return timm.create_model(backbone, num_classes=0)
