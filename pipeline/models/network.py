"""The network: one timm backbone and one head a task; logits to probabilities."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import timm.data
import torch
from torch import nn

from pipeline.labels.tasks import Task
from pipeline.models.frozen_features import BlockStatistics, choose_layers, find_blocks
from pipeline.models.heads import FORMS, HeadShape, build_head, full_precision
from pipeline.models.kernel_map import NUM_CENTRES, KernelMap
from pipeline.models.layers import Freeze, GroupBy, freeze_layers
from pipeline.models.losses import LOSSES
from pipeline.models.pretrained import load_backbone
from pipeline.models.timm_backbone import as_timm

Colour = tuple[float, float, float]  # red, green, blue
Network = TypeVar("Network", bound=nn.Module)


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
        width = as_timm(backbone).head_hidden_size
        self.neck = nn.Sequential()
        if hidden is not None:
            layers = (nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True))
            self.neck = nn.Sequential(*layers)
            width = hidden
        self.dropout = nn.Dropout(dropout)
        self.heads = build_heads(width, heads)

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """Logits by task, (N, columns of its head) float32, of input images (N, 3, H, W)."""
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
    image_size: int | None = None,
    freeze: Freeze = 0,
    freeze_by: GroupBy = "stage",
) -> FaceNetwork:
    """A network with a head for each task by name, for square images of `image_size` pixels (the
    backbone's own where it is not given). Raises ValueError like load_backbone and freeze_layers.
    """
    body = load_backbone(backbone, weights=weights, drop_path=drop_path, image_size=image_size)
    freeze_layers(body, number=freeze, by=freeze_by)
    return FaceNetwork(body, heads=heads, dropout=dropout, hidden=hidden)


def build_frozen_network(
    backbone: str,
    *,
    weights: str,
    heads: Mapping[str, HeadShape],
    layers: Sequence[int] | None,
    kernel: bool = False,
) -> FaceNetwork:
    """Linear heads on standardised statistics of a frozen backbone's blocks (BlockStatistics).

    The neck is a BatchNorm without weights: its running mean and variance standardise the features.
    With `kernel` a Gaussian kernel's map follows it. Raises ValueError like load_backbone, and for
    a block that is not there.
    """
    body = BlockStatistics(load_backbone(backbone, weights=weights, drop_path=0.0), layers=layers)
    network = FaceNetwork(body, heads=heads, dropout=0.0)
    width = body.head_hidden_size
    network.neck = nn.Sequential(nn.BatchNorm1d(width, affine=False))
    if kernel:
        network.neck.append(KernelMap(width))
        network.heads = build_heads(NUM_CENTRES, heads)
    return network.requires_grad_(False)


def build_heads(width: int, shapes: Mapping[str, HeadShape]) -> nn.ModuleDict:
    """A head for each task by name, on so many features."""
    return nn.ModuleDict({task: build_head(width, shape) for task, shape in shapes.items()})


def input_statistics(backbone: str) -> tuple[Colour, Colour]:
    """Mean and std of pixels in [0, 1] that the backbone was trained with, from timm."""
    pretrained = timm.get_pretrained_cfg(backbone)
    assert pretrained is not None, "check_backbone has let only networks of timm through"
    config = timm.data.resolve_data_config(pretrained.to_dict())
    red, green, blue = config["mean"]
    red_spread, green_spread, blue_spread = config["std"]
    return (red, green, blue), (red_spread, green_spread, blue_spread)


def to_probs(logits: torch.Tensor, *, task: Task, loss: str | None = None) -> torch.Tensor:
    """Logits (N, outputs) as float32 probabilities, a score in [0, 1], or a value in the label's
    unit, as the loss that trained the head says; without one, as the task's kind does."""
    if loss is None:
        return FORMS[task.kind].decode(logits.float(), task)
    return LOSSES[loss].decode(logits.float(), task)


def to_channels_last(network: Network, *, device: torch.device) -> Network:
    """The network on the device, its convolutions in the order in which pixels come."""
    moved = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved  # torch documents this call, but none of its overloads takes both


def check_blocks(backbone: str, *, layers: Sequence[int] | None) -> None:
    """Raises ValueError when a fitted head can't look at these blocks of a backbone, by name."""
    with torch.device("meta"):
        blocks = find_blocks(timm.create_model(backbone, num_classes=0))
    choose_layers(len(blocks), layers)


def freeze_batchnorm(network: nn.Module, *, every: bool) -> None:
    """Puts the BatchNorms of frozen layers, or every one, into evaluation mode, where they keep
    the statistics they have."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            every or not any(parameter.requires_grad for parameter in module.parameters())
        ):
            module.eval()
