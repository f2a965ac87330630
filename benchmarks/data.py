"""data: samples into the network, one core; ours against PIL and albumentations, opened anew."""

import cv2
import numpy as np
import torch

from benchmarks.bench_images import centre_boxes, cut_crops, portraits
from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.data import PlainDataset, plain_loader
from benchmarks.peers.pairs import measure_pairs
from benchmarks.sizes import LITE
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.sampler import EpochSampler
from pipeline.images.transform import Transform, normalise

SIZE, BATCH = 112, 32
TRANSFORM = Transform(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def run(asked: Asked) -> list[Row]:
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
    return [
        row_of(
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
    ]


def _moments(batches) -> np.ndarray:
    """Mean and std of all inputs of a pass: what both ways are compared by, and all is used."""
    sums = [(float(b.mean()), float(b.square().mean()), len(b)) for b in batches]
    means, squares, counts = (np.array(column) for column in zip(*sums, strict=True))
    mean = np.average(means, weights=counts)
    return np.array([mean, np.sqrt(np.average(squares, weights=counts) - mean**2)])
