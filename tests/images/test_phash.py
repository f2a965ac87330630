"""Copies are found however they were made; the search finds what comparing all pairs finds."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.images.phash import (
    DISTANCE,
    correlate,
    distances,
    near_duplicates,
    perceptual_hashes,
)
from tests.contests import drawn_people

CORRELATION = 0.98


def thumbnails(images: list[np.ndarray]) -> np.ndarray:
    """Their grey upper halves, as audit takes them."""
    small = [cv2.resize(p, (32, 32), interpolation=cv2.INTER_AREA)[:16] for p in images]
    return np.stack([image.mean(axis=2) for image in small])


def as_jpeg(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="JPEG", quality=35)
    return np.asarray(Image.open(file).convert("RGB"))


def resized(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    return cv2.resize(image, (width * 2 // 3, height * 2 // 3), interpolation=cv2.INTER_AREA)


COPIES = {
    "jpeg": as_jpeg,
    "resized": resized,
    "darker": lambda image: (image * 0.7).astype(np.uint8),
    "brighter": lambda image: (image * 0.9 + 20).astype(np.uint8),
    "flipped": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "masked": lambda image: np.concatenate(
        [image[: len(image) // 2], np.zeros_like(image[len(image) // 2 :])]
    ),
}


@pytest.fixture(scope="module")
def faces() -> list[np.ndarray]:
    """30 drawn faces, turned to images of different light."""
    return [np.asarray(image.convert("RGB")) for _, image in drawn_people()]


@pytest.mark.parametrize("kind", COPIES)
def test_planted_copies_are_found_and_nothing_else(faces: list[np.ndarray], kind: str) -> None:
    """Precision and recall 1 over 30 people, 10 of them copied (n = 40, 780 pairs)."""
    upper = thumbnails([*faces, *(COPIES[kind](face) for face in faces[:10])])
    plain, mirrored = perceptual_hashes(upper)
    turned = kind == "flipped"
    pairs = near_duplicates(plain, mirrored if turned else None)
    alike = correlate(upper[pairs[:, 0]], (upper[:, :, ::-1] if turned else upper)[pairs[:, 1]])
    found = {tuple(map(int, pair)) for pair in pairs[alike >= CORRELATION]}
    assert found == {(number, 30 + number) for number in range(10)}


def some_prints(rng: np.random.Generator, *, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes with many near pairs: a few origins with some bits turned."""
    origins = rng.integers(0, 2**63, size=number // 8, dtype=np.uint64)
    prints = origins[rng.integers(len(origins), size=number)]
    for _ in range(9):
        bits = np.uint64(1) << rng.integers(0, 64, size=number).astype(np.uint64)
        prints = prints ^ np.where(rng.random(number) < 0.8, bits, np.uint64(0))
    return prints, rng.permutation(prints)


@pytest.mark.parametrize("seed", range(5))
def test_the_search_finds_what_comparing_all_pairs_finds(seed: int) -> None:
    prints, mirrored = some_prints(np.random.default_rng(seed), number=400)
    near = np.bitwise_count(prints[:, None] ^ prints[None]) <= DISTANCE
    expected = np.argwhere(np.triu(near, 1))
    assert len(expected) > 200
    assert (near.sum() - 400) // 2 == len(expected)
    np.testing.assert_array_equal(near_duplicates(prints), expected)
    turned = np.bitwise_count(prints[:, None] ^ mirrored[None])
    either = np.triu((turned <= DISTANCE) | (turned.T <= DISTANCE), 1)
    pairs = near_duplicates(prints, mirrored)
    np.testing.assert_array_equal(pairs, np.argwhere(either))
    smaller = np.minimum(turned, turned.T)[pairs[:, 0], pairs[:, 1]]
    np.testing.assert_array_equal(distances(prints, mirrored, pairs), smaller)


def test_thousands_of_equal_hashes_are_linked_without_all_pairs() -> None:
    prints = np.concatenate(
        [np.full(20_000, 7, dtype=np.uint64), some_prints(np.random.default_rng(3), number=80)[0]]
    )
    pairs = near_duplicates(prints)
    equal = pairs[(pairs < 20_000).all(axis=1)]
    assert len(equal) == 19_999
    assert set(equal[:, 1]) == set(range(1, 20_000))
    assert (equal[:, 0] == 0).all()


def test_no_and_one_image_have_no_pairs() -> None:
    assert near_duplicates(np.empty(0, dtype=np.uint64)).shape == (0, 2)
    assert near_duplicates(np.array([5], dtype=np.uint64)).shape == (0, 2)


@pytest.mark.slow
def test_a_hundred_thousand_images_are_searched_without_all_pairs() -> None:
    rng = np.random.default_rng(0)
    waves = rng.normal(size=(40, 16, 32)).cumsum(axis=1).cumsum(axis=2).reshape(40, -1)
    faces = (rng.normal(size=(100_000, 40)) @ waves).astype(np.float32).reshape(-1, 16, 32)
    faces[-500:] = faces[:500] + rng.normal(size=(500, 16, 32))
    plain, _ = perceptual_hashes(faces)
    pairs = near_duplicates(plain)
    near = set(map(tuple, pairs))
    assert sum((number, 99_500 + number) in near for number in range(500)) >= 495
    assert len(pairs) < 2_000_000
