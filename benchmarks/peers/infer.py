"""The plain way to answer: for every fold and every view one loop over the images."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader


@torch.no_grad()
def loop_per_fold_and_view(
    networks: Sequence[nn.Module],
    views: Mapping[str, Callable[[torch.Tensor], torch.Tensor]],
    loader: DataLoader,
    *,
    task: str,
    device: torch.device,
) -> np.ndarray:
    """The mean probabilities (N, C) over all folds and views."""
    total = []
    for network in networks:
        network.eval()
        for look in views.values():
            parts = []
            for pixels, _ in loader:
                logits = network(look(pixels.to(device)))[task]
                parts.append(logits.softmax(dim=1).cpu())
            total.append(torch.cat(parts).numpy())
    return np.mean(total, axis=0)
