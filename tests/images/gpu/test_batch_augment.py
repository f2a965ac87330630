import random
from collections.abc import Iterator

import albumentations as A
import cv2
import numpy as np
import pytest
import torch

from pipeline.images.augment import build_augment, build_steps
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.counter_rng import uniforms
from pipeline.images.gpu.geometry import _perspectives, _warper
from pipeline.images.gpu.hsv import from_hsv, shift_hsv, to_hsv

SIDE, NUM = 32, 400
AFFINE = {
    "Affine": {
        "scale": [0.8, 1.2],
        "translate_percent": [-0.2, 0.2],
        "rotate": [-30, 30],
        "border_mode": 1,
        "p": 0.8,
    }
}
RECIPES = {
    "flip": [{"HorizontalFlip": {"p": 0.3}}],
    "affine": [AFFINE],
    "rotate, edges mirrored": [{"Rotate": {"limit": 40, "border_mode": 4, "p": 0.6}}],
    "rotate, edges black": [{"Rotate": {"limit": 40, "p": 1.0}}],
    "light": [{"RandomBrightnessContrast": {"brightness_limit": 0.3, "p": 0.7}}],
    "colour": [{"HueSaturationValue": {"p": 0.9}}],
    "noise": [{"GaussNoise": {"std_range": [0.05, 0.2], "p": 0.5}}],
    "perspective": [{"Perspective": {"p": 0.7}}],
    "perspective, edges black, far": [{"Perspective": {"scale": [0.1, 0.3], "p": 1.0}}],
    "shuffled tiles": [{"RandomGridShuffle": {"grid": [2, 4], "p": 0.7}}],
    "one of": [
        {
            "OneOf": {
                "transforms": [
                    {"RandomGridShuffle": {"grid": [2, 2], "p": 0.6}},
                    {"HorizontalFlip": {"p": 0.2}},
                ],
                "p": 0.5,
            }
        }
    ],
    "some of": [
        {
            "SomeOf": {
                "n": 2,
                "transforms": [
                    {"HorizontalFlip": {"p": 0.5}},
                    {"Sequential": {"transforms": [AFFINE], "p": 0.5}},
                    {"RandomBrightnessContrast": {"p": 0.7}},
                ],
            }
        }
    ],
    "all": [{"HorizontalFlip": {"p": 0.5}}, AFFINE, {"RandomBrightnessContrast": {"p": 0.7}}],
}


def image() -> np.ndarray:
    """A smooth coloured image that is alike in no two of its corners."""
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    planes = [40 + 150 * x, 60 + 120 * y, 200 - 80 * x * y - 60 * (x - 0.3) ** 2]
    return np.stack(planes, axis=-1).round().astype(np.uint8)


@pytest.mark.parametrize("name", RECIPES)
def test_the_same_distribution_as_albumentations(name: str) -> None:
    """Means and spreads of every coarse pixel over many seeds, within four standard errors."""
    pixels, recipe = image(), RECIPES[name]
    compose = A.Compose(build_steps(recipe), seed=11)
    compose.set_random_state(np.random.default_rng(11), random.Random(11))  # one for all transforms
    theirs = coarse(np.stack([compose(image=pixels)["image"] for _ in range(NUM)]))
    batch = torch.from_numpy(pixels).expand(NUM, -1, -1, -1)
    ours = coarse(BatchAugment(recipe)(batch, np.arange(NUM)).numpy())
    error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / NUM)
    apart = np.abs(ours.mean(axis=0) - theirs.mean(axis=0))
    assert (apart <= 4.5 * error + 1.0).all(), apart.max()
    assert np.allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.2, atol=1.5)


def coarse(pixels: np.ndarray) -> np.ndarray:
    """(N, 4, 4, 3): means of the 8x8 blocks."""
    blocks = pixels.reshape(len(pixels), 4, SIDE // 4, 4, SIDE // 4, 3).astype(np.float64)
    return blocks.mean(axis=(2, 4))


def pairs() -> Iterator[tuple[str, dict]]:
    fixed = {"scale": [1.1, 1.1], "translate_percent": [0.1, 0.1], "rotate": [20, 20]}
    for border in (0, 1, 4):
        yield "Affine", fixed | {"border_mode": border}
        yield "Affine", {"scale": {"x": [0.8, 0.8], "y": [1.2, 1.2]}, "border_mode": border}
        yield "Affine", {"shear": {"x": [10, 10], "y": [-5, -5]}, "border_mode": border}
        yield "Rotate", {"limit": [25, 25], "border_mode": border}
    yield "HorizontalFlip", {}
    light = {"brightness_limit": [0.2, 0.2], "contrast_limit": [-0.1, -0.1]}
    yield "RandomBrightnessContrast", light
    hsv = {"hue_shift_limit": 15, "sat_shift_limit": -20, "val_shift_limit": 12}
    yield "HueSaturationValue", {key: [value, value] for key, value in hsv.items()}


@pytest.mark.parametrize(("name", "arguments"), list(pairs()))
def test_the_same_pixels_for_the_same_parameters(name: str, arguments: dict) -> None:
    """With nothing left to chance both ways give the same image, but for OpenCV's rounding."""
    recipe = [{name: arguments | {"p": 1.0}}]
    theirs = build_augment(recipe)(image(), 0).astype(int)
    ours = BatchAugment(recipe)(torch.from_numpy(image())[None], np.array([7]))[0].numpy()
    apart = np.abs(ours.astype(int) - theirs)
    assert apart.mean() < 0.6
    assert np.quantile(apart, 0.97) <= 2


def test_a_perspective_is_the_one_that_albumentations_takes_for_the_same_corners() -> None:
    from albumentations.augmentations.geometric import functional as theirs

    for seed in range(20):
        drawn = theirs.generate_perspective_points((SIDE, SIDE), 0.2, np.random.default_rng(seed))
        points = theirs.order_points(drawn)
        matrix, width, height = theirs.compute_perspective_params(points.copy(), (SIDE, SIDE))
        wanted = theirs.perspective(image(), matrix, width, height, 0, 1, True, 1).astype(int)
        ours = torch.from_numpy(_perspectives(points[None].astype(float), side=SIDE)).float()
        batch = torch.from_numpy(image())[None].permute(0, 3, 1, 2).float()
        found = _warper("border")(batch, on=torch.ones(1), matrix=ours).round()
        apart = np.abs(found[0].permute(1, 2, 0).numpy() - wanted)
        assert apart.mean() < 0.6 and np.quantile(apart, 0.97) <= 2


def test_shuffled_tiles_are_the_tiles() -> None:
    augment = BatchAugment([{"RandomGridShuffle": {"grid": [2, 2], "p": 1.0}}])
    batch = torch.from_numpy(image()).expand(60, -1, -1, -1)
    found, half = augment(batch, np.arange(60)).numpy(), SIDE // 2

    def tiles(pixels: np.ndarray) -> list[bytes]:
        corners = [(y, x) for y in (0, half) for x in (0, half)]
        return [pixels[y : y + half, x : x + half].tobytes() for y, x in corners]

    whole = tiles(image())
    orders = [tuple(whole.index(tile) for tile in tiles(one)) for one in found]
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len(set(orders)) > 15  # of 24


def test_a_sample_depends_on_its_seed_alone() -> None:
    recipe = [
        step for name in ("all", "noise", "perspective", "shuffled tiles") for step in RECIPES[name]
    ]
    augment = BatchAugment(recipe)
    batch = torch.from_numpy(image()).expand(6, -1, -1, -1)
    seeds = np.array([3, 9, 4, 3, 2**31 - 1, 0])
    whole = augment(batch, seeds)
    assert torch.equal(whole[0], whole[3])
    assert torch.equal(whole[[4]], augment(batch[:1], seeds[[4]]))
    assert len({image.numpy().tobytes() for image in whole}) == 5


def test_uniform_numbers_are_uniform_and_unlike() -> None:
    found = uniforms(np.arange(4000), 3, stream=2)
    assert found.min() >= 0.0
    assert found.max() < 1.0
    assert np.allclose(found.mean(axis=0), 0.5, atol=0.03)
    assert np.allclose(np.histogram(found, bins=10, range=(0, 1))[0] / 12000, 0.1, atol=0.02)
    assert np.abs(np.corrcoef(np.concatenate([found, uniforms(np.arange(4000), 3, stream=3)], 1).T)
                  - np.eye(6)).max() < 0.08  # fmt: skip


def test_hsv_there_and_back_and_as_opencv_has_it() -> None:
    pixels = np.random.default_rng(0).integers(256, size=(1, 40, 40, 3), dtype=np.uint8)
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    assert torch.allclose(from_hsv(*to_hsv(batch)), batch, atol=1e-2)
    opencv = cv2.cvtColor(pixels[0], cv2.COLOR_RGB2HSV).astype(float)
    ours = torch.stack(to_hsv(batch), dim=-1)[0].numpy()
    turned = np.abs(ours[..., 0] - opencv[..., 0])
    assert np.minimum(turned, 180 - turned).max() <= 1.0
    assert np.abs(ours[..., 1:] - opencv[..., 1:]).max() <= 1.0
    grey = torch.full((1, 3, 2, 2), 90.0)
    assert torch.equal(shift_hsv(grey, torch.tensor([[20.0, 30.0, 0.0]])), grey)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ([{"CoarseDropout": {}}], "CoarseDropout needs augmenter: albumentations"),
        ([{"Perspective": {"keep_size": False}}], "Perspective: keep_size: False needs"),
        ([{"RandomGridShuffle": {"grid": [4, 4]}}], "at most 12 tiles"),
        ([{"RandomGridShuffle": {"grid": [3, 2]}}], "a grid that divides 32 pixels evenly"),
        ([{"Affine": {"fit_output": True}}], "Affine: fit_output: True needs"),
        ([{"Rotate": {"limt": 3}}], "Rotate: .*limt"),
    ],
)
def test_what_only_albumentations_can_is_named(recipe: list, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        BatchAugment(recipe, side=SIDE)


def test_groups_take_what_they_say() -> None:
    """OneOf: one member of all, by the weights 3 to 1, with chance 0.5. SomeOf: two of three."""
    flip = {"HorizontalFlip": {"p": 0.6}}
    shuffle = {"RandomGridShuffle": {"grid": [2, 2], "p": 0.2}}
    light = {"RandomBrightnessContrast": {"p": 1.0}}
    seeds = np.arange(4000)
    one_of = BatchAugment([{"OneOf": {"transforms": [flip, shuffle], "p": 0.5}}])
    flips, shuffles = (one["on"].numpy() > 0 for one in one_of.draw(seeds, side=8))
    assert not (flips & shuffles).any()
    assert abs(flips.mean() - 0.375) < 0.03 and abs(shuffles.mean() - 0.125) < 0.03
    always = [{name: {**given, "p": 1.0} for name, given in one.items()} for one in (flip, shuffle)]
    some_of = BatchAugment([{"SomeOf": {"transforms": [*always, light], "n": 2}}])
    drawn = [one["on"].numpy() for one in some_of.draw(seeds, side=8)]
    assert (np.sum(drawn, axis=0) == 2).all()
    assert all(abs(one.mean() - 2 / 3) < 0.03 for one in drawn)
    with pytest.raises(ValueError, match="replace: true needs augmenter: albumentations"):
        BatchAugment([{"SomeOf": {"transforms": [*always], "n": 1, "replace": True}}])
