import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from pipeline.faces.mtcnn import area_resize as areas

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 37, 53, 3), dtype=np.uint8)


def torch_area(image: np.ndarray, height: int, width: int) -> np.ndarray:
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    return interpolate(pixels, size=(height, width), mode="area")[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize(("height", "width"), [(37, 53), (12, 17), (1, 1), (36, 5), (50, 60)])
def test_resized_is_torchs_area_interpolation(height, width):
    means = areas.resized(areas.integral(IMAGES), height, width)
    for image, mean in zip(IMAGES, means, strict=True):
        np.testing.assert_allclose(mean, torch_area(image, height, width), rtol=1e-5)


def test_cropped_is_torchs_area_interpolation_of_the_crop():
    corners = np.array([[0, 0, 53, 37], [5, 7, 6, 9], [10, 2, 40, 30], [52, 36, 53, 37]])
    which = np.array([0, 2, 1, 2])
    means = areas.cropped(areas.integral(IMAGES), which, corners, size=24)
    for mean, index, (x1, y1, x2, y2) in zip(means, which, corners, strict=True):
        expected = torch_area(IMAGES[index, y1:y2, x1:x2], 24, 24)
        np.testing.assert_allclose(mean, expected, rtol=1e-5)


def test_sums_may_wrap_around_in_huge_bright_images():
    tables = areas.integral(np.full((1, 3000, 3000, 3), 255, dtype=np.uint8))
    assert (areas.resized(tables, 3, 3) == 255).all()
