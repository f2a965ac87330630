"""gpu_feed: training end to end, as a share of its speed with one batch that is there already."""

import numpy as np
import torch

from pipeline.benchmarks.pairs import Pairs, measure_pairs
from pipeline.images.augment import build_augment
from pipeline.images.batched import BatchAugment
from pipeline.images.batches import CropDataset, EpochSampler, make_loader
from pipeline.images.resident import ResidentBatches
from pipeline.images.transform import Transform
from pipeline.learning.heads import HeadShape
from pipeline.learning.network import build_network, input_statistics
from pipeline.stages.benches import Asked, Row, row_of
from pipeline.stages.benches.data import RECIPE
from pipeline.stages.benches.step import TASK, Batches, our_epochs

CASES = (  # backbone, size, batch, pictures, goal
    ("efficientnet_b3", 224, 64, 3840, "≥ 0.95× (16 cores), 0.85× (4)"),
    ("resnet18", 64, 256, 51200, "≥ 0.80×"),
)
WORKERS = (3, 15)  # loader processes beside the loop: four cores, and sixteen


def run(asked: Asked) -> list[Row]:
    rows = []
    for backbone, size, batch_size, num, goal in CASES:
        device, transform = torch.device(asked.device), Transform(size, *input_statistics(backbone))
        dataset = random_dataset(num, size=size)
        sampler = EpochSampler(num, batch_size=batch_size, seed=1)
        first = torch.from_numpy(dataset.crops[:batch_size]).to(device)
        labels = torch.from_numpy(dataset.targets[TASK.name][:batch_size]).to(device)
        constant = Batches([(first, {TASK.name: labels})] * len(sampler))
        bare = _epochs(backbone, constant, transform, device, asked.repeats)
        bare(0)
        ways = {
            "augmented on the device": ResidentBatches(
                dataset, sampler, augment=BatchAugment(RECIPE), device=device
            )
        }
        fed = CropDataset(
            dataset.crops,
            rows=dataset.rows,
            size=size,
            targets=dataset.targets,
            augment=build_augment(RECIPE),
        )
        for workers in WORKERS:
            ways[f"albumentations, {workers} workers"] = make_loader(
                fed, sampler, workers=workers, pin=True
            )
        for name, loader in ways.items():
            epochs = _epochs(backbone, loader, transform, device, asked.repeats)
            epochs(0)
            pairs, _ = measure_pairs(bare, epochs, range(asked.repeats), ready=asked.ready)
            swapped = Pairs(ours=pairs.peer, peer=pairs.ours)  # ratio: share of the bare speed
            rows.append(
                row_of(
                    f"end to end, {backbone}, {name}",
                    "pictures/s",
                    swapped,
                    num=num,
                    goal=goal,
                    sizes=f"{num} crops of {size} px, batch {batch_size}, bfloat16",
                    agree="beside: the same loop with one constant batch on the GPU",
                )
            )
    return rows


def random_dataset(num: int, *, size: int) -> CropDataset:
    rng = np.random.default_rng(0)
    crops = np.repeat(rng.integers(256, size=(64, size, size, 3), dtype=np.uint8), num // 64, 0)
    targets = {TASK.name: rng.integers(3, size=len(crops))}
    return CropDataset(crops, rows=np.arange(len(crops)), size=size, targets=targets)


def _epochs(backbone: str, loader, transform: Transform, device: torch.device, repeats: int):
    torch.manual_seed(0)
    network = build_network(backbone, weights="none", heads={TASK.name: HeadShape(3)})
    return our_epochs(network, loader, transform, device, repeats=repeats * 4, precision="bfloat16")
