import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from pipeline.faces.boxes import centre_box, iou, main_face, square_box


def test_square_keeps_the_centre_and_grows_by_the_margin_on_both_sides():
    assert square_box(np.array([10, 20, 30, 60]), margin=0).tolist() == [0, 20, 40, 60]
    assert square_box(np.array([10, 20, 30, 60]), margin=0.25).tolist() == [-10, 10, 50, 70]


@pytest.mark.parametrize(("box", "margin"), [((5, 5, 5, 9), 0.1), ((0, 0, 4, 4), -0.5)])
def test_square_without_area_is_refused(box, margin):
    with pytest.raises(ValueError, match="face"):
        square_box(np.array(box), margin=margin)


def test_centre_box_is_the_centre_crop_of_300_in_384x512():
    assert centre_box(384, 512, fraction=300 / 384).tolist() == [42, 106, 342, 406]


@pytest.mark.parametrize("fraction", [0, 1.01, -0.2])
def test_centre_fraction_outside_the_image_is_refused(fraction):
    with pytest.raises(ValueError, match="fraction"):
        centre_box(100, 100, fraction=fraction)


def test_main_face_prefers_the_middle_among_equals_and_size_against_the_background():
    boxes = np.array([[0, 0, 40, 40], [30, 30, 70, 70], [48, 48, 53, 53]])
    assert main_face(boxes[[0, 1]], np.ones(2), 100, 100) == 1
    assert main_face(boxes[[2, 0]], np.ones(2), 100, 100) == 1
    assert main_face(boxes[[1, 1]], np.array([0.7, 0.9]), 100, 100) == 1
    assert main_face(boxes[[1, 1]], np.ones(2), 100, 100) == 0


def test_iou_is_torchvisions():
    corners = np.random.default_rng(0).uniform(0, 50, (12, 2, 2))
    boxes = np.concatenate([corners.min(1), corners.max(1)], axis=1)
    expected = box_iou(torch.from_numpy(boxes), torch.from_numpy(boxes)).numpy()
    np.testing.assert_allclose(iou(boxes[:, None], boxes[None]), expected)
    assert iou(np.zeros(4), np.zeros(4)) == 0
