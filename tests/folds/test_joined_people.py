import numpy as np

from pipeline.folds.joined_people import join_groups, join_people


def test_linked_people_become_one_through_others() -> None:
    """b has an image like c's and one like a's: a, b and c are one; d and e too; f is alone."""
    people = np.array(["e", "d", "c", "b", "a", "f", "b"])
    left, right = np.array([0, 2, 3]), np.array([1, 6, 4])
    assert join_people(people, left, right).tolist() == ["d", "d", "a", "a", "a", "f", "a"]
    groups = np.array([7, 7, 1, 2, 2, 3, 1])  # the same links as groups of images
    assert join_groups(people, groups).tolist() == ["d", "d", "a", "a", "a", "f", "a"]


def test_without_links_the_ids_stay() -> None:
    people = np.array([f"{i:02d}" for i in range(50)])
    none = np.empty(0, dtype=np.int64)
    assert join_people(people, none, none).tolist() == people.tolist()
    assert join_groups(people, np.arange(50)).tolist() == people.tolist()
