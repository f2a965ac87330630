import numpy as np

from pipeline.folds.lookalikes import group_lookalikes


def test_planted_twins_are_joined_through_others_and_strangers_are_not() -> None:
    rng = np.random.default_rng(0)
    faces = rng.integers(255, size=(4, 12, 12))
    near = [
        faces[0],
        faces[0] * 0.8 + 20,
        faces[1],
        faces[2],
        faces[2] + rng.normal(0, 4, (12, 12)),
    ]
    thumbnails = np.stack([*near, faces[3], faces[1]])
    people = np.array(
        ["e", "d", "c", "b", "a", "f", "b"]
    )  # b has an image like c's and one like a's
    joined = group_lookalikes(thumbnails, people, correlation=0.98)
    assert joined.tolist() == ["d", "d", "a", "a", "a", "f", "a"]


def test_with_nobody_alike_the_ids_stay() -> None:
    thumbnails = np.random.default_rng(1).random((50, 8, 8))
    people = np.array([f"{i:02d}" for i in range(50)])
    assert group_lookalikes(thumbnails, people, correlation=0.9).tolist() == people.tolist()
