"""Where batches come from: the same samples in the same order, whichever way they take."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.experiment import data_loading as feeding
from pipeline.experiment.work import Work
from pipeline.images.dataset import CropDataset
from pipeline.images.gpu.loader import ResidentBatches, StreamedBatches
from pipeline.images.sampler import EpochSampler, in_order
from pipeline.storage import PROJECT, Runs

CPU = torch.device("cpu")
FLIP, CUTOUT = [{"HorizontalFlip": {"p": 0.5}}], [{"CoarseDropout": {"p": 0.5}}]


def work_of(augmenter: str) -> Work:
    words = [f"augmenter={augmenter}"]
    settings = load_experiment("sample", words, configs=PROJECT / "configs")
    return Work(settings, Runs(settings), [])


def data_set(folder: Path) -> CropDataset:
    crops = np.random.default_rng(0).integers(256, size=(12, 10, 10, 3), dtype=np.uint8)
    np.save(folder / "crops.npy", crops)
    stored = np.lib.format.open_memmap(folder / "crops.npy", mode="r")
    targets = {"age": np.arange(8.0)}
    return CropDataset(stored, rows=np.arange(8) + 2, size=8, targets=targets)


def fed(work: Work, dataset: CropDataset, sampler, recipe: Sequence = ()):
    return feeding.make_batches(
        work.settings, dataset, sampler, device=CPU, batch_size=4, recipe=recipe
    )


@pytest.mark.parametrize(
    ("augmenter", "device", "recipe", "there"),
    [
        ("albumentations", "cuda", FLIP, False),
        ("device", "cpu", FLIP, True),
        ("auto", "cuda", FLIP, True),
        ("auto", "cuda", CUTOUT, False),
        ("auto", "cpu", FLIP, False),
    ],
)
def test_who_augments(augmenter: str, device: str, recipe: list, there: bool) -> None:
    settings = work_of(augmenter).settings
    assert feeding.augments_there(settings, recipe, side=8, device_type=device) is there
    with pytest.raises(ValueError, match="CoarseDropout needs"):
        feeding.augments_there(work_of("device").settings, CUTOUT, side=8, device_type=device)


def test_on_a_cpu_the_loader_stays_what_it_was(tmp_path: Path) -> None:
    dataset = data_set(tmp_path)
    for augmenter in ("albumentations", "auto", "device"):
        held = fed(work_of(augmenter), dataset, in_order(8, batch_size=4))
        assert isinstance(held, torch.utils.data.DataLoader)
    loader = fed(work_of("auto"), dataset, EpochSampler(8, batch_size=4, seed=1), FLIP)
    assert loader.dataset.augment is not None and dataset.augment is None


def test_where_the_table_does_not_fit_the_host_gives_the_same_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, sampler = data_set(tmp_path), EpochSampler(8, batch_size=4, seed=1)
    resident = fed(work_of("device"), dataset, sampler, FLIP)
    assert isinstance(resident, ResidentBatches)
    assert fed(work_of("device"), dataset, sampler, FLIP).table is resident.table  # kept
    monkeypatch.setattr(feeding, "SHARE", 0.0)
    streamed = fed(work_of("device"), dataset, sampler, FLIP)
    assert isinstance(streamed, StreamedBatches)
    for (pixels, targets), (others, wanted) in zip(resident, streamed, strict=True):
        assert torch.equal(pixels, others)
        assert torch.equal(targets["age"], wanted["age"])


def test_a_full_device_is_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = EpochSampler(8, batch_size=4, seed=1)
    for error in (torch.OutOfMemoryError("full"), RuntimeError("CUDA error: out of memory")):

        def full(*_, error: Exception = error, **__):
            raise error

        monkeypatch.setattr(feeding, "upload_crops", full)
        found = fed(work_of("device"), data_set(tmp_path), sampler, FLIP)
        assert isinstance(found, StreamedBatches)
