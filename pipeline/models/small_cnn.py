"""A small network for small faces, from scratch: registered with timm under `small_cnn`.

Three 3x3 convolutions (16, 32, 64), two fully connected layers: 1,080,897 parameters with one
output. `small_cnn_dropout` is the same with dropout in four places. Importing this file is what
registers them.
"""

from typing import Any

import torch
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torch import nn
from torch.nn import functional as F

CONFIG = {
    "num_classes": 1,
    "input_size": (3, 64, 64),
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "interpolation": "bicubic",
    "crop_pct": 1.0,
    "first_conv": "blocks.0.0",
    "classifier": "head",
}
default_cfgs = generate_default_cfgs({"small_cnn": CONFIG, "small_cnn_dropout": CONFIG})


class SmallCNN(nn.Module):
    """Pixels (N, 3, H, W) to 128 features; maps are pooled to 16x16, which 64x64 pixels have."""

    def __init__(self, num_classes: int = 1, in_chans: int = 3, drop_rate: float = 0.25) -> None:
        super().__init__()
        widths = (in_chans, 16, 32, 64)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(widths[i], widths[i + 1], 3, padding=1),
                    nn.BatchNorm2d(widths[i + 1]),
                    nn.ReLU(inplace=True),
                    *([nn.MaxPool2d(2)] if i < 2 else []),
                )
                for i in range(3)
            )
        )
        self.drop = nn.Dropout2d(drop_rate)
        self.pool = nn.AdaptiveAvgPool2d(16)
        self.neck = nn.Sequential(
            nn.Linear(64 * 16 * 16, 64), nn.ReLU(inplace=True), nn.Linear(64, 128), nn.ReLU()
        )
        self.num_features = self.head_hidden_size = 128
        self.reset_classifier(num_classes)

    def group_matcher(self, coarse: bool = False) -> dict:
        """The convolutions one by one, then the fully connected layers."""
        return {"stem": r"^blocks\.0", "blocks": [(r"^blocks\.(\d+)", None), (r"^neck", (9,))]}

    def get_classifier(self) -> nn.Module:
        """The last layer, as timm's networks give it."""
        return self.head

    def reset_classifier(self, num_classes: int) -> None:
        """Puts another last layer in its place; none with `num_classes` 0."""
        self.num_classes = num_classes
        self.head = nn.Linear(128, num_classes) if num_classes else nn.Identity()

    def forward_features(self, batch: torch.Tensor) -> torch.Tensor:
        """Maps (N, 64, h, w) of input images (N, 3, H, W)."""
        return self.blocks(batch)

    def forward_head(self, maps: torch.Tensor) -> torch.Tensor:
        """Features (N, 128), or logits (N, classes), of such maps."""
        maps = self.drop(maps)
        if maps.shape[-2:] != (16, 16):
            maps = self.pool(maps)
        return self.head(self.neck(maps.flatten(1)))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Features, or logits, of input images (N, 3, H, W)."""
        return self.forward_head(self.forward_features(batch))


@register_model
def small_cnn(pretrained: bool = False, **options: Any) -> SmallCNN:
    """The network; there are no pretrained weights of it."""
    return build_model_with_cfg(SmallCNN, "small_cnn", pretrained, **options)


class DropoutCNN(SmallCNN):
    """The same with dropout before the second and third convolution, and before both fully
    connected layers; none behind the convolutions."""

    def forward_features(self, batch: torch.Tensor) -> torch.Tensor:
        """Maps (N, 64, h, w) of input images (N, 3, H, W)."""
        first, second, third = self.blocks
        return third(self.drop(second(self.drop(first(batch)))))

    def forward_head(self, maps: torch.Tensor) -> torch.Tensor:
        """Features (N, 128), or logits (N, classes), of such maps."""
        if maps.shape[-2:] != (16, 16):
            maps = self.pool(maps)
        wide, act, narrow, last_act = self.neck
        hidden = act(wide(self._drop_units(maps.flatten(1))))
        return self.head(last_act(narrow(self._drop_units(hidden))))

    def _drop_units(self, features: torch.Tensor) -> torch.Tensor:
        return F.dropout(features, p=self.drop.p, training=self.training)


@register_model
def small_cnn_dropout(pretrained: bool = False, **options: Any) -> DropoutCNN:
    """The network; there are no pretrained weights of it."""
    return build_model_with_cfg(DropoutCNN, "small_cnn_dropout", pretrained, **options)
