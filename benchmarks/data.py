"""data: how fast samples reach the network.

On a CPU one core, against PIL and albumentations that open every JPEG. In the GPU column training
end to end, as a share of its speed with one constant batch that is already on the device.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import cv2
import numpy as np
import torch

from benchmarks.bench_images import centre_boxes, cut_crops, portraits
from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.data import PlainDataset, plain_loader
from benchmarks.peers.pairs import Pairs, measure_pairs
from benchmarks.sizes import FEED, LITE, Size
from benchmarks.step import TASK, Batches, our_epochs
from pipeline.experiment.memory import num_cores
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.loader import ResidentBatches, upload_crops
from pipeline.images.sampler import EpochSampler
from pipeline.images.transform import Transform, normalise
from pipeline.models.heads import HeadShape
from pipeline.models.network import build_network, input_statistics

SIZE, BATCH = 112, 32
TRANSFORM = Transform(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
FEW = 4  # cores of a small machine


def run(asked: Asked) -> Iterator[Row]:
    if asked.gpu_column:
        yield from _measure_column(asked)
    else:
        yield _measure(asked)


def _measure(asked: Asked) -> Row:
    paths = portraits(asked, asked.num or 512)
    boxes = centre_boxes(paths)
    crops = cut_crops(paths, boxes, size=SIZE)
    dataset = CropDataset(
        crops,
        rows=np.arange(len(crops)),
        size=SIZE,
        targets={"mask": np.zeros(len(crops), dtype=np.int64)},
        augment=build_augment(LITE),
    )
    sampler = EpochSampler(len(crops), batch_size=BATCH, seed=1)
    loader = make_loader(dataset, sampler, workers=0, pin=False)
    plain = PlainDataset(
        paths, boxes, size=SIZE, recipe=LITE, mean=TRANSFORM.mean, std=TRANSFORM.std
    )
    peers = plain_loader(plain, batch_size=BATCH, shuffle=True, workers=0)

    def ours(epoch: int) -> np.ndarray:
        sampler.epoch = epoch
        return _moments(normalise(pixels, transform=TRANSFORM) for pixels, _ in loader)

    def peer(epoch: int) -> np.ndarray:
        return _moments(pixels for pixels, _ in peers)

    threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        ours(0)
        pairs, answers = measure_pairs(ours, peer, range(1, asked.repeats + 1), clock=asked.clock)
    finally:
        torch.set_num_threads(threads[0])
        cv2.setNumThreads(threads[1])
    mine, theirs = (np.mean(side, axis=0) for side in zip(*answers, strict=True))
    return row_of(
        "data path, one core",
        "samples/s",
        pairs,
        num=len(paths),
        goal="≥ 3×",
        sizes=f"{len(paths)} JPEG of 384×512, {SIZE} px, flip, affine, light",
        agree=f"input mean {mine[0]:.3f} and {theirs[0]:.3f}, "
        f"std {mine[1]:.3f} and {theirs[1]:.3f}",
        facts={"ours": mine.tolist(), "peer": theirs.tolist()},
    )


def _moments(batches) -> np.ndarray:
    """Mean and std of all inputs of a pass: what both ways are compared by, and all is used."""
    sums = [(float(b.mean()), float(b.square().mean()), len(b)) for b in batches]
    means, squares, counts = (np.array(column) for column in zip(*sums, strict=True))
    mean = np.average(means, weights=counts)
    return np.array([mean, np.sqrt(np.average(squares, weights=counts) - mean**2)])


def _measure_column(asked: Asked) -> Iterator[Row]:
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
