"""What is said of people depends on whether they are named."""

import pandas as pd
import pytest

from pipeline.experiment.grouping import counted_by, describe_grouping, named


def frame(*pairs: tuple[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["image_id", "person_id"]).assign(part="train")


ALONE = frame(("1.jpg", "1.jpg"), ("train/2.jpg", "2.jpg"), ("3.jpg", None))
NAMED = frame(("1", "ann"), ("2", "ann"), ("bo", "bo"), ("bo2", "bo"))
SOME = frame(("1", "ann"), ("2", "ann"), ("3", "3"))


def test_an_image_s_own_id_names_nobody_unless_it_is_shared() -> None:
    assert named(ALONE).tolist() == [False] * 3
    assert named(NAMED).tolist() == [True] * 4
    assert named(SOME).tolist() == [True, True, False]
    assert [counted_by(images) for images in (ALONE, NAMED, SOME)] == ["images", "people", "images"]


@pytest.mark.parametrize(
    ("images", "more", "unit", "count"),
    [
        (NAMED, {}, "people", "4 images of 2 people"),
        (ALONE, {}, "images", "3 images (nobody is named)"),
        (SOME, {}, "groups", "3 images in 2 groups"),
        (ALONE, {"lookalikes": 0.7, "units": ["a", "a", "b"]}, "groups", "3 images in 2 groups"),
        (NAMED, {"lookalikes": 0.7}, "people", "4 images of 2 people"),
    ],
)
def test_the_unit_and_how_it_is_counted(images, more, unit, count) -> None:
    grouping = describe_grouping(images, **more)
    assert grouping.unit == unit
    assert grouping.is_upper_bound is (unit != "people")
    units = grouping.num_units if unit != "images" else 3
    assert grouping.count(len(images), units) == count
    assert bool(grouping.caveat) is grouping.is_upper_bound
    if grouping.caveat:
        assert "too good if people come twice" in grouping.caveat
        assert "competition.table.person" in grouping.caveat


def test_the_caveat_says_what_is_not_known() -> None:
    assert "every image counts as alone" in describe_grouping(ALONE).caveat
    assert "1 of 3 images do not name their person" in describe_grouping(SOME).caveat
    joined = describe_grouping(ALONE, ["a", "a", "b"], lookalikes=0.7)
    assert "(1 of 2 groups have one image)" in joined.caveat
    by_label = describe_grouping(NAMED, by="label")
    assert by_label.unit == "people" and by_label.is_upper_bound
    assert "ignores people" in by_label.caveat
