"""What the networks of timm have beside being torch modules, for the type checker."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import torch
from torch import nn


class TimmBackbone(Protocol):
    """A network of timm's `create_model`, or BlockStatistics, which stands in place of one."""

    head_hidden_size: int
    default_cfg: Mapping[str, Any]

    def forward_features(self, batch: torch.Tensor) -> torch.Tensor: ...

    def group_matcher(self, coarse: bool) -> dict[str, Any]: ...

    def reset_classifier(self, num_classes: int) -> None: ...


def as_timm(backbone: nn.Module) -> TimmBackbone:
    """The same network. torch says that every attribute of a module is a tensor or a module, so
    timm's own attributes need the cast."""
    return cast(TimmBackbone, backbone)
