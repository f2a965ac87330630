"""Optimisers by name, with groups for the backbone (or each of its layers) and for the heads."""

from torch import nn, optim

from pipeline.models.network import layer_groups


def build_optimiser(
    network: nn.Module,
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

    Heads learn at lr, the backbone at lr * backbone_lr; below 1, `layer_decay` multiplies the rate
    once more for every layer group down, the last one included. Weight decay leaves out
    biases and norms (one-dimensional tensors), and what timm says must keep its size (positions and
    tokens of transformers).
    """
    groups, spared = [], _spared(network.backbone)
    for parameters, factor in _parts(network, backbone_lr=backbone_lr, layer_decay=layer_decay):
        trained = [p for p in parameters if p.requires_grad]
        for tensors, decay in (
            ([p for p in trained if p.ndim > 1 and id(p) not in spared], weight_decay),
            ([p for p in trained if p.ndim <= 1 or id(p) in spared], 0.0),
        ):
            if tensors:
                rate = lr * factor
                groups.append(
                    {"params": tensors, "lr": rate, "initial_lr": rate, "weight_decay": decay}
                )
    options = {"fused": True} if fused else {}
    if name == "sgd":
        return optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0, **options)
    kind = {"adam": optim.Adam, "adamw": optim.AdamW}[name]
    return kind(groups, lr=lr, **options)


def _spared(backbone: nn.Module) -> set[int]:
    """The ids of the parameters that a timm backbone wants no decay of."""
    names = getattr(backbone, "no_weight_decay", set)()
    return {id(parameter) for name, parameter in backbone.named_parameters() if name in names}


def _parts(
    network: nn.Module, *, backbone_lr: float, layer_decay: float
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
