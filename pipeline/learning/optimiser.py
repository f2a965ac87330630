"""Optimisers by name, with a group for the backbone and one for the heads."""

from torch import nn, optim


def build_optimiser(
    network: nn.Module,
    *,
    name: str,
    lr: float,
    backbone_lr: float,
    weight_decay: float,
    momentum: float,
    fused: bool,
) -> optim.Optimizer:
    """The optimiser; each group keeps its base learning rate in `base_lr`.

    Weight decay leaves out biases and norms (one-dimensional tensors).
    """
    groups = []
    for part, factor in ((network.backbone, backbone_lr), (network.heads, 1.0)):
        trained = [p for p in part.parameters() if p.requires_grad]
        for tensors, decay in (
            ([p for p in trained if p.ndim > 1], weight_decay),
            ([p for p in trained if p.ndim <= 1], 0.0),
        ):
            if tensors:
                rate = lr * factor
                groups.append(
                    {"params": tensors, "lr": rate, "base_lr": rate, "weight_decay": decay}
                )
    options = {"fused": True} if fused else {}
    if name == "sgd":
        return optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0, **options)
    kind = {"adam": optim.Adam, "adamw": optim.AdamW}[name]
    return kind(groups, lr=lr, **options)
