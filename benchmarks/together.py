"""Cells that are trained at once, each in a process of its own, timed without their warming up."""

import multiprocessing
import time
from queue import Empty

import numpy as np
import torch

from benchmarks.sizes import Size
from benchmarks.step import TASK, our_epochs
from pipeline.images.dataset import CropDataset
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.loader import ResidentBatches, upload_crops
from pipeline.images.sampler import EpochSampler
from pipeline.images.transform import Transform
from pipeline.models.heads import HeadShape
from pipeline.models.network import build_network, input_statistics

WAIT = 300.0  # seconds for all processes to be ready, and to be done


class Cells:
    """Trains so many cells at once as are asked for; no process outlives the block."""

    def __init__(self, case: Size, *, device: str) -> None:
        self.case, self.device = case, device
        self.context = multiprocessing.get_context("spawn")
        self.running: list = []

    def __enter__(self) -> "Cells":
        return self

    def __exit__(self, *_) -> None:
        for process in self.running:
            process.kill()
            process.join()

    def train(self, number: int, *, threads: int, epochs: int = 1) -> float:
        """Seconds from the start of the first cell to the end of the last, of so many epochs each.

        Raises ValueError, with the reason, when one of them fails.
        """
        barrier, answers = self.context.Barrier(number), self.context.Queue()
        given = (barrier, answers, self.case, self.device, threads, epochs)
        self.running = [
            self.context.Process(target=train_a_cell, args=given, daemon=True)
            for _ in range(number)
        ]
        for process in self.running:
            process.start()
        times = [self._answer(answers) for _ in self.running]
        for process in self.running:
            process.join()
        return max(end for _, end in times) - min(start for start, _ in times)

    def _answer(self, answers) -> tuple[float, float]:
        ends = time.monotonic() + WAIT
        while time.monotonic() < ends:
            try:
                found = answers.get(timeout=1.0)
            except Empty:
                dead = [p.exitcode for p in self.running if p.exitcode not in (None, 0)]
                if not dead:
                    continue
                found = f"its process died (exit {dead[0]})"
            if isinstance(found, str):
                raise ValueError(f"a cell failed: {found}")
            return found
        raise ValueError(f"no answer from a cell in {WAIT:.0f} seconds")


def train_a_cell(barrier, answers, case: Size, device_name: str, threads: int, epochs: int) -> None:
    """One epoch to warm up, then all wait for each other, and the epochs that count."""
    try:
        torch.set_num_threads(threads)
        train = _epochs_of(case, torch.device(device_name), number=epochs)
        train(0)
        barrier.wait(timeout=WAIT)
        started = time.time()
        for number in range(epochs):
            train(number + 1)
        answers.put((started, time.time()))
    except Exception as error:  # told, so that nobody waits for it
        barrier.abort()
        answers.put(f"{type(error).__name__}: {error}")


def _epochs_of(case: Size, device: torch.device, *, number: int):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    crops = rng.integers(256, size=(case.num, case.size, case.size, 3), dtype=np.uint8)
    targets = {TASK.name: rng.integers(3, size=case.num)}
    dataset = CropDataset(crops, rows=np.arange(case.num), size=case.size, targets=targets)
    batches = ResidentBatches(
        dataset,
        EpochSampler(case.num, batch_size=case.batch, seed=1),
        table=upload_crops(crops, size=case.size, device=device),
        augment=BatchAugment(case.recipe),
    )
    network = build_network(case.backbone, weights="none", heads={TASK.name: HeadShape(3)})
    precision = "bfloat16" if device.type == "cuda" else "float32"
    transform = Transform(case.size, *input_statistics(case.backbone))
    return our_epochs(network, batches, transform, device, repeats=number, precision=precision)
