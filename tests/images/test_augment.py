import sys

import numpy as np
import pytest
import torch

from pipeline.images.augment import build_augment
from pipeline.images.gpu.batch_augment import BatchAugment

PIXELS = np.random.default_rng(0).integers(255, size=(16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ([{"Rotat": {}}], "albumentations has no 'Rotat'; did you mean Rotate"),
        ([{"Rotate": {"limt": 20}}], "Rotate: .*limt"),
        ([{"GaussNoise": {"var_limit": [10, 50]}}], "GaussNoise: .*var_limit"),
        ([{"Rotate": {"limit": "wide"}}], "Rotate: "),
        ([{"Compose": {}}], "has no 'Compose'"),
    ],
)
def test_what_albumentations_would_only_warn_about_is_an_error(recipe: list, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        build_augment(recipe)


def test_the_outcome_is_a_function_of_image_and_seed() -> None:
    augment = build_augment([{"Rotate": {"limit": 40, "p": 1.0}}])
    first = augment(PIXELS, 1)
    assert not np.array_equal(first, augment(PIXELS, 2))
    assert np.array_equal(first, augment(PIXELS, 1))


def test_no_recipe_changes_nothing_and_needs_no_albumentations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "albumentations", None)  # as if it were not installed
    assert build_augment([])(PIXELS, 5) is PIXELS
    batch = torch.from_numpy(PIXELS)[None]
    assert BatchAugment([], side=16)(batch, np.arange(1)) is batch
    with pytest.raises(ImportError):
        build_augment([{"Rotate": {}}])


def test_a_recipe_that_changes_the_size_is_refused() -> None:
    augment = build_augment([{"Resize": {"height": 8, "width": 8}}])
    with pytest.raises(ValueError, match=r"turns \(16, 16, 3\) pixels into \(8, 8, 3\)"):
        augment(PIXELS, 1)


def test_two_transforms_are_drawn_independently() -> None:
    augment = build_augment([{"HorizontalFlip": {"p": 0.5}}, {"InvertImg": {"p": 0.5}}])
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, :4] = 255  # half white: flipped and inverted it is itself again
    same = sum(np.array_equal(augment(image, seed), image) for seed in range(400))
    assert 150 < same < 250, "drawn together, both would always come at once"
