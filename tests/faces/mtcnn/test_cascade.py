import numpy as np
import pytest

from pipeline.faces.mtcnn import cascade


@pytest.mark.parametrize(("width", "height"), [(384, 512), (240, 320), (64, 64), (1000, 30)])
@pytest.mark.parametrize("min_face", [1, 20, 50, 79, 110])
def test_pyramid_is_the_end_of_the_librarys_own(width, height, min_face):
    whole = cascade.pyramid(width, height, min_face=cascade.SMALLEST_FACE)
    scales = cascade.pyramid(width, height, min_face=min_face)
    assert scales == whole[len(whole) - len(scales) :]
    left_out = whole[: len(whole) - len(scales)]
    if left_out and scales:  # the first level serves min_face, none finer does
        assert scales[0] * min_face >= cascade.CELL > scales[0] * min_face * cascade.FACTOR
    if min_face <= cascade.SMALLEST_FACE:
        assert not left_out


def test_image_below_the_smallest_face_has_no_level():
    assert cascade.pyramid(500, 19, min_face=20) == []
    assert len(cascade.pyramid(500, 20, min_face=20)) == 1


def test_corners_stay_inside_and_boxes_outside_lose_their_area():
    boxes = np.array([[-5, -5, 30, 30], [3.9, 4.9, 8.2, 9.9], [-9, 1, -2, 8], [25, 2, 30, 9]])
    corners = cascade.corners_inside(boxes, width=20, height=10)
    assert corners[:2].tolist() == [[0, 0, 20, 10], [2, 3, 8, 9]]
    assert ((corners[2:, 2:] - corners[2:, :2]).min(axis=1) <= 0).all()


def test_best_apart_drops_the_box_inside_another_and_keeps_the_neighbour():
    boxes = np.array([[0, 0, 40, 40], [10, 10, 20, 20], [30, 0, 70, 40]], dtype=np.float32)
    kept = cascade.best_apart(boxes, np.array([0.8, 0.7, 0.9]), overlap=0.7)
    assert kept.tolist() == [2, 0]
