"""Aligned crops: landmarks end at the template's places, however a face is turned."""

import numpy as np
import pytest

from pipeline.faces.align import eyes_in_crop
from pipeline.faces.recipe import CropRecipe, cut_face
from pipeline.faces.similarity import TEMPLATE, aligning_matrix, cut_aligned, fit_similarity


def turned(points: np.ndarray, *, degrees: float, scale: float, shift: tuple) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + shift


def blobs(points: np.ndarray, *, size: int) -> np.ndarray:
    """A dark image with a bright blob at each place (x, y), measured from the image's corner."""
    y, x = np.mgrid[:size, :size] + 0.5
    light = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / 32.0) for px, py in points)
    return np.repeat((250 * np.clip(light, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("degrees", [0.0, 25.0, -70.0])
def test_a_similarity_is_found_again(degrees: float) -> None:
    points = np.random.default_rng(0).normal(size=(5, 2))
    places = turned(points, degrees=degrees, scale=3.0, shift=(40.0, 7.0))
    matrix = fit_similarity(points, places)
    np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], places, atol=1e-9)
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(9.0)


def test_what_is_no_similarity_gets_the_least_squares() -> None:
    rng = np.random.default_rng(1)
    points, places = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    # (a, b, u, v) of x' = ax - by + u and y' = bx + ay + v, by ordinary least squares
    x, y = points.T
    one, zero = np.ones(5), np.zeros(5)
    rows = np.concatenate([np.stack([x, -y, one, zero], 1), np.stack([y, x, zero, one], 1)])
    a, b, u, v = np.linalg.lstsq(rows, np.concatenate(places.T), rcond=None)[0]
    np.testing.assert_allclose(fit_similarity(points, places), [[a, -b, u], [b, a, v]])
    with pytest.raises(ValueError, match="must lie apart"):
        fit_similarity(np.ones((5, 2)), places)


@pytest.mark.parametrize(("size", "scale"), [(64, 200.0), (96, 60.0)])
@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_landmarks_lie_at_the_template(size: int, scale: float, degrees: float) -> None:
    centred = TEMPLATE - 0.5
    landmarks = turned(centred, degrees=degrees, scale=scale, shift=(150.0, 160.0))
    image = blobs(landmarks, size=320)
    crop = cut_aligned(image, landmarks, margin=0.25, size=size)
    assert crop.shape == (size, size, 3)
    found = crop[..., 0].astype(float)
    for x, y in (0.5 + centred / 1.5) * size:
        near = (slice(int(y) - 4, int(y) + 5), slice(int(x) - 4, int(x) + 5))
        weights = found[near] ** 2
        rows, columns = np.mgrid[near] + 0.5
        place = [(weights * axis).sum() / weights.sum() for axis in (columns, rows)]
        np.testing.assert_allclose(place, [x, y], atol=0.6)


def test_eyes_are_found_in_an_aligned_crop() -> None:
    landmarks = turned(TEMPLATE, degrees=20.0, scale=100.0, shift=(30.0, 50.0))
    eyes = eyes_in_crop(np.zeros(4), landmarks.ravel(), margin=0.0, size=50, align=True)
    np.testing.assert_allclose(eyes, 50 * TEMPLATE[:2], atol=1e-9)
    matrix = aligning_matrix(landmarks, margin=0.5, size=50)
    assert np.hypot(*matrix[:, 0]) == pytest.approx(50 / 200)


def test_without_landmarks_a_face_is_cut_upright() -> None:
    image = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    box = np.array([20.0, 20.0, 60.0, 60.0])
    plain, align = CropRecipe(margin=0.0, size=40), CropRecipe(margin=0.0, size=40, align=True)
    upright = cut_face(image, box, how="mtcnn", landmarks=None, recipe=align)
    np.testing.assert_array_equal(upright, image[20:60, 20:60])
    wider = cut_face(image, box, how="table", landmarks=None, recipe=plain, widen=0.5)
    assert wider.shape == (40, 40, 3)
    template = 20.0 + 40.0 * TEMPLATE
    aligned = cut_face(image, box, how="mtcnn", landmarks=template, recipe=align)
    np.testing.assert_array_equal(aligned, image[20:60, 20:60])
