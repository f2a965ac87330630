"""The plain training loop: float32, NCHW, the optimiser as it comes, the loss read every step."""

from collections.abc import Iterable, Sequence

import torch
from torch import nn


def plain_epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    *,
    task: str,
    mean: Sequence[float],
    std: Sequence[float],
    device: torch.device,
) -> float:
    """The mean loss of one pass over batches of uint8 pixels (N, 3, H, W) and class numbers."""
    centre = torch.tensor(mean, device=device).view(1, 3, 1, 1) * 255
    scale = torch.tensor(std, device=device).view(1, 3, 1, 1) * 255
    criterion, total, num = nn.CrossEntropyLoss(), 0.0, 0
    for pixels, labels in batches:
        inputs = (pixels.to(device).float() - centre) / scale
        loss = criterion(network(inputs)[task], labels.to(device))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += loss.item() * len(pixels)
        num += len(pixels)
    return total / num
