"""Logits of one or several networks over one pass of the data, for every view."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

ToInput = Callable[[torch.Tensor], torch.Tensor]
View = Callable[[torch.Tensor], torch.Tensor]
Logits = dict[str, torch.Tensor]  # by task


def autocast(device: torch.device, *, precision: str) -> AbstractContextManager:
    """Mixed precision for the block; nothing for float32."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=getattr(torch, precision))


@torch.inference_mode()
def predict_logits(
    networks: Sequence[nn.Module],
    batches: Iterable[tuple[torch.Tensor, Mapping]],
    *,
    views: Mapping[str, View],
    to_input: ToInput,
    device: torch.device,
    precision: str,
) -> list[dict[str, Logits]]:
    """For each network and view the float32 logits (N, C) by task, on the CPU, in the data's order.

    Every batch is read, moved and turned into each view once, whatever the number of networks.
    """
    for network in networks:
        network.eval()
    parts: list[dict[str, list[Logits]]] = [{view: [] for view in views} for _ in networks]
    for pixels, _ in batches:
        batch = to_input(pixels.to(device, non_blocking=True))
        for view, look in views.items():
            seen = look(batch)
            for network, part in zip(networks, parts, strict=True):
                with autocast(device, precision=precision):
                    logits = network(seen)
                part[view].append({task: value.float() for task, value in logits.items()})
    return [{view: _join(pieces) for view, pieces in part.items()} for part in parts]


def _join(pieces: list[Logits]) -> Logits:
    return {task: torch.cat([piece[task] for piece in pieces]).cpu() for task in pieces[0]}
