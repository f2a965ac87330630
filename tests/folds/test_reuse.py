import numpy as np

from pipeline.folds.reuse import reuse_folds


def test_who_was_known_stays_and_who_is_new_fills_up() -> None:
    """Ada and Bo keep 2 and 0; fold 1 is empty, so Cy with two images goes there, then Di to 0,
    which like fold 2 has one image, and comes first."""
    people = ["bo", "cy", "ada", "di", "cy"]
    found = reuse_folds(people, {"ada": 2, "bo": 0, "gone": 1}, num_folds=3)
    np.testing.assert_array_equal(found, [0, 1, 2, 0, 1])


def test_with_nobody_new_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    people = rng.integers(50, size=300).astype(str)
    earlier = {str(n): int(rng.integers(5)) for n in range(50)}
    found = reuse_folds(people, earlier, num_folds=5)
    assert found.tolist() == [earlier[name] for name in people]
