"""Upper parts of faces: the eyes end where they should, however the image is turned."""

import numpy as np
import pytest

from pipeline.faces.align import EYES, HEIGHT, WIDTH, align_upper_face, eyes_in_crop, sharpen


def blobs(eyes: np.ndarray, *, size: int = 120) -> np.ndarray:
    """A dark image with a bright blob at each place (x, y)."""
    y, x = np.mgrid[:size, :size]
    light = sum(np.exp(-((x - ex) ** 2 + (y - ey) ** 2) / 18.0) for ex, ey in eyes)
    return np.repeat((250 * np.clip(light, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("eyes", [[[40, 50], [80, 50]], [[45, 70], [75, 40]], [[30, 60], [92, 66]]])
def test_eyes_lie_on_eyes(eyes) -> None:
    part = align_upper_face(blobs(np.array(eyes)), np.array(eyes))
    assert part.shape == (HEIGHT, WIDTH)
    for first, wanted in zip((0, WIDTH // 2), EYES, strict=True):
        half = part[:, first : first + WIDTH // 2]
        y, x = np.unravel_index(half.argmax(), half.shape)
        np.testing.assert_allclose([x + first, y], wanted, atol=1.0)


def test_landmarks_of_the_image_become_places_in_the_crop() -> None:
    # a box of 100 x 80 around (150, 140); with a margin of 0.1 the square has a side of 120
    box, landmarks = np.array([100, 100, 200, 180]), [130, 130, 170, 130, *[0] * 6]
    eyes = eyes_in_crop(box, landmarks, margin=0.1, size=60)
    np.testing.assert_allclose(eyes, [[20, 25], [40, 25]])
    assert eyes_in_crop(box, None, margin=0.1, size=100)[0].tolist() == [35, 41]


def test_sharpened_parts_lose_light_that_changes_slowly() -> None:
    slope = np.tile(np.linspace(0, 100, WIDTH, dtype=np.float32), (HEIGHT, 1))
    (sharp,) = sharpen(slope[None])
    assert np.abs(sharp[:, 9:-9]).max() < 1.0
