import numpy as np

from pipeline.features.tuning.tiny_subset import pick_tiny_subset


def test_every_class_comes_even_the_rare_one() -> None:
    codes = np.array([0] * 500 + [1] * 40 + [2] * 3)
    picked = pick_tiny_subset(codes, number=16, seed=3)
    assert len(set(picked.tolist())) == 16
    assert np.bincount(codes[picked]).min() == 3
    assert picked.tolist() == pick_tiny_subset(codes, number=16, seed=3).tolist()
    assert picked.tolist() != pick_tiny_subset(codes, number=16, seed=4).tolist()
    assert len(pick_tiny_subset(codes[:5], number=16, seed=3)) == 5
