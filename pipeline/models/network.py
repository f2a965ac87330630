"""The network: one timm backbone and one head a task; logits to probabilities."""

from collections.abc import Mapping

import timm.data
import torch
from timm.models import group_parameters
from torch import nn

from pipeline.labels.tasks import Task
from pipeline.models.heads import FORMS, HeadShape, build_head, full_precision
from pipeline.models.losses import LOSSES
from pipeline.models.pretrained import load_backbone


class FaceNetwork(nn.Module):
    """Pixels (N, 3, H, W) to logits (N, outputs) for each task by name."""

    def __init__(
        self,
        backbone: nn.Module,
        *,
        heads: Mapping[str, HeadShape],
        dropout: float,
        hidden: int | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        width = backbone.head_hidden_size
        self.neck = nn.Sequential()
        if hidden is not None:
            layers = (nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True))
            self.neck, width = nn.Sequential(*layers), hidden
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict(
            {task: build_head(width, shape) for task, shape in heads.items()}
        )

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.dropout(self.neck(self.backbone(batch)))
        # bfloat16 keeps three digits: too few for an age, a threshold or an order of scores
        with full_precision(features.device):
            features = features.float()
            return {task: head(features) for task, head in self.heads.items()}


def build_network(
    backbone: str,
    *,
    weights: str,
    heads: Mapping[str, HeadShape],
    hidden: int | None = None,
    dropout: float = 0.0,
    drop_path: float = 0.0,
    freeze: int | str = 0,
) -> FaceNetwork:
    """A network with a head for each task by name. Raises ValueError like load_backbone."""
    body = load_backbone(backbone, weights=weights, drop_path=drop_path)
    freeze_groups(body, number=freeze)
    return FaceNetwork(body, heads=heads, dropout=dropout, hidden=hidden)


def input_statistics(backbone: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and std of pixels in [0, 1] that the backbone was trained with, from timm."""
    config = timm.data.resolve_data_config(timm.get_pretrained_cfg(backbone).to_dict())
    return tuple(config["mean"]), tuple(config["std"])


def to_probs(logits: torch.Tensor, *, task: Task, loss: str | None = None) -> torch.Tensor:
    """Logits (N, outputs) as float32 probabilities, a score in [0, 1], or a value in the label's
    unit, as the loss that trained the head says; without one, as the task's kind does."""
    if loss is None:
        return FORMS[task.kind].decode(logits.float(), task)
    return LOSSES[loss].decode(logits.float(), task)


def check_freeze(backbone: str, *, number: int | str) -> None:
    """Raises ValueError when a backbone, by name, has fewer layer groups than are to be frozen."""
    if number not in (0, "all"):
        with torch.device("meta"):
            freeze_groups(timm.create_model(backbone, num_classes=0), number=number)


def freeze_groups(backbone: nn.Module, *, number: int | str) -> None:
    """Keeps the weights of timm's first `number` layer groups (the stem, then each stage or block),
    or of `all`, as they are.

    Raises ValueError when the backbone has fewer groups.
    """
    groups = layer_groups(backbone)
    if number == "all":
        backbone.requires_grad_(False)
        return
    if number > len(groups):
        raise ValueError(f"{number} of {len(groups)} layer groups; allowed: fewer, or all")
    held = {name for group in list(groups.values())[:number] for name in group}
    for name, parameter in backbone.named_parameters():
        if name in held:
            parameter.requires_grad_(False)


def freeze_batchnorm(network: nn.Module, *, every: bool) -> None:
    """Puts the BatchNorms of frozen layers, or every one, into evaluation mode, where they keep
    the statistics they have."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            every or not any(parameter.requires_grad for parameter in module.parameters())
        ):
            module.eval()


def layer_groups(backbone: nn.Module) -> dict[int, list[str]]:
    """timm's layer groups from the input on: the names of each one's parameters."""
    return group_parameters(backbone, backbone.group_matcher(coarse=True), reverse=False)
