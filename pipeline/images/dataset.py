"""Crops and targets to batches, read and augmented on the host; order.py says which come when."""

import multiprocessing
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from pipeline.images.augment import Augment
from pipeline.images.sampler import EpochSampler, Sample
from pipeline.images.transform import fit_size

SETTLE = 1.0  # seconds in which the system tells that a child has ended


class ImageError(ValueError):
    """An image that could not be made ready, or at which a loader process died; it is named."""

    def __init__(self, message: str) -> None:
        # torch hands an error of a loader process over as the text of its traceback
        super().__init__(message.rpartition("ImageError: ")[2].strip())


class CropDataset(Dataset):
    """Crops by (position, seed): uint8 pixels (S, S, 3) and that position's targets by task.

    `names` (N,) is what errors call the images.
    """

    def __init__(
        self,
        crops: np.ndarray,
        *,
        rows: np.ndarray,
        size: int,
        targets: dict[str, np.ndarray],
        augment: Augment | None = None,
        names: Sequence[str] | np.ndarray | None = None,
    ) -> None:
        self.crops, self.rows, self.size = crops, rows, size
        self.targets, self.augment = targets, augment
        self.names = names
        self.at: torch.Tensor | None = None  # (workers, 2) process and position each is busy with

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, sample: Sample) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        position, seed = sample
        if self.at is not None and (worker := get_worker_info()) is not None:
            self.at[worker.id, 0], self.at[worker.id, 1] = os.getpid(), position
        try:
            pixels = fit_size(self.crops[self.rows[position]], size=self.size)
            if self.augment is not None:
                pixels = self.augment(pixels, seed)
        except Exception as error:  # a transform may raise anything: the image must be named
            reason = f"{type(error).__name__}: {error}"
            raise ImageError(f"image {self.name_of(position)}: {reason}") from error
        targets = {task: values[position] for task, values in self.targets.items()}
        return np.ascontiguousarray(pixels), targets

    def name_of(self, position: int) -> str:
        """What an image is called in a message: its id, or its place where it has none."""
        return str(self.names[position]) if self.names is not None else f"number {position}"


class CropLoader(DataLoader):
    """torch's loader; its data set is a CropDataset, and its batches are lists of samples."""

    dataset: CropDataset
    batch_sampler: EpochSampler | Sequence[list[Sample]]


def collate(samples: list) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Samples to uint8 pixels (N, S, S, 3) and targets (N, ...) by task."""
    pixels = torch.from_numpy(np.stack([pixels for pixels, _ in samples]))
    tasks = samples[0][1]
    return pixels, {t: torch.from_numpy(np.stack([s[1][t] for s in samples])) for t in tasks}


def make_loader(
    dataset: CropDataset,
    sampler: EpochSampler | Sequence[list[Sample]],
    *,
    workers: int,
    pin: bool,
) -> CropLoader:
    """A loader of (pixels, targets) batches; its workers live through all epochs.

    They are forked, whatever this Python's default is: the crops are mapped into memory, and to
    hand them over in any other way would copy them all.
    """
    can_fork = "fork" in multiprocessing.get_all_start_methods()
    if workers > 0:
        dataset.at = torch.full((workers, 2), -1).share_memory_()
    return CropLoader(
        dataset,
        batch_sampler=sampler,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=pin,
        persistent_workers=workers > 0,
        multiprocessing_context="fork" if workers > 0 and can_fork else None,
        worker_init_fn=_start_worker,
    )


class Loader(Protocol):
    """What gives batches of a data set: torch's loader, or those of images/gpu."""

    @property
    def dataset(self) -> CropDataset: ...


@contextmanager
def named_deaths(*loaders: Loader) -> Iterator[None]:
    """Turns the death of a loader process in the block into an ImageError that names the image
    it was busy with."""
    try:
        try:
            yield
        except (ConnectionError, EOFError):  # it died while its batch was taken over
            time.sleep(SETTLE)  # torch's handler of the signal that a child ended raises here
            raise
    except RuntimeError as error:
        found = re.search(r"DataLoader worker \(pid(?:\(s\))? ([0-9, ]+)\) ?(.*)", str(error))
        if found is None:
            raise
        dead = {int(pid) for pid in found[1].split(",")}
        busy = []
        for loader in loaders:
            places = [] if loader.dataset.at is None else loader.dataset.at.tolist()
            for pid, position in places:
                if pid in dead:
                    busy.append(f"image {loader.dataset.name_of(position)}")
        raise ImageError(
            f"a loader process died at {', '.join(busy) or 'no image'} ({found[2].strip()}); "
            "workers=0 reads in the main process, and when memory ran out fewer workers help"
        ) from None


def _start_worker(worker: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process stops, and stops its loaders
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
