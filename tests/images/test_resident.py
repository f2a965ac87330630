import numpy as np
import torch

from pipeline.images.batched import BatchAugment
from pipeline.images.batches import CropDataset, EpochSampler, make_loader
from pipeline.images.resident import ResidentBatches


def test_its_batches_are_the_loaders_when_nothing_is_augmented() -> None:
    crops = np.random.default_rng(0).integers(256, size=(10, 12, 12, 3), dtype=np.uint8)
    rows, targets = np.arange(10)[::-1].copy(), {"age": np.arange(10.0)}
    dataset = CropDataset(crops, rows=rows, size=8, targets=targets)
    sampler = EpochSampler(10, batch_size=4, seed=3, repeats=2)
    plain = make_loader(dataset, sampler, workers=0, pin=False)
    ours = ResidentBatches(dataset, sampler, augment=BatchAugment([]), device=torch.device("cpu"))
    for epoch in (0, 1):
        sampler.epoch = epoch
        batches = list(zip(ours, plain, strict=True))
        assert len(batches) == len(ours) == 5
        for (pixels, found), (wanted, labels) in batches:
            assert torch.equal(pixels, wanted)
            assert torch.equal(found["age"], labels["age"])


def test_a_picture_is_augmented_anew_every_epoch_and_alike_in_every_run() -> None:
    crops = np.random.default_rng(0).integers(256, size=(1, 16, 16, 3), dtype=np.uint8)
    dataset = CropDataset(crops, rows=np.zeros(6, int), size=16, targets={})
    sampler = EpochSampler(6, batch_size=3, seed=3)
    augment = BatchAugment([{"Rotate": {"limit": 40, "p": 1.0}}])
    batches = ResidentBatches(dataset, sampler, augment=augment, device=torch.device("cpu"))

    def epoch(number: int) -> set[bytes]:
        sampler.epoch = number
        return {picture.numpy().tobytes() for pixels, _ in batches for picture in pixels}

    first = epoch(0)
    assert len(first) == 6
    assert not first & epoch(1)
    assert first == epoch(0)
