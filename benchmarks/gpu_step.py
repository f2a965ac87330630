"""gpu_step: bfloat16, channels last and the fused optimiser, eager and compiled, against the
float32 NCHW loop at torch's own defaults."""

import copy
from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.pairs import measure_pairs
from benchmarks.sizes import STEP
from benchmarks.step import TASK, our_epochs, plain_epochs
from pipeline.images.transform import Transform
from pipeline.models.heads import HeadShape
from pipeline.models.network import build_network, input_statistics


def run(asked: Asked) -> Iterator[Row]:
    case = STEP[asked.device]
    device, size = torch.device(asked.device), case.size
    transform = Transform(size, *input_statistics(case.backbone))
    batches = random_batches(case.num // case.batch, size=size, batch_size=case.batch)
    torch.manual_seed(0)
    network = build_network(case.backbone, weights="none", heads={TASK.name: HeadShape(3)})
    peer = plain_epochs(copy.deepcopy(network), batches, transform, device)
    plain = peer(0)
    for compiled in (False, True) if asked.device == "cuda" else (False,):
        ours = our_epochs(
            copy.deepcopy(network),
            batches,
            transform,
            device,
            repeats=asked.repeats,
            precision="bfloat16",
            compiled=compiled,
        )
        first = ours(0)
        pairs, _ = measure_pairs(ours, peer, range(asked.repeats), ready=asked.ready)
        yield row_of(
            f"training step, {case.backbone}" + (", compile=true" if compiled else ""),
            "images/s",
            pairs,
            num=case.num,
            goal="≥ 2.5×",
            sizes=f"{size} px, batch {case.batch}, AdamW, bfloat16 against float32",
            agree=f"first epoch's loss {first:.3f} and {plain:.3f}",
            facts={"losses": (first, plain)},
        )


def random_batches(number: int, *, size: int, batch_size: int) -> list:
    """The same random pixels in every batch, with other labels: what they show costs nothing."""
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(256, size=(batch_size, size, size, 3), dtype=np.uint8))
    labels = rng.integers(3, size=(number, batch_size))
    return [(pixels, {TASK.name: torch.from_numpy(row)}) for row in labels]
