import numpy as np
import pytest

from pipeline.faces.crop_store import create_crops, open_crops


def test_crops_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "crops.npy"
    crops = create_crops(path, num_crops=3, size=5)
    assert (crops == 0).all()
    drawn = np.random.default_rng(0).integers(0, 256, (3, 5, 5, 3), dtype=np.uint8)
    crops[:] = drawn
    crops.flush()
    np.testing.assert_array_equal(np.load(path), drawn)
    opened = open_crops(path)
    assert isinstance(opened, np.memmap)
    np.testing.assert_array_equal(opened, drawn)
    with pytest.raises(ValueError, match="read-only"):
        opened[0] = 1


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 4, 4, 3)), np.zeros((2, 4, 5, 3), np.uint8), np.zeros(7, np.uint8)]
)
def test_other_files_are_refused(tmp_path, wrong):
    np.save(tmp_path / "other.npy", wrong)
    with pytest.raises(ValueError, match=r"other\.npy"):
        open_crops(tmp_path / "other.npy")


def test_store_without_crops_is_refused(tmp_path):
    with pytest.raises(ValueError, match="found 0"):
        create_crops(tmp_path / "crops.npy", num_crops=0, size=5)
