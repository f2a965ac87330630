"""Where batches come from: loader processes of the host, or a table of all crops on the device.

On a GPU the table is taken wherever it fits and no transform needs albumentations: the samples and
their order are the loader's.
"""

import os
from collections.abc import Mapping, Sequence
from copy import copy

import numpy as np
import torch

from pipeline.config import Experiment
from pipeline.experiment.device import choose_workers
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, CropLoader, make_loader
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.loader import ResidentBatches, StreamedBatches, upload_crops
from pipeline.images.sampler import EpochSampler, Sample, in_order
from pipeline.models.out_of_memory import is_out_of_memory

SHARE = 0.4  # of a device's memory that the table may take; networks need the rest
AugmentRecipe = Sequence[Mapping[str, Mapping]]
Feed = CropLoader | ResidentBatches | StreamedBatches
_table: dict[tuple, torch.Tensor] = {}  # the last one: the next cell of the process wants it too


def augments_there(
    settings: Experiment, recipe: AugmentRecipe, *, side: int, device_type: str
) -> bool:
    """Whether images are augmented on the device. Raises ValueError where the settings ask for it
    and a transform can't run there."""
    if settings.augmenter == "device":
        BatchAugment(recipe, side=side)
        return True
    if settings.augmenter == "albumentations" or device_type != "cuda":
        return False
    try:
        BatchAugment(recipe, side=side)
    except ValueError:  # a transform that only albumentations has: then it does all of them
        return False
    return True


def make_batches(
    settings: Experiment,
    dataset: CropDataset,
    sampler: EpochSampler | Sequence[list[Sample]],
    *,
    device: torch.device,
    batch_size: int,
    recipe: AugmentRecipe = (),
) -> Feed:
    """Batches (pixels, targets) of the data set, which has no augmentation of its own yet, in the
    sampler's order; `batch_size` is that of the largest."""
    side = dataset.size
    on_device = bool(recipe) and augments_there(
        settings, recipe, side=side, device_type=device.type
    )
    if on_device or (not recipe and device.type == "cuda"):
        table = _find_table(dataset.crops, size=dataset.size, device=device)
        if table is not None:
            return ResidentBatches(dataset, sampler, table=table, augment=BatchAugment(recipe))
    read = copy(dataset)
    read.augment = None if on_device or not recipe else build_augment(recipe)
    workers = choose_workers(
        settings, device_type=device.type, batch_bytes=batch_size * side**2 * 3
    )
    loader = make_loader(read, sampler, workers=workers, pin=device.type == "cuda")
    if on_device:
        return StreamedBatches(loader, augment=BatchAugment(recipe), device=device)
    return loader


def batches_in_order(
    settings: Experiment,
    crops: np.ndarray,
    rows: np.ndarray,
    *,
    size: int,
    device: torch.device,
    batch_size: int | None = None,
    names: Sequence[str] | np.ndarray | None = None,
) -> Feed:
    """Batches of these rows of the crops as they are, in their order: for what is only looked at.

    `size` is the network's, in pixels; `batch_size` is that of predictions when it is not given;
    `names` (N,) is what errors call the images.
    """
    number = batch_size or settings.infer.batch_size
    dataset = CropDataset(crops, rows=rows, size=size, targets={}, names=names)
    order = in_order(len(rows), batch_size=number)
    return make_batches(settings, dataset, order, device=device, batch_size=number)


def table_bytes(num_crops: int, *, size: int, device: torch.device) -> int:
    """Bytes of the table of all crops on the device; 0 where it is too large for it."""
    needed = num_crops * size**2 * 3
    return needed if needed <= SHARE * _memory_of(device) else 0


def resident_bytes(
    settings: Experiment, members: Sequence[str], *, num_crops: int, device: str
) -> int:
    """Bytes of the largest table of these members' cells on a device."""
    if device != "cuda" and settings.augmenter != "device":
        return 0
    sizes = {settings.members[name].image_size for name in members}
    largest = 0
    for size in sizes:
        largest = max(largest, table_bytes(num_crops, size=size, device=torch.device(device)))
    return largest


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
