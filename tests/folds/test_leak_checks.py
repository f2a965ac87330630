"""Each leak is found, and the sentence names who leaks."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.folds.leak_checks import check_folds

IMAGES = ["i1", "i2", "i3", "i4"]
PEOPLE = ["p1", "p1", "p2", "p3"]
FOLDS = [0, 0, 1, 2]


def test_sound_folds_are_proved_in_one_line():
    line = check_folds(IMAGES, PEOPLE, FOLDS, num_folds=3)
    assert line.startswith("Proved: 4 images of 3 people are in 3 folds") and "\n" not in line


def test_nothing_is_proved_where_nobody_is_named():
    line = check_folds(IMAGES, IMAGES, FOLDS, num_folds=3, unit="images")
    assert line.startswith("Checked: 4 images are in 3 folds")
    assert "person" not in line and "people" not in line and "roved" not in line
    line = check_folds(IMAGES, PEOPLE, FOLDS, num_folds=3, unit="groups")
    assert "4 images of 3 groups are in 3 folds; no group is in two" in line
    assert "roved" not in line


@pytest.mark.parametrize(
    ("images", "people", "folds", "words"),
    [
        (IMAGES, PEOPLE, [0, 0, np.nan, 2], "fold is null for 1 of 4 .*'i3'"),
        (IMAGES, PEOPLE, [0, 0, None, 2], "fold is null for 1 of 4 .*'i3'"),
        (IMAGES, PEOPLE, [0, 0, 1, 3], "'i4' has fold 3; with 3 folds only 0 to 2"),
        (IMAGES, PEOPLE, [0, 0, 1, -1], "'i4' has fold -1"),
        (IMAGES, PEOPLE, [0, 0, 1, 1.5], "'i4' has fold 1.5"),
        (["i1", "i2", "i2", "i4"], PEOPLE, FOLDS, "'i2' is there more than once"),
        (IMAGES, PEOPLE, [0, 1, 1, 2], "'p1' is in folds 0 and 1"),
        (IMAGES, [7, "7", "p2", "p3"], [0, 1, 1, 2], "'7' is in folds 0 and 1"),
        (IMAGES, PEOPLE, [0, 0, 2, 2], "Fold 1 of 3 holds no image"),
        (IMAGES, ["p1", "p1", None, "p3"], FOLDS, "person_id is null for 1 of 4 .*'i3'"),
        ([None, "i2", "i3", "i4"], PEOPLE, FOLDS, "image_id is null for 1 of 4 .*row 0"),
        (IMAGES[:3], PEOPLE, FOLDS, "3 image ids, 4 person ids and 4 folds"),
    ],
)
def test_every_leak_is_named(images, people, folds, words):
    with pytest.raises(ValueError, match=words):
        check_folds(images, people, folds, num_folds=3)
