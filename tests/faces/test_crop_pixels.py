import numpy as np
import pytest

from pipeline.faces.crop import cut

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8)[..., None].repeat(3, axis=2)


def test_cut_at_its_own_size_is_the_slice():
    np.testing.assert_array_equal(cut(RAMP, np.array([2, 1, 6, 5]), size=4), RAMP[1:5, 2:6])


def test_shrinking_averages():
    means = RAMP.astype(float).reshape(4, 2, 4, 2, 3).mean((1, 3))
    assert np.abs(cut(RAMP, np.array([0, 0, 8, 8]), size=4) - means).max() <= 0.5


def test_enlarging_keeps_the_order_of_a_ramp():
    large = cut(RAMP, np.array([0, 0, 8, 8]), size=32).astype(int)
    assert large.shape == (32, 32, 3)
    assert (np.diff(large[4:-4, 4:-4, 0], axis=1) >= 0).all()


def test_outside_repeats_the_edge():
    expected = np.pad(RAMP, ((3, 0), (3, 0), (0, 0)), mode="edge")[:8, :8]
    np.testing.assert_array_equal(cut(RAMP, np.array([-3, -3, 5, 5]), size=8), expected)
    expected = np.pad(RAMP, ((2, 2), (2, 2), (0, 0)), mode="edge")
    np.testing.assert_array_equal(cut(RAMP, np.array([-2, -2, 10, 10]), size=12), expected)


@pytest.mark.parametrize(
    "box",
    [
        (8, 0, 12, 4),
        (-4, 2, 0, 6),
        (2, -9, 6, -5),
        (3, 3, 3, 3),
        (5, 5, 2, 2),
        (1, 1, 1.2, 1.2),
        (np.nan, 0, 4, 4),
    ],
)
def test_box_with_nothing_to_cut_is_refused(box):
    with pytest.raises(ValueError, match="box"):
        cut(RAMP, np.array(box), size=4)
