"""The network: one timm backbone and one linear head a task; logits to probabilities."""

import timm
import timm.data
import torch
from timm.models import group_parameters
from torch import nn

from pipeline.labels.tasks import Task
from pipeline.learning.weights import load_backbone


class FaceNetwork(nn.Module):
    """Pixels (N, 3, H, W) to logits (N, C) for each task by name."""

    def __init__(self, backbone: nn.Module, *, heads: dict[str, int], dropout: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        width = backbone.head_hidden_size
        self.heads = nn.ModuleDict({task: nn.Linear(width, size) for task, size in heads.items()})
        for head in self.heads.values():  # small: the first steps should not shake the backbone
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.dropout(self.backbone(batch))
        return {task: head(features) for task, head in self.heads.items()}


def build_network(
    backbone: str,
    *,
    weights: str,
    tasks: list[Task],
    dropout: float = 0.0,
    drop_path: float = 0.0,
    freeze: int | str = 0,
) -> FaceNetwork:
    """A network with a head for each task. Raises ValueError like load_backbone."""
    heads = {task.name: task.num_columns for task in tasks}
    body = load_backbone(backbone, weights=weights, drop_path=drop_path)
    freeze_groups(body, number=freeze)
    return FaceNetwork(body, heads=heads, dropout=dropout)


def input_statistics(backbone: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and std of pixels in [0, 1] that the backbone was trained with, from timm."""
    config = timm.data.resolve_data_config(timm.get_pretrained_cfg(backbone).to_dict())
    return tuple(config["mean"]), tuple(config["std"])


def to_probs(logits: torch.Tensor, *, task: Task) -> torch.Tensor:
    """Logits (N, C) as float32 probabilities, a score in [0, 1], or a value in the label's unit."""
    logits = logits.float()
    if task.kind == "classes":
        return logits.softmax(dim=1)
    return logits.sigmoid() if task.kind == "score" else logits * task.scale


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
    groups = _layer_groups(backbone)
    if number == "all":
        backbone.requires_grad_(False)
        return
    if number > len(groups):
        raise ValueError(f"{number} of {len(groups)} layer groups; allowed: fewer, or all")
    held = {name for group in list(groups.values())[:number] for name in group}
    for name, parameter in backbone.named_parameters():
        if name in held:
            parameter.requires_grad_(False)


def hold_norms(network: nn.Module, *, every: bool) -> None:
    """Puts the BatchNorms of frozen layers, or every one, into evaluation mode, where they keep
    the statistics they have."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            every or not any(parameter.requires_grad for parameter in module.parameters())
        ):
            module.eval()


def _layer_groups(backbone: nn.Module) -> dict[int, list[str]]:
    return group_parameters(backbone, backbone.group_matcher(coarse=True), reverse=False)
