"""All crops of a cell on its device: batches are picked and augmented there, nothing is copied.

18,900 crops of 224 pixels take 2.8 GB. Its batches are those of the sampler, as the loader's are.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy

import numpy as np
import torch
from torch.utils.data import DataLoader

from pipeline.images.batched import BatchAugment
from pipeline.images.batches import CropDataset, EpochSampler
from pipeline.images.transform import fit_size

CHUNK = 1024  # crops brought to the device at once
Batch = tuple[torch.Tensor, dict[str, torch.Tensor]]


def on_device(
    loader: DataLoader, recipe: Sequence[Mapping[str, Mapping]], *, device: torch.device
) -> "ResidentBatches":
    """A loader's batches made on the device instead. Raises ValueError like BatchAugment."""
    dataset = copy(loader.dataset)
    dataset.augment = None
    augment = BatchAugment(recipe)
    return ResidentBatches(dataset, loader.batch_sampler, augment=augment, device=device)


class ResidentBatches:
    """Batches (pixels, targets) of a data set without augmentation of its own, on the device."""

    def __init__(
        self,
        dataset: CropDataset,
        sampler: EpochSampler,
        *,
        augment: BatchAugment,
        device: torch.device,
    ) -> None:
        assert dataset.augment is None
        self.dataset, self.batch_sampler, self.augment = dataset, sampler, augment
        shape = (len(dataset), dataset.size, dataset.size, 3)
        self.pixels = torch.empty(shape, dtype=torch.uint8, device=device)
        for start in range(0, len(dataset), CHUNK):
            rows = dataset.rows[start : start + CHUNK]
            crops = np.stack([fit_size(dataset.crops[row], size=dataset.size) for row in rows])
            self.pixels[start : start + len(rows)] = torch.from_numpy(crops)
        self.targets = {
            task: torch.from_numpy(np.asarray(values)).to(device)
            for task, values in dataset.targets.items()
        }

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[Batch]:
        for samples in self.batch_sampler:
            positions, seeds = np.array(samples, dtype=np.int64).T
            where = torch.from_numpy(positions).to(self.pixels.device)
            pixels = self.augment(self.pixels[where], seeds)
            yield pixels, {task: values[where] for task, values in self.targets.items()}
