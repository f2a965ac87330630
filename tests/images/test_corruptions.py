"""Worse images: each measure does what it says, by numbers that follow from its definition."""

import numpy as np
import pytest

from pipeline.images.corruptions import FACTORS, corrupt, cover

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", FACTORS)
def test_the_neutral_level_changes_nothing_and_all_others_do(name: str) -> None:
    factor = FACTORS[name]
    assert factor.neutral in factor.levels
    for level in factor.levels:
        out = corrupt(IMAGE, factor, level, seed=1)
        assert out.shape == IMAGE.shape
        assert out.dtype == np.uint8
        assert (out == IMAGE).all() == (level == factor.neutral), level
        assert (out == corrupt(IMAGE, factor, level, seed=1)).all()


def test_light_is_a_factor_and_ends_at_white() -> None:
    grey = np.full((8, 8, 3), 100, dtype=np.uint8)
    assert (corrupt(grey, FACTORS["brightness"], 0.5, seed=0) == 50).all()
    assert (corrupt(grey, FACTORS["brightness"], 2.5, seed=0) == 250).all()
    assert corrupt(IMAGE, FACTORS["brightness"], 2.5, seed=0).max() == 255


def test_a_turn_of_forty_five_degrees_moves_a_dot_where_trigonometry_says() -> None:
    dot = np.zeros((65, 65, 3), dtype=np.uint8)
    dot[31:34, 39:42] = 255  # 8 to the right of the centre
    out = corrupt(dot, FACTORS["rotation"], 45, seed=0)[..., 0].astype(float)
    rows, columns = np.mgrid[0:65, 0:65]
    found = (rows * out).sum() / out.sum(), (columns * out).sum() / out.sum()
    assert found == pytest.approx((32 - 8 * 0.5**0.5, 32 + 8 * 0.5**0.5), abs=0.3)


def test_lower_quality_blur_and_resolution_leave_less_detail() -> None:
    for name, order in (("JPEG quality", 1), ("resolution", 1), ("blur", -1)):
        factor = FACTORS[name]
        detail = [
            np.abs(np.diff(corrupt(IMAGE, factor, level, seed=0).astype(float), axis=1)).mean()
            for level in sorted(factor.levels, key=lambda level: order * level)
        ]
        assert detail[0] < detail[-1], name


def test_a_patch_has_its_size_and_its_place_depends_on_the_seed() -> None:
    outs = [cover(IMAGE, 30, seed) for seed in range(6)]
    places = set()
    for out in outs:
        rows, columns = np.nonzero((out == 128).all(axis=2) & (out != IMAGE).any(axis=2))
        places.add((rows.min(), columns.min()))
        assert np.ptp(rows) + 1 <= round(0.3 * 64)
        assert np.ptp(rows) + 1 >= round(0.3 * 64) - 1
    assert len(places) == 6
