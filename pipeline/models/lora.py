"""LoRA: a transformer stays as it is, and learns small additions to its attention (Hu et al. 2022).

The additions are added to the weights when a cell is finished, so that what answers is a plain
network and needs no more packages.
"""

from collections.abc import Mapping
from importlib.util import find_spec

import timm
import torch
from torch import nn

from pipeline.console.requirements import say_install

ATTENTION = ("qkv", "q_proj", "k_proj", "v_proj")  # what timm calls the layers that are added to
BASE, DOWN, UP = "base_layer.", "lora_A.default.weight", "lora_B.default.weight"


def attention_layers(backbone: nn.Module) -> list[str]:
    """The names of a backbone's linear layers that make queries, keys and values.

    Raises ValueError for a backbone that has none.
    """
    names = []
    for name, module in backbone.named_modules():
        parent, _, last = name.rpartition(".")
        if not isinstance(module, nn.Linear) or last not in ATTENTION:
            continue
        # with a bias of its own it reads the layer's weight and never calls the layer
        if getattr(backbone.get_submodule(parent), "q_bias", None) is None:
            names.append(name)
    if not names:
        raise ValueError(
            f"a {type(backbone).__name__} has no attention that LoRA can add to; choose a plain "
            "vision transformer (vit_..., DINOv2, Swin), or leave lora out"
        )
    return names


def check_lora(backbone: str) -> None:
    """Raises ValueError when a backbone, by name, has nothing that LoRA can add to, or when the
    package that adds it is missing."""
    _require_peft()
    with torch.device("meta"):
        attention_layers(timm.create_model(backbone, num_classes=0))


def add_lora(backbone: nn.Module, *, rank: int, alpha: float, dropout: float) -> None:
    """Freezes a backbone and gives its attention additions that learn: alpha / rank * up @ down.

    They begin at zero, so the network answers as before. Raises ValueError like check_lora.
    """
    _require_peft()
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=attention_layers(backbone),
        bias="none",
    )
    inject_adapter_in_model(config, backbone)
    for name, parameter in backbone.named_parameters():
        parameter.requires_grad_("lora_" in name)


def merge_lora(weights: Mapping[str, torch.Tensor], *, scale: float) -> dict[str, torch.Tensor]:
    """The weights of the plain network: every addition, `scale` * up @ down, is added to its layer.

    Weights without additions stay as they are.
    """
    merged = {}
    for name, value in weights.items():
        if "lora_" in name.rpartition(".")[0]:
            continue
        if BASE not in name:
            merged[name] = value
            continue
        layer = name.partition(BASE)[0]
        down, up = weights.get(layer + DOWN), weights.get(layer + UP)
        if name.endswith(".weight") and down is not None and up is not None:
            value = value + scale * (up @ down)
        merged[name.replace(BASE, "")] = value
    return merged


def _require_peft() -> None:
    if find_spec("peft") is None:
        raise ValueError(f"lora needs the package peft; type: {say_install('lora')}")
