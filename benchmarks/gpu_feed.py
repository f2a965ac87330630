"""gpu_feed: training end to end, as a share of its speed with one batch that is there already."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.pairs import Pairs, measure_pairs
from benchmarks.sizes import FEED, Size
from benchmarks.step import TASK, Batches, our_epochs
from pipeline.experiment.memory import num_cores
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.loader import ResidentBatches, upload_crops
from pipeline.images.sampler import EpochSampler
from pipeline.images.transform import Transform
from pipeline.models.heads import HeadShape
from pipeline.models.network import build_network, input_statistics

FEW = 4  # cores of a small machine


def run(asked: Asked) -> Iterator[Row]:
    """First what `augmenter: auto` does, then the loader processes of `albumentations`."""
    for case in FEED[asked.device]:
        feeder = _Feeder(asked, case)
        yield feeder.measure("crops and augmentation on the device", feeder.resident, part="train")
        with few_cores() as number:
            yield feeder.measure(f"the same, {number} cores", feeder.resident)
    for case in FEED[asked.device]:
        feeder = _Feeder(asked, case)
        workers = min(15, num_cores() - 1) if asked.device == "cuda" else 0
        yield feeder.measure(f"albumentations, {workers} loader processes", feeder.loader(workers))
        if asked.device == "cuda":
            with few_cores() as number:
                name = f"albumentations, {number} cores, {number - 1} loader processes"
                yield feeder.measure(name, feeder.loader(number - 1))


class _Feeder:
    """One case: its crops, and epochs of a constant batch, against which all ways are measured."""

    def __init__(self, asked: Asked, case: Size) -> None:
        self.asked, self.case = asked, case
        self.device = torch.device(asked.device)
        rng, shape = np.random.default_rng(0), (8, case.size, case.size, 3)
        crops = np.repeat(rng.integers(256, size=shape, dtype=np.uint8), case.num // 8, 0)
        self.dataset = CropDataset(
            crops,
            rows=np.arange(len(crops)),
            size=case.size,
            targets={TASK.name: rng.integers(3, size=len(crops))},
        )
        self.sampler = EpochSampler(len(crops), batch_size=case.batch, seed=1)
        self.resident = ResidentBatches(
            self.dataset,
            self.sampler,
            table=upload_crops(crops, size=case.size, device=self.device),
            augment=BatchAugment(case.recipe, side=case.size),
        )
        labels = self.resident.targets[TASK.name][: case.batch]
        first = self.resident.table[: case.batch], {TASK.name: labels}
        self.bare = self._epochs(Batches([first] * len(self.sampler)))
        self.bare(0)

    def loader(self, workers: int):
        fed = CropDataset(
            self.dataset.crops,
            rows=self.dataset.rows,
            size=self.case.size,
            targets=self.dataset.targets,
            augment=build_augment(self.case.recipe),
        )
        return make_loader(fed, self.sampler, workers=workers, pin=self.device.type == "cuda")

    def measure(self, name: str, batches, *, part: str | None = None) -> Row:
        asked, case = self.asked, self.case
        epochs = self._epochs(batches)
        epochs(0)
        pairs, _ = measure_pairs(self.bare, epochs, range(asked.repeats), ready=asked.ready)
        swapped = Pairs(ours=pairs.peer, peer=pairs.ours)  # ratio: share of the bare speed
        return row_of(
            f"end to end, {case.backbone}: {name}",
            "images/s",
            swapped,
            num=case.num,
            goal=case.goal,
            sizes=f"{case.num} crops of {case.size} px, batch {case.batch}, bfloat16",
            agree="beside: the same loop with one constant batch on the device",
            facts={"estimate": part, "backbone": case.backbone},
        )

    def _epochs(self, batches) -> Callable:
        torch.manual_seed(0)
        backbone, transform = self.case.backbone, input_statistics(self.case.backbone)
        network = build_network(backbone, weights="none", heads={TASK.name: HeadShape(3)})
        return our_epochs(
            network,
            batches,
            Transform(self.case.size, *transform),
            self.device,
            repeats=self.asked.repeats * 8,
            precision="bfloat16",
        )


@contextmanager
def few_cores() -> Iterator[int]:
    """This process, and what it starts, on a small machine's number of cores, which is given."""
    every = sorted(os.sched_getaffinity(0))
    _stay_on(every[:FEW])
    try:
        yield len(every[:FEW])
    finally:
        _stay_on(every)


def _stay_on(cores: list[int]) -> None:
    for thread in os.listdir("/proc/self/task"):  # the call moves one thread
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), cores)
