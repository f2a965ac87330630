"""Logits of one or several networks over one pass of the data, for every view."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from pipeline.models.out_of_memory import is_out_of_memory
from pipeline.models.shared_trunk import SharedLayers
from pipeline.models.speedups import WORTH_ANSWERING, cudnn_benchmark

ToInput = Callable[[torch.Tensor], torch.Tensor]
View = Callable[[torch.Tensor], torch.Tensor]
Logits = dict[str, torch.Tensor]  # by task
CACHED_PIXELS = 16 * 112**2  # a third faster than batches of 64 for EfficientNet-Lite0, 1 core


def autocast(device: torch.device, *, precision: str) -> AbstractContextManager:
    """Mixed precision for the block; nothing for float32."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=getattr(torch, precision))


def move(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The values on the device. Only a GPU of CUDA is not waited for: MPS would go on reading host
    memory that is free again (pytorch issue 189690)."""
    return values.to(device, non_blocking=device.type == "cuda")


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

    Every batch is read, moved and turned into each view once, whatever the number of networks. A
    batch for which the device's memory is too small is halved until it fits, and so are the later
    ones. Layers that are alike in all networks are computed once.
    """
    limit = BatchSizeLimit()
    for network in networks:
        network.eval()
    parts: list[dict[str, list[Logits]]] = [{view: [] for view in views} for _ in networks]
    shared = SharedLayers(networks)
    whole = 0
    trying = operator.length_hint(batches) * len(views) * len(networks) >= WORTH_ANSWERING
    try:
        for pixels, _ in batches:
            batch = to_input(move(pixels, device))
            often = len(batch) == (whole := whole or len(batch))  # the last one may be smaller
            for view, look in views.items():
                seen = look(batch)
                with cudnn_benchmark(device, often=often and trying):
                    found = limit.answers(shared, seen, device=device, precision=precision)
                for answers in found:
                    for part, logits in zip(parts, answers, strict=True):
                        part[view].append(logits)
    finally:
        shared.release()
    return [{view: _join(pieces) for view, pieces in part.items()} for part in parts]


class BatchSizeLimit:
    """How many images at once the device's memory has room for, as far as it was found out, or on
    a CPU its cache (sums of another order: logits change by a millionth of their size at most)."""

    def __init__(self) -> None:
        self.most: int | None = None

    def answers(
        self, shared: SharedLayers, inputs: torch.Tensor, *, device: torch.device, precision: str
    ) -> list[list[Logits]]:
        """All networks' float32 logits of the inputs, in one piece or more."""
        answers = []
        start = 0
        if self.most is None and device.type == "cpu":
            self.most = max(1, CACHED_PIXELS // (inputs.shape[-1] * inputs.shape[-2]))
        while start < len(inputs):
            piece = inputs[start : start + (self.most or len(inputs))]
            try:
                with autocast(device, precision=precision):
                    answers.append(shared.answer(piece))
                start += len(piece)
            except RuntimeError as error:
                if len(piece) == 1 or not is_out_of_memory(error):
                    raise
                self.most = len(piece) // 2
        return answers


def _join(pieces: list[Logits]) -> Logits:
    return {task: torch.cat([piece[task] for piece in pieces]).cpu() for task in pieces[0]}
