"""The device, its precision, and the number of loader processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipeline.config import Experiment
from pipeline.experiment.memory import limit_workers

if TYPE_CHECKING:
    import torch


def choose_device(settings: Experiment) -> tuple[torch.device, str]:
    """The device and the precision to compute in. Raises ValueError if it is not there."""
    import torch

    name = settings.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
        if device.type == "cpu":  # sums depend on their number, so it is the recipe's
            torch.set_num_threads(settings.threads)
        if device.type == "cuda" and device.index is not None:
            torch.cuda.set_device(device)  # else pinned memory would be of the first one
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise ValueError(f"device: {settings.device!r} can't be used here ({reason})") from None
    if settings.precision != "auto":
        return device, settings.precision
    if device.type != "cuda":
        return device, "float32"
    recent = torch.cuda.get_device_capability(device)[0] >= 8
    return device, "bfloat16" if recent else "float16"


def describe_device(device: torch.device, *, precision: str) -> str:
    """The device with its name and the precision, for the record: cuda NVIDIA A10G bfloat16."""
    import torch

    name = f" {torch.cuda.get_device_name(device)}" if device.type == "cuda" else ""
    return f"{device}{name} {precision}"


def choose_workers(settings: Experiment, *, device_type: str, batch_bytes: int = 0) -> int:
    """Loader processes: on a CPU none, because the network needs the cores; on a Mac none, because
    they can't be forked beside its GPU. `batch_bytes` is the size of one batch of pixels."""
    if settings.workers is not None:
        return limit_workers(settings.workers, batch_bytes=batch_bytes)
    if device_type != "cuda":
        return 0
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return limit_workers(max(1, min(12, cores - 1)), batch_bytes=batch_bytes)
