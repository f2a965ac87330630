"""The size of a recipe, which hours= makes smaller in an order, and how its members learn."""

from typing import Any

import pytest

from pipeline.features.new_contest.guess import Guess
from pipeline.features.new_contest.label_kinds import LabelKind
from pipeline.features.new_contest.strong_recipe import (
    FLIP,
    LIGHT,
    MOVE,
    Setting,
    Size,
    recipe_entries,
    shrink,
)
from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.features.new_contest.yaml_writer import Entry


def test_what_fits_stays() -> None:
    size = Size(5, 6, members=2)
    assert shrink(size, minutes=100, fixed=10, hours=2) == size


def test_first_a_member_then_folds_then_epochs() -> None:
    size = Size(5, 6, members=2)
    one = shrink(size, minutes=200, fixed=10, hours=2)  # 110 minutes of room, one member takes 100
    assert (one.folds, one.epochs, one.members) == (5, 6, 1)
    assert one.why == "one member instead of two, so that it fits into hours=2 on this machine"
    few = shrink(size, minutes=400, fixed=10, hours=2)  # 200 of one member, 100 of three folds
    assert (few.folds, few.epochs, few.members) == (3, 6, 1)
    short = shrink(size, minutes=1320, fixed=10, hours=2)  # 330 of three folds: a third of 6 epochs
    assert (short.folds, short.epochs, short.members) == (3, 2, 1)
    assert shrink(size, minutes=1e6, fixed=10, hours=2).epochs == 1


AGE = LabelKind("regression", "numbers", low=1.0, high=90.0)
SIDES = LabelKind("multiclass", "words", ("frontal", "left profile", "right profile"))


def _setting(names: str, label: LabelKind, *, num_images: int) -> Setting:
    return Setting(
        tasks=tuple(TaskGuess(one, one, label, Guess("mae")) for one in names.split()),
        answered=tuple(names.split()),
        writes_probabilities=False,
        num_images=num_images,
        num_people=None,
        side=112,
        crop=Guess({"margin": 0.2}),
        gpu=False,
    )


def _losses_of_ages(num_images: int) -> dict[str, str | None]:
    """The loss of each member of a contest of so many ages."""
    setting = _setting("age", AGE, num_images=num_images)
    members = _inside(recipe_entries(setting, Size(5, 5, members=2)), "members")
    return {one.key: _inside(one.value, "tasks")["age"].get("loss") for one in members}


@pytest.mark.parametrize(
    ("names", "label", "views", "augment"),
    [
        ("age", AGE, ["identity", "flip"], [FLIP, MOVE, LIGHT]),
        ("y", AGE, ["identity", "flip"], [FLIP, MOVE, LIGHT]),
        ("nose_x nose_y", AGE, ["identity"], [LIGHT]),
        ("headYaw", AGE, ["identity"], [LIGHT]),
        ("open_right", AGE, ["identity"], [MOVE, LIGHT]),
        ("pose", SIDES, ["identity"], [MOVE, LIGHT]),
    ],
)
def test_no_mirror_images_where_the_label_has_a_side(
    names: str, label: LabelKind, views: list[str], augment: list[dict]
) -> None:
    entries = recipe_entries(_setting(names, label, num_images=500), Size(5, 5, members=1))
    assert _inside(entries, "tta") == views
    assert _inside(_inside(entries, "defaults"), "augment") == augment


def _inside(entries: list[Entry], key: str) -> Any:
    return next(entry.value for entry in entries if entry.key == key)


def test_few_ages_are_learnt_as_distributions() -> None:
    few = {"first": "distribution", "blocks": None, "second": "distribution"}
    assert _losses_of_ages(120) == few
    many = {"first": "l1", "blocks": None, "distribution": "distribution"}
    assert _losses_of_ages(5_000) == many
