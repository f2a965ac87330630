"""rest: what a whole contest does beside crop, steps and answers: seconds that add up."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.bench_images import portraits
from benchmarks.harness import Asked, Row
from benchmarks.sizes import STEP
from pipeline.images.gpu.loader import upload_crops
from pipeline.images.read import measure_image
from pipeline.models.checkpoint import optimiser_tensors, save_state
from pipeline.models.heads import HeadShape
from pipeline.models.network import build_network

CROPS = {"cuda": 2048, "cpu": 16}
STORED = 256  # pixels of a stored crop in the P-stage recipe


def run(asked: Asked) -> Iterator[Row]:
    case, device = STEP[asked.device], torch.device(asked.device)
    started = time.perf_counter()
    code = f"import timm, pandas, torch; torch.zeros(1, device={asked.device!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    yield _row("start", "a process that is ready", time.perf_counter() - started)
    paths = portraits(asked, 64 if asked.device == "cuda" else 8)
    measure_image(paths[0])
    started = time.perf_counter()
    for path in paths:
        measure_image(path)
    yield _row("header", "a header", (time.perf_counter() - started) / len(paths))
    rng, number = np.random.default_rng(0), CROPS[asked.device]
    crops = rng.integers(256, size=(number, STORED, STORED, 3), dtype=np.uint8)
    upload_crops(crops[:8], size=case.size, device=device)
    started = time.perf_counter()
    upload_crops(crops, size=case.size, device=device)
    asked.ready()
    yield _row("table", "a crop made ready on the device", (time.perf_counter() - started) / number)
    yield _row("save", "a checkpoint", _save(asked.folder / "checkpoint", case.backbone, device))


def _row(part: str, what: str, seconds: float) -> Row:
    facts = {"estimate": part}
    return Row(name=f"rest: {what}", unit="s", ours=seconds, facts=facts)


def _save(path: Path, backbone: str, device: torch.device) -> float:
    """Seconds to write network, optimiser and best weights, as after an epoch."""
    network = build_network(backbone, weights="none", heads={"mask": HeadShape(3)}).to(device)
    optimiser = torch.optim.Adam(network.parameters())
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    started, state = time.perf_counter(), network.state_dict()
    parts = {"network": state, "best": state, "optimiser": optimiser_tensors(optimiser)}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_state(path, parts, facts={})
    seconds = time.perf_counter() - started
    path.unlink()
    return seconds
