from collections.abc import Iterable

import numpy as np
import pytest
import torch

from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.gpu import loader as resident
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.loader import ResidentBatches, StreamedBatches, upload_crops
from pipeline.images.sampler import EpochSampler, in_order
from pipeline.images.transform import fit_size

CPU = torch.device("cpu")
RECIPE = [{"Rotate": {"limit": 40, "p": 0.8}}, {"GaussNoise": {"p": 0.5}}]


def crops_of(number: int, side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(number, side, side, 3), dtype=np.uint8)


def data_set() -> tuple[CropDataset, EpochSampler]:
    rows, targets = np.arange(10)[::-1] + 3, {"age": np.arange(10.0)}
    dataset = CropDataset(crops_of(14, 12), rows=rows, size=8, targets=targets)
    return dataset, EpochSampler(10, batch_size=4, seed=3, repeats=2)


def both_equal(ours: Iterable, wanted: Iterable) -> int:
    number = 0
    for (pixels, found), (other, labels) in zip(ours, wanted, strict=True):
        assert torch.equal(pixels, other)
        assert found.keys() == labels.keys()
        assert all(torch.equal(found[task], labels[task]) for task in labels)
        number += 1
    return number


@pytest.mark.parametrize("stretch", [1, 7, 1000])  # samples that are decided at once
def test_its_batches_are_the_loaders_when_nothing_is_augmented(
    stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident, "STRETCH", stretch)
    dataset, sampler = data_set()
    plain = make_loader(dataset, sampler, workers=0, pin=False)
    ours = ResidentBatches(dataset, sampler, table=upload_crops(dataset.crops, size=8, device=CPU))
    for epoch in (0, 1):
        sampler.epoch = epoch
        assert both_equal(ours, plain) == len(ours) == 5
    held = in_order(10, batch_size=4)
    ours = ResidentBatches(dataset, held, table=ours.table)
    assert both_equal(ours, make_loader(dataset, held, workers=0, pin=False)) == 3


@pytest.mark.parametrize("stretch", [6, 1000])
def test_from_the_table_and_from_the_host_the_same_augmented_batches(
    stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident, "STRETCH", stretch)
    dataset, sampler = data_set()
    augment = BatchAugment(RECIPE)
    table = upload_crops(dataset.crops, size=8, device=CPU)
    ours = ResidentBatches(dataset, sampler, table=table, augment=augment)
    loader = make_loader(dataset, sampler, workers=0, pin=False)
    host = StreamedBatches(loader, augment=augment, device=CPU)
    sampler.epoch = 1
    assert both_equal(ours, host) == len(host) == 5
    first = list(next(iter(sampler)))
    rows = dataset.rows[[position for position, _ in first]]
    alone = augment(table[torch.from_numpy(rows)], np.array([seed for _, seed in first]))
    assert torch.equal(next(iter(ours))[0], alone)  # drawn together, or for one batch alone


@pytest.mark.parametrize(("most", "wanted"), [(1, [1, 1, 1]), (8, [2, 1]), (99, [3])])
def test_batches_that_are_augmented_together_are_those_alone(
    most: int, wanted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert [len(group) for group in resident._together(iter(parts), most=most)] == wanted
    dataset, sampler = data_set()
    table = upload_crops(dataset.crops, size=8, device=CPU)
    ours = ResidentBatches(dataset, sampler, table=table, augment=BatchAugment(RECIPE))
    alone = list(ours)
    monkeypatch.setattr(resident, "_at_once", lambda side, device: most)  # as a GPU has it
    assert both_equal(ours, alone) == 5


def test_the_table_is_every_crop_at_the_networks_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "CHUNK", 3)
    crops = crops_of(70, 12)
    wanted = np.stack([fit_size(crop, size=8) for crop in crops])
    assert np.array_equal(upload_crops(crops, size=8, device=CPU).numpy(), wanted)


def test_a_image_is_augmented_anew_every_epoch_and_alike_in_every_run() -> None:
    crops = crops_of(1, 16)
    dataset = CropDataset(crops, rows=np.zeros(6, int), size=16, targets={})
    sampler = EpochSampler(6, batch_size=3, seed=3)
    augment = BatchAugment([{"Rotate": {"limit": 40, "p": 1.0}}])
    table = upload_crops(crops, size=16, device=CPU)
    batches = ResidentBatches(dataset, sampler, table=table, augment=augment)

    def epoch(number: int) -> set[bytes]:
        sampler.epoch = number
        return {image.numpy().tobytes() for pixels, _ in batches for image in pixels}

    first = epoch(0)
    assert len(first) == 6
    assert not first & epoch(1)
    assert first == epoch(0)
