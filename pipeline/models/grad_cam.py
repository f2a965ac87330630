"""Where a network looks: Grad-CAM of its last map of places (Selvaraju et al. 2017).

The only import of pytorch_grad_cam, inside a function: the package is optional.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from pipeline.labels.kinds import COLUMN_A_CLASS
from pipeline.labels.tasks import Task
from pipeline.models.losses import LOSSES
from pipeline.models.network import FaceNetwork


class _Answer(nn.Module):
    """A network's answer to one task as one (N, C) of what Grad-CAM takes the gradient of: logits
    where there is one a class, else the decoded probabilities or value."""

    def __init__(self, network: nn.Module, task: Task, *, loss: str) -> None:
        super().__init__()
        self.network, self.task, self.loss = network, task, loss

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Logits (N, C) where each class has one, else decoded probabilities or values."""
        logits = self.network(batch)[self.task.name].double()  # a sure answer still has a slope
        form = LOSSES[self.loss].form
        if self.task.kind == "binary":
            return torch.cat([-logits, logits], dim=1)
        if self.task.kind in COLUMN_A_CLASS and form in (None, "cosine"):
            return logits
        return LOSSES[self.loss].decode(logits, self.task)


def last_map(backbone: nn.Module, example: torch.Tensor) -> tuple[nn.Module, str]:
    """The last module whose output has places, and how it is laid out: `channels first`, `channels
    last` or `tokens`. Raises ValueError for a backbone without any."""
    seen: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, torch.Tensor):
            seen.append((module, tuple(output.shape)))

    hooks = [m.register_forward_hook(note) for m in backbone.modules() if m is not backbone]
    try:
        with torch.no_grad():
            backbone(example[:1])
    finally:
        for hook in hooks:
            hook.remove()
    tokens = getattr(backbone, "num_prefix_tokens", None)
    for module, shape in reversed(seen):
        if len(shape) == 4 and shape[1] == shape[2] > 1 and shape[3] != shape[2]:
            return module, "channels last"
        if len(shape) == 4 and min(shape[2:]) > 1:
            return module, "channels first"
        if len(shape) == 3 and tokens is not None:
            side = round((shape[1] - tokens) ** 0.5)
            if side > 1 and side**2 + tokens == shape[1] and "norm" not in _name(backbone, module):
                return module, "tokens"
    raise ValueError("this backbone keeps no map of places, so there is nothing to look at")


def _name(backbone: nn.Module, wanted: nn.Module) -> str:
    """What the backbone calls a module, for its last norm of tokens sees no gradient of places."""
    names = (name for name, module in backbone.named_modules() if module is wanted)
    return "norm" if next(names, "") in ("norm", "fc_norm") else ""


def find_heatmaps(
    network: FaceNetwork, inputs: torch.Tensor, *, task: Task, loss: str, codes: Sequence[int]
) -> np.ndarray:
    """(N, H, W) from 0 to 1: how much each place of the inputs (N, 3, H, W) speaks for the class of
    each image in `codes` (N,), or for a higher value of a number."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    module, layout = last_map(network.backbone, inputs)
    tokens = getattr(network.backbone, "num_prefix_tokens", 0)

    def to_map(output: torch.Tensor) -> torch.Tensor:
        if layout == "tokens":
            places = output[:, tokens:]
            side = round(places.shape[1] ** 0.5)
            output = places.reshape(len(places), side, side, -1)
        return output.permute(0, 3, 1, 2)

    reshape = None if layout == "channels first" else to_map
    needed = [(p, p.requires_grad) for p in network.parameters()]
    for parameter, _ in needed:
        parameter.requires_grad_(True)  # frozen layers have no gradient, which the map needs
    try:
        with GradCAM(_Answer(network, task, loss=loss), [module], reshape) as cam:
            column = [0 if task.kind == "regression" else int(code) for code in codes]
            targets = [ClassifierOutputTarget(place) for place in column]
            found = cam(input_tensor=inputs, targets=targets)
    finally:
        for parameter, was in needed:
            parameter.requires_grad_(was)
    return np.nan_to_num(np.asarray(found, dtype=np.float32))
