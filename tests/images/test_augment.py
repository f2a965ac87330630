import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.images.augment import build_augment
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.storage import PROJECT

PIXELS = np.random.default_rng(0).integers(255, size=(16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ([{"Rotat": {}}], "albumentations has no 'Rotat'; did you mean Rotate"),
        ([{"Rotate": {"limt": 20}}], "Rotate: .*limt"),
        ([{"GaussNoise": {"var_limit": [10, 50]}}], "GaussNoise: .*var_limit"),
        ([{"Rotate": {"limit": "wide"}}], "Rotate: "),
        ([{"Compose": {}}], "has no 'Compose'"),
        ([{"OneOf": {"p": 0.5}}], "OneOf: transforms must be a list"),
        ([{"OneOf": {"transforms": [{"Rotat": {}}]}}], "did you mean Rotate"),
        ([{"SomeOf": {"transforms": [{"Rotate": {}}], "n": 2}}], "SomeOf: `n` is greater"),
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


def test_one_of_applies_one_member_and_only_one() -> None:
    flips = [{"HorizontalFlip": {"p": 1.0}}, {"VerticalFlip": {"p": 1.0}}]
    augment = build_augment([{"OneOf": {"transforms": flips, "p": 1.0}}])
    found = [augment(PIXELS, seed) for seed in range(200)]
    sideways = sum(np.array_equal(image, PIXELS[:, ::-1]) for image in found)
    upside_down = sum(np.array_equal(image, PIXELS[::-1]) for image in found)
    assert sideways + upside_down == 200
    assert 60 < sideways < 140


# what decides how strong a transform is; the library's own defaults are not what recipes mean
SCALES = {
    "HorizontalFlip": [],
    "Affine": ["scale", "translate_percent", "rotate", "border_mode"],
    "Rotate": ["limit", "border_mode"],
    "Perspective": ["scale", "border_mode"],
    "RandomGridShuffle": ["grid"],
    "GaussNoise": ["std_range"],
    "RandomBrightnessContrast": ["brightness_limit", "contrast_limit"],
    "HueSaturationValue": ["hue_shift_limit", "sat_shift_limit", "val_shift_limit"],
    "OneOf": [],
    "SomeOf": ["n"],
    "Sequential": [],
}


def _entries(recipe: Iterable[dict[str, dict]]) -> Iterator[tuple[str, dict]]:
    for entry in recipe:
        for name, arguments in entry.items():
            yield name, arguments
            yield from _entries(arguments.get("transforms", ()))


@pytest.mark.parametrize("path", sorted((PROJECT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_shipped_recipe_states_how_strong_its_transforms_are(path: Path) -> None:
    """GaussNoise without std_range is 51 to 112 grey levels; its recipe of 2021 meant 3 to 7."""
    settings = load_experiment(path.stem, [], configs=PROJECT / "configs")
    for member, recipe in settings.members.items():
        for name, arguments in _entries(recipe.augment):
            missing = {*SCALES[name], "p"} - arguments.keys()
            assert not missing, f"{path.name}: {member}: {name} does not state {missing}"
