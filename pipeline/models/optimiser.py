"""Optimisers by name, with groups for the backbone (or each of its layers) and for the heads."""

import timm.optim
from torch import nn, optim

from pipeline.models.layers import layer_groups
from pipeline.models.network import FaceNetwork


def build_optimiser(
    network: FaceNetwork,
    *,
    name: str,
    lr: float,
    backbone_lr: float,
    weight_decay: float,
    momentum: float,
    fused: bool,
    layer_decay: float = 1.0,
) -> optim.Optimizer:
    """The optimiser; each group keeps its base learning rate in `initial_lr`.

    adam, adamw and sgd are torch's, `fused` if asked; other names are timm's, and `lookahead_NAME`
    wraps one of them (Zhang et al. 2019).

    Heads learn at lr, the backbone at lr * backbone_lr; below 1, `layer_decay` multiplies the rate
    once more for every layer group down, the last one included. Weight decay leaves out biases and
    norms (one-dimensional tensors), and what timm says must keep its size (positions and tokens of
    transformers).
    """
    spared = _spared(network.backbone)
    groups = []
    for parameters, factor in _parts(network, backbone_lr=backbone_lr, layer_decay=layer_decay):
        trained = [p for p in parameters if p.requires_grad]
        decayed = [p for p in trained if p.ndim > 1 and id(p) not in spared]
        kept = [p for p in trained if p.ndim <= 1 or id(p) in spared]
        for tensors, decay in ((decayed, weight_decay), (kept, 0.0)):
            if tensors:
                rate = lr * factor
                groups.append(
                    {"params": tensors, "lr": rate, "initial_lr": rate, "weight_decay": decay}
                )
    plain_name = name.removeprefix("lookahead_")
    optimiser = _of_groups(groups, plain_name, lr=lr, momentum=momentum, fused=fused)
    return optimiser if plain_name == name else timm.optim.Lookahead(optimiser)


def _of_groups(
    groups: list[dict], name: str, *, lr: float, momentum: float, fused: bool
) -> optim.Optimizer:
    """The optimiser of these groups by its name, without lookahead."""
    asked = True if fused else None  # None leaves the choice to torch, False would forbid it
    if name == "sgd":
        return optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0, fused=asked)
    if name == "adam":
        return optim.Adam(groups, lr=lr, fused=asked)
    if name == "adamw":
        return optim.AdamW(groups, lr=lr, fused=asked)
    return timm.optim.create_optimizer_v2(groups, opt=name, lr=lr, momentum=momentum)


def _spared(backbone: nn.Module) -> set[int]:
    """The ids of the parameters that a timm backbone wants no decay of."""
    names: set[str] = getattr(backbone, "no_weight_decay", set)()
    return {id(parameter) for name, parameter in backbone.named_parameters() if name in names}


def _parts(
    network: FaceNetwork, *, backbone_lr: float, layer_decay: float
) -> list[tuple[list[nn.Parameter], float]]:
    """Parameters with their learning rate as a factor of lr, from the input to the heads."""
    named = dict(network.backbone.named_parameters())
    if layer_decay == 1.0:
        parts = [(list(named.values()), backbone_lr)]
    else:
        layers = list(layer_groups(network.backbone).values())
        parts = [
            ([named[name] for name in names], backbone_lr * layer_decay ** (len(layers) - depth))
            for depth, names in enumerate(layers)
        ]
    heads = [*network.neck.parameters(), *network.heads.parameters()]
    return [*parts, (heads, 1.0)]
