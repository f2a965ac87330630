import hashlib

import numpy as np
import pytest

from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.sampler import EpochSampler, balanced_chances, in_order

RECIPE = [
    {"HorizontalFlip": {"p": 0.5}},
    {"Rotate": {"limit": 30, "p": 1.0}},
    {"GaussNoise": {"p": 1.0}},
]


def stream(workers: int, *, num_epochs: int = 2) -> list[list[str]]:
    """For each epoch a hash of every augmented sample; the 32 crops are all the same image."""
    image = np.random.default_rng(0).integers(255, size=(24, 24, 3), dtype=np.uint8)
    crops = np.stack([image] * 32)
    dataset = CropDataset(
        crops, rows=np.arange(32), size=24, targets={}, augment=build_augment(RECIPE)
    )
    sampler = EpochSampler(32, batch_size=4, seed=3)
    loader = make_loader(dataset, sampler, workers=workers, pin=False)
    epochs = []
    for epoch in range(num_epochs):
        sampler.epoch = epoch
        pixels = np.concatenate([batch.numpy() for batch, _ in loader])
        epochs.append([hashlib.sha256(sample.tobytes()).hexdigest() for sample in pixels])
    return epochs


@pytest.mark.parametrize("workers", [0, 2, 4])
def test_the_augmentation_stream(workers: int) -> None:
    """albumentations in loader workers would replay one stream in each worker and every epoch."""
    first, second = stream(workers)
    assert len(set(first)) == 32, "two samples of an epoch were augmented alike"
    assert not set(first) & set(second), "the second epoch repeats the first"
    assert [first, second] == stream(0), "the stream depends on the number of workers"


def test_every_sample_comes_once_an_epoch_and_in_another_order_the_next() -> None:
    sampler = EpochSampler(10, batch_size=4, seed=1)
    first = [i for batch in sampler for i, _ in batch]
    sampler.epoch = 1
    second = [i for batch in sampler for i, _ in batch]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert len(sampler) == 3


def test_a_last_batch_of_one_is_left_out() -> None:
    """BatchNorm cannot be trained on one image."""
    assert [len(batch) for batch in EpochSampler(9, batch_size=4, seed=1)] == [4, 4]


def test_an_epoch_can_take_some_images_of_each_person() -> None:
    people = np.repeat(["ann", "bob", "cid"], [7, 2, 1])
    sampler = EpochSampler(10, batch_size=4, seed=1, groups=people, per_group=3)
    seen = []
    for epoch in range(20):
        sampler.epoch = epoch
        taken = [i for batch in sampler for i, _ in batch]
        counts = {p: int((people[taken] == p).sum()) for p in set(people)}
        assert counts["ann"] == 3
        assert counts["bob"] == 2
        seen += taken
    assert set(seen) >= set(range(7)), "the same images every time"


def test_evaluation_goes_in_order_without_augmentation() -> None:
    assert in_order(5, batch_size=2) == [[(0, 0), (1, 0)], [(2, 0), (3, 0)], [(4, 0)]]


def test_balanced_draws_all_classes_equally_often_and_each_draw_has_its_own_seed() -> None:
    codes = np.repeat([0, 1, 2], [900, 90, 10])
    chances = balanced_chances(codes)
    assert [chances[codes == code].sum() for code in range(3)] == pytest.approx([1.0, 1.0, 1.0])
    sampler = EpochSampler(1000, batch_size=50, seed=2, chances=chances)
    first = [sample for batch in sampler for sample in batch]
    assert len(first) == 1000
    shares = np.bincount(codes[[i for i, _ in first]]) / 1000
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)
    assert len({seed for _, seed in first}) == 1000, "an image drawn twice is augmented alike"
    assert first == [sample for batch in sampler for sample in batch]
    sampler.epoch = 1
    assert first != [sample for batch in sampler for sample in batch]


def test_balanced_draws_from_the_images_of_each_person_that_are_taken() -> None:
    people = np.repeat(["ann", "bob"], [20, 2])
    chances = balanced_chances(np.repeat([0, 1], [20, 2]))
    sampler = EpochSampler(22, batch_size=22, seed=1, groups=people, per_group=2, chances=chances)
    seen = {i for batch in sampler for i, _ in batch if i < 20}
    assert len(sampler) == 1
    assert sum(len(batch) for batch in sampler) == 4
    assert len(seen) <= 2


def test_repeats_pass_over_the_data_again_with_other_seeds() -> None:
    once = EpochSampler(10, batch_size=5, seed=4)
    thrice = EpochSampler(10, batch_size=5, seed=4, repeats=3)
    samples = [sample for batch in thrice for sample in batch]
    assert samples[:10] == [sample for batch in once for sample in batch]
    assert len(thrice) == 6
    for start in (0, 10, 20):
        assert sorted(i for i, _ in samples[start : start + 10]) == list(range(10))
    assert len({seed for _, seed in samples}) == 30
