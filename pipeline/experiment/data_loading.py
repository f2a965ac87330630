"""Where batches come from: loader processes of the host, or a table of all crops on the device.

On a GPU the table is taken wherever it fits and no transform needs albumentations: the samples and
their order are the loader's.
"""

import os
from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np
import torch
from torch.utils.data import DataLoader

from pipeline.config import Experiment
from pipeline.experiment.crops import crops_of
from pipeline.experiment.device import choose_workers
from pipeline.experiment.work import Work
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.loader import ResidentBatches, StreamedBatches, upload_crops
from pipeline.images.sampler import EpochSampler, Sample
from pipeline.models.out_of_memory import is_out_of_memory

SHARE = 0.4  # of a device's memory that the table may take; networks need the rest
AugmentRecipe = Sequence[Mapping[str, Mapping]]
Feed = DataLoader | ResidentBatches | StreamedBatches
_table: dict[tuple, torch.Tensor] = {}  # the last one: the next cell of the process wants it too


def augments_there(
    settings: Experiment, recipe: AugmentRecipe, *, side: int, device_type: str
) -> bool:
    """Whether images are augmented on the device. Raises ValueError where that is asked for and a
    transform can't."""
    if settings.augmenter == "device":
        BatchAugment(recipe, side=side)
        return True
    if settings.augmenter == "albumentations" or device_type != "cuda":
        return False
    try:
        BatchAugment(recipe, side=side)
    except ValueError:
        return False
    return True


def make_batches(
    work: Work,
    dataset: CropDataset,
    sampler: EpochSampler | Sequence[Sequence[Sample]],
    *,
    device: torch.device,
    batch_size: int,
    recipe: AugmentRecipe = (),
) -> Feed:
    """Batches (pixels, targets) of the data set, which has no augmentation of its own yet, in the
    sampler's order; `batch_size` is that of the largest."""
    settings, side = work.settings, dataset.size
    there = augments_there(settings, recipe, side=side, device_type=device.type) and bool(recipe)
    if there or (not recipe and device.type == "cuda"):
        table = _find_table(dataset.crops, size=dataset.size, device=device)
        if table is not None:
            return ResidentBatches(dataset, sampler, table=table, augment=BatchAugment(recipe))
    read = copy(dataset)
    read.augment = None if there or not recipe else build_augment(recipe)
    workers = choose_workers(
        settings, device_type=device.type, batch_bytes=batch_size * side**2 * 3
    )
    loader = make_loader(read, sampler, workers=workers, pin=device.type == "cuda")
    if there:
        return StreamedBatches(loader, augment=BatchAugment(recipe), device=device)
    return loader


def table_bytes(num_crops: int, *, size: int, device: torch.device) -> int:
    """Bytes of the table of all crops on the device; 0 where it is too large for it."""
    needed = num_crops * size**2 * 3
    return needed if needed <= SHARE * _memory_of(device) else 0


def resident_bytes(work: Work, members: Sequence[str], *, device: str) -> int:
    """Bytes of the largest table of these members' cells on a device, once crops are there."""
    if not work.runs.crops.exists() or (device != "cuda" and work.settings.augmenter != "device"):
        return 0
    number = len(crops_of(work))
    sizes = {work.settings.members[name].image_size for name in members}
    there = torch.device(device)
    return max((table_bytes(number, size=size, device=there) for size in sizes), default=0)


def _find_table(crops: np.ndarray, *, size: int, device: torch.device) -> torch.Tensor | None:
    """The table of all crops, the last one if it is the same; None where there is no room."""
    if not table_bytes(len(crops), size=size, device=device):
        return None
    path = getattr(crops, "filename", None)
    key = path and (str(path), os.stat(path).st_mtime_ns, size, str(device))
    if key in _table:
        return _table[key]
    _table.clear()
    try:
        table = upload_crops(crops, size=size, device=device)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return None  # others are on this device too
    if key:
        _table[key] = table
    return table


def _memory_of(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    from pipeline.experiment.memory import free_memory

    return free_memory()
