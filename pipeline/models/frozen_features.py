"""Channel means and deviations of a frozen backbone's blocks, as the features of a linear head.

The middle blocks of an ImageNet network hold texture (skin, hair, wrinkles) that its last layer has
given up for object classes: for ages they are the better features (Head2Toe, Evci et al. 2022).
"""

from collections.abc import Sequence

import torch
from torch import nn

from pipeline.models.timm_backbone import as_timm

CONTAINERS = ("blocks", "stages", "layers")  # where timm's networks keep their blocks in order


class KeepOutput(nn.Module):
    """A block that keeps its last output. A copy of a network has keepers of its own, which a hook
    on the block would not have."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block
        self.output = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """What the block gives, kept as `output` too."""
        self.output = self.block(*inputs)
        return self.output


class BlockStatistics(nn.Module):
    """Pixels (N, 3, H, W) to the mean and standard deviation of every channel of some blocks.

    `layers` are places among `find_blocks`; null takes all but the first third. The backbone's own
    weights never change. `head_hidden_size` is the number of features.
    """

    def __init__(self, backbone: nn.Module, *, layers: Sequence[int] | None = None) -> None:
        super().__init__()
        names = find_blocks(backbone)
        self.layers = choose_layers(len(names), layers)
        for layer in self.layers:
            backbone.set_submodule(names[layer], KeepOutput(backbone.get_submodule(names[layer])))
        self.body = backbone.requires_grad_(False)
        with torch.inference_mode():
            self.head_hidden_size = self.eval()(torch.zeros(1, 3, 64, 64)).shape[1]

    def train(self, mode: bool = True) -> "BlockStatistics":
        """Stays in evaluation mode: BatchNorm keeps the pretrained statistics."""
        return super().train(False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """The means and deviations (N, D) of all channels of the kept blocks."""
        as_timm(self.body).forward_features(batch)
        keepers = [module for module in self.body.modules() if isinstance(module, KeepOutput)]
        features = torch.cat([channel_statistics(keeper.output) for keeper in keepers], dim=1)
        for keeper in keepers:
            keeper.output = torch.empty(0)
        return features


def channel_statistics(maps: torch.Tensor) -> torch.Tensor:
    """Means and standard deviations over places: (N, C, H, W), or tokens (N, L, C), to (N, 2C)."""
    maps = maps.float()
    places = (1,) if maps.dim() == 3 else (2, 3)
    return torch.cat([maps.mean(dim=places), maps.std(dim=places, correction=0)], dim=1)


def find_blocks(backbone: nn.Module) -> list[str]:
    """The names of a timm network's blocks from the input on. Raises ValueError if it has none."""
    for name in CONTAINERS:
        container = getattr(backbone, name, None)
        if isinstance(container, nn.Sequential | nn.ModuleList):
            return [f"{name}.{place}" for place in range(len(container))]
    places = getattr(backbone, "feature_info", None) or []
    if not places:
        raise ValueError(
            f"{type(backbone).__name__} does not say what its blocks are, so a fitted head "
            "can't look at them; tf_efficientnet_lite0 does"
        )
    return [place["module"] for place in places]


def choose_layers(number: int, layers: Sequence[int] | None) -> tuple[int, ...]:
    """The blocks to look at, of so many. Raises ValueError for one that is not there."""
    if layers is None:
        return tuple(range(number // 3, number))
    for layer in layers:
        if not 0 <= layer < number:
            raise ValueError(f"layers: {layer}; the backbone has blocks 0 to {number - 1}")
    return tuple(layers)
