import numpy as np
import pytest

from pipeline.metrics.submission_diff import (
    Attribute,
    count_flips,
    distance,
    measure_shift,
    name_flips,
)

MASK = Attribute("mask", ("worn", "incorrect", "none"))
GENDER = Attribute("gender", ("male", "female"))
AGE = Attribute("age", ("<30", "30-60", ">=60"))
PARTS = [MASK, GENDER, AGE]


def test_class_5_to_4_is_a_change_of_age() -> None:
    """Class 5 is worn/female/>=60, 4 is worn/female/30-60, 13 is none/male/30-60."""
    was, now = np.array([5, 5, 4, 13, 0]), np.array([4, 4, 4, 4, 0])
    found = count_flips(was, now, PARTS)
    assert found.to_dict("records") == [
        {"attribute": "age", "was": ">=60", "now": "30-60", "count": 2, "share": 0.4},
        {"attribute": "mask", "was": "none", "now": "worn", "count": 1, "share": 0.2},
        {"attribute": "gender", "was": "male", "now": "female", "count": 1, "share": 0.2},
    ]
    assert name_flips(was, now, PARTS) == [
        "age >=60 -> 30-60",
        "age >=60 -> 30-60",
        "",
        "mask none -> worn, gender male -> female",
        "",
    ]


def test_every_flip_is_counted_once() -> None:
    rng = np.random.default_rng(0)
    was, now = rng.integers(18, size=(2, 500))
    found = count_flips(was, now, PARTS)
    for attribute, per, size in (("mask", 6, 3), ("gender", 3, 2), ("age", 1, 3)):
        moved = (was // per % size) != (now // per % size)
        assert found.loc[found["attribute"] == attribute, "count"].sum() == moved.sum()
    assert (np.diff(found["count"]) <= 0).all()


def test_nothing_changed() -> None:
    same = np.array([1, 2, 3])
    assert len(count_flips(same, same, PARTS)) == 0


def test_how_far_numbers_moved_by_hand() -> None:
    shift = measure_shift(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.5, 1.0, 4.5]))
    assert (shift.num_changed, shift.row, shift.largest) == (3, 2, -2.0)
    assert shift.mean == pytest.approx(0.75)
    assert shift.bias == pytest.approx(-0.25)


def test_the_distance_of_answers() -> None:
    assert distance(np.array([1, 2, 3, 4]), np.array([1, 2, 3, 5])) == 0.25
    assert distance(np.array([0.5, 1.0]), np.array([1.0, 1.0])) == 0.25
