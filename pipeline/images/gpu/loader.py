"""Batches that are picked, and augmented, where the network is: the host decides, copies nothing.

A table of all crops lies on the device (31,500 of 224 pixels: 4.7 GB); where it does not fit, crops
come from the host as they are. Both give the loader's samples in the loader's order. What a stretch
of an epoch needs (rows, draws) goes over at once, so that no step waits for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch

from pipeline.images.dataset import CropDataset, CropLoader
from pipeline.images.gpu.batch_augment import BatchAugment, Drawn
from pipeline.images.sampler import EpochSampler, Sample
from pipeline.images.transform import fit_size

CHUNK = 256  # crops that one thread makes ready at once
STRETCH = 2**17  # samples of which is decided at once
AT_ONCE = 2**22  # pixels that a GPU augments at once: batches of small images several together
Batch = tuple[torch.Tensor, dict[str, torch.Tensor]]


def upload_crops(crops: np.ndarray, *, size: int, device: torch.device) -> torch.Tensor:
    """All crops (N, side, side, 3) at the network's size on the device: uint8 (N, size, size, 3).

    Raises torch.OutOfMemoryError where they do not fit.
    """
    table = torch.empty((len(crops), size, size, 3), dtype=torch.uint8, device=device)

    def make(start: int) -> torch.Tensor:
        fitted = [fit_size(crop, size=size) for crop in crops[start : start + CHUNK]]
        return torch.from_numpy(np.stack(fitted))

    with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # this process's share of the cores
        waiting: list = []
        for start in range(0, len(crops), CHUNK):
            waiting.append((start, pool.submit(make, start)))
            if len(waiting) > 16:  # no more than these at once in the host's memory
                _put(table, *waiting.pop(0))
        for each in waiting:
            _put(table, *each)
    return table


def _put(table: torch.Tensor, start: int, future: Future[torch.Tensor]) -> None:
    part = future.result()
    table[start : start + len(part)] = part


class ResidentBatches:
    """A data set's batches (pixels, targets) out of the table of all crops on the device.

    `dataset` gives rows and targets; its own augmentation is not asked.
    """

    def __init__(
        self,
        dataset: CropDataset,
        sampler: EpochSampler | Sequence[list[Sample]],
        *,
        table: torch.Tensor,
        augment: BatchAugment | None = None,
    ) -> None:
        self.dataset, self.batch_sampler, self.table = dataset, sampler, table
        self.augment = augment or BatchAugment([])
        self.targets = {
            task: torch.from_numpy(np.asarray(values)).to(table.device)
            for task, values in dataset.targets.items()
        }

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[Batch]:
        device, side = self.table.device, self.table.shape[1]
        rows = np.asarray(self.dataset.rows, dtype=np.int64)
        for batches in _stretches(self.batch_sampler):
            positions, seeds = _columns(batches)
            where = _send(torch.from_numpy(positions), device)
            there = _send(torch.from_numpy(rows[positions]), device)
            drawn = _send_drawn(self.augment.draw(seeds, side=side), device)
            for parts in _together(_parts(batches), most=_at_once(side, device)):
                whole = slice(parts[0].start, parts[-1].stop)
                pixels = self.augment.apply(self.table[there[whole]], _cut(drawn, whole))
                for part in parts:
                    own = pixels[part.start - whole.start : part.stop - whole.start]
                    yield own, {task: v[where[part]] for task, v in self.targets.items()}


class StreamedBatches:
    """A loader's batches, read on the host without augmentation, augmented on the device."""

    def __init__(self, loader: CropLoader, *, augment: BatchAugment, device: torch.device) -> None:
        assert loader.dataset.augment is None
        self.loader, self.augment, self.device = loader, augment, device
        self.dataset, self.batch_sampler = loader.dataset, loader.batch_sampler

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[Batch]:
        side = self.dataset.size
        ready = iter(self.loader)
        for batches in _stretches(self.batch_sampler):
            _, seeds = _columns(batches)
            drawn = _send_drawn(self.augment.draw(seeds, side=side), self.device)
            for part in _parts(batches):
                pixels, targets = next(ready)
                pixels = pixels.to(self.device, non_blocking=self.device.type == "cuda")
                yield self.augment.apply(pixels, _cut(drawn, part)), targets


def _stretches(sampler: Iterable[Sequence[Sample]]) -> Iterator[list[Sequence[Sample]]]:
    """The sampler's batches, as many together as make a stretch."""
    held = []
    number = 0
    for batch in sampler:
        held.append(batch)
        number += len(batch)
        if number >= STRETCH:
            yield held
            held = []
            number = 0
    if held:
        yield held


def _columns(batches: Sequence[Sequence[Sample]]) -> tuple[np.ndarray, np.ndarray]:
    """Positions and seeds (N,) of all samples of these batches."""
    flat = np.array([sample for batch in batches for sample in batch], dtype=np.int64)
    return flat[:, 0], flat[:, 1]


def _parts(batches: Sequence[Sequence[Sample]]) -> Iterator[slice]:
    ends = np.cumsum([len(batch) for batch in batches]).tolist()
    yield from (slice(end - len(batch), end) for batch, end in zip(batches, ends, strict=True))


def _at_once(side: int, device: torch.device) -> int:
    """Images that are augmented at once, where batches are smaller; on a CPU a batch is best."""
    return AT_ONCE // side**2 if device.type == "cuda" else 1


def _together(parts: Iterable[slice], *, most: int) -> Iterator[list[slice]]:
    """Neighbouring parts of at most so many samples together, or one part alone."""
    held: list[slice] = []
    for part in parts:
        if held and part.stop - held[0].start > most:
            yield held
            held = []
        held.append(part)
    if held:
        yield held


def _cut(drawn: Drawn, part: slice) -> Drawn:
    return [{name: value[part] for name, value in one.items()} for one in drawn]


def _send_drawn(drawn: Drawn, device: torch.device) -> Drawn:
    return [{name: _send(value, device) for name, value in one.items()} for one in drawn]


def _send(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The values on the device; from pinned memory, so that a GPU is not waited for."""
    if device.type != "cuda":
        return values.to(device)
    return values.contiguous().pin_memory().to(device, non_blocking=True)
