"""The size of a recipe: what hours= makes smaller, and in which order."""

from pipeline.features.new_contest.strong_recipe import Size, shrink


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
