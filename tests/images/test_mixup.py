import numpy as np
import pytest
import torch

from pipeline.images.mixup import Mixing, mix_batch

SIZES = {"mask": 3, "age": 3}


def batch(number: int = 64) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Images of one value each, which says what was mixed in: image i is i everywhere."""
    pixels = torch.arange(number, dtype=torch.float32).view(-1, 1, 1, 1).repeat(1, 3, 8, 10)
    rng = np.random.default_rng(0)
    targets = {
        "mask": torch.from_numpy(rng.integers(3, size=number)),
        "age": torch.from_numpy(rng.dirichlet([1, 1, 1], size=number).astype(np.float32)),
        "value": torch.arange(number, dtype=torch.float32),
        "smile": torch.from_numpy(rng.integers(2, size=number).astype(np.float32)),
    }
    return pixels, targets


def mix(name: str, *, seed: tuple[int, ...] = (1, 2, 3), **options):
    pixels, targets = batch()
    mixing = Mixing(name, **options)
    return mix_batch(pixels, targets, seed, mixing=mixing, num_classes=SIZES)


@pytest.mark.parametrize("name", ["mixup", "cutmix", "half_face"])
def test_targets_are_mixed_as_the_images_are(name: str) -> None:
    pixels, targets = mix(name)
    # an image's mean value is the mixed value of its pair, whatever way they were mixed
    torch.testing.assert_close(pixels.mean(dim=(1, 2, 3)), targets["value"], rtol=1e-4, atol=1e-3)
    assert not torch.equal(targets["value"], batch()[1]["value"])
    for task in SIZES:
        assert targets[task].shape == (64, 3)
        torch.testing.assert_close(targets[task].sum(dim=1), torch.ones(64))
    # what the batch holds is kept: every image is the partner of one
    assert targets["value"].sum().item() == pytest.approx(64 * 63 / 2, rel=1e-5)
    assert targets["smile"].sum() == pytest.approx(batch()[1]["smile"].sum())
    hard = torch.nn.functional.one_hot(batch()[1]["mask"], 3).float().sum(dim=0)
    torch.testing.assert_close(targets["mask"].sum(dim=0), hard)


@pytest.mark.parametrize("name", ["mixup", "cutmix", "half_face"])
def test_the_outcome_is_a_function_of_the_seed_and_the_batch_stays_as_it_was(name: str) -> None:
    pixels, _ = batch()
    before = pixels.clone()
    first = mix_batch(pixels, batch()[1], (1, 2, 3), mixing=Mixing(name), num_classes=SIZES)
    assert torch.equal(pixels, before)
    torch.manual_seed(99)
    np.random.seed(99)
    again, other = mix(name), mix(name, seed=(1, 2, 4))
    assert torch.equal(first[0], again[0])
    assert all(torch.equal(first[1][task], again[1][task]) for task in again[1])
    assert not torch.equal(again[0], other[0])


def test_half_face_takes_the_left_of_one_and_the_right_of_another() -> None:
    pixels, targets = mix("half_face")
    assert torch.equal(pixels[:, :, :, :5], batch()[0][:, :, :, :5])
    right = pixels[:, 0, 0, 5]
    assert sorted(right.tolist()) == list(range(64))
    assert torch.equal(targets["value"], (torch.arange(64) + right) / 2)


def test_cutmix_cuts_one_box() -> None:
    cut = mix("cutmix", seed=(1, 2, 9))[0][:, 0] != batch()[0][:, 0]
    one = cut[cut.any(dim=(1, 2))][0]
    rows, columns = one.any(dim=1), one.any(dim=0)
    assert one.sum() == rows.sum() * columns.sum()
    assert 0 < one.sum() < one.numel()


@pytest.mark.parametrize("task", ["mask", "age"])
def test_within_mixes_only_images_of_one_class(task: str) -> None:
    pixels, _ = mix("half_face", within=task)
    own = batch()[1][task]
    own = own.argmax(dim=1) if own.ndim == 2 else own
    partner = pixels[:, 0, 0, 9].long()
    assert torch.equal(own[partner], own)
    assert sorted(partner.tolist()) == list(range(64))
    assert (partner != torch.arange(64)).float().mean() > 0.8


def test_p_is_the_share_of_batches() -> None:
    pixels, targets = batch(4)
    mixed = 0
    for number in range(400):
        options = {"mixing": Mixing("half_face", p=0.3), "num_classes": SIZES}
        out, after = mix_batch(pixels, targets, (7, 0, number), **options)
        mixed += after is not targets
        assert (out is pixels) == (after is targets)
    assert 0.22 < mixed / 400 < 0.38


def test_what_is_mixed_with_a_missing_label_has_none_and_a_group_is_never_mixed() -> None:
    pixels, targets = batch(8)
    targets["mask"] = torch.tensor([0, 1, 2, -1, 0, 1, 2, 0])
    targets["value"][5] = float("nan")
    targets["value@group"] = torch.tensor([0.0, 1.0] * 4)
    mixing = Mixing("half_face")
    _, mixed = mix_batch(pixels, targets, (1, 2, 3), mixing=mixing, num_classes=SIZES)
    assert mixed["mask"].isnan().any(dim=1).sum() == 2, "of both images of that pair"
    assert mixed["mask"].isnan().all(dim=1).sum() == 2
    assert mixed["value"].isnan().sum() == 2
    assert torch.equal(mixed["value@group"], targets["value@group"]), "half each: the own group"
    small = Mixing("mixup", alpha=1.0)
    for seed in range(20):
        _, mixed = mix_batch(pixels, targets, (seed,), mixing=small, num_classes=SIZES)
        assert set(mixed["value@group"].tolist()) <= {0.0, 1.0}
