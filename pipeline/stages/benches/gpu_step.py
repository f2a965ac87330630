"""gpu_step: bfloat16, channels last and the fused optimiser against the float32 NCHW loop."""

import copy

import numpy as np
import torch

from pipeline.benchmarks.pairs import measure_pairs
from pipeline.images.transform import Transform
from pipeline.learning.heads import HeadShape
from pipeline.learning.network import build_network, input_statistics
from pipeline.stages.benches import Asked, Row, row_of
from pipeline.stages.benches.step import TASK, our_epochs, plain_epochs

BACKBONE, SIZE, BATCH, NUM_STEPS = "efficientnet_b3", 224, 64, 30


def run(asked: Asked) -> list[Row]:
    device = torch.device(asked.device)
    transform = Transform(SIZE, *input_statistics(BACKBONE))
    batches = random_batches(NUM_STEPS, size=SIZE, batch_size=BATCH)
    torch.manual_seed(0)
    network = build_network(BACKBONE, weights="none", heads={TASK.name: HeadShape(3)})
    peer = plain_epochs(copy.deepcopy(network), batches, transform, device)
    ours = our_epochs(
        network, batches, transform, device, repeats=asked.repeats, precision="bfloat16"
    )
    losses = ours(0), peer(0)
    pairs, _ = measure_pairs(ours, peer, range(asked.repeats), ready=asked.ready)
    return [
        row_of(
            "training step, EfficientNet-B3",
            "pictures/s",
            pairs,
            num=NUM_STEPS * BATCH,
            goal="≥ 2.5×",
            sizes=f"{SIZE} px, batch {BATCH}, AdamW, bfloat16 against float32",
            agree=f"first epoch's loss {losses[0]:.3f} and {losses[1]:.3f}",
        )
    ]


def random_batches(number: int, *, size: int, batch_size: int) -> list:
    """The same random pixels in every batch, with other labels: what they show costs nothing."""
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(256, size=(batch_size, size, size, 3), dtype=np.uint8))
    labels = rng.integers(3, size=(number, batch_size))
    return [(pixels, {TASK.name: torch.from_numpy(row)}) for row in labels]
