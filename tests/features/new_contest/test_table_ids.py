"""Samples whose ids are not the rows of the test table, and images that nobody asks for."""

from pathlib import Path

from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table
from tests.features.new_contest.test_understand import competition

TRAIN = [f"train/{n}.png" for n in range(12)]
TEST = [f"test/{n}.png" for n in range(20, 28)]


def make(root: Path, *, with_test: bool) -> list[str]:
    """What new doubts, where the sample lacks two test images and has one that is not there."""
    draw(root, [*TRAIN, *TEST])
    table(root / "train.csv", "id,mood", [(f"{n}.png", n % 2) for n in range(12)])
    if with_test:
        table(root / "test.csv", "id", [(f"{n}.png",) for n in range(20, 28)])
    rows = [(f"{n}.png", 0) for n in [*range(22, 28), 99]]
    table(root / "sample_submission.csv", "id,mood", rows)
    found = understand_folder(root)
    assert found.draft is not None
    return found.draft.doubts


def test_other_rows_are_no_other_spelling(tmp_path: Path) -> None:
    doubts = make(tmp_path, with_test=True)
    assert any(
        "lacks 20.png, 21.png of test.csv and has 99.png, which test.csv lacks" in said
        for said in doubts
    )
    assert not any("spells" in said for said in doubts)


def test_images_that_nobody_asks_for_are_named(tmp_path: Path) -> None:
    doubts = make(tmp_path, with_test=False)
    assert any(
        "2 images are in test that sample_submission.csv does not ask for: test/20.png, test/21"
        in x
        for x in doubts
    )


def test_a_hidden_test_part_trains_and_says_how_it_is_answered(tmp_path: Path) -> None:
    draw(tmp_path, [f"images/{n}.png" for n in range(12)])
    table(tmp_path / "train.csv", "id,mood", [(n, n % 2) for n in range(12)])
    table(tmp_path / "test.csv", "id", [(f"t{n}",) for n in range(3)])
    table(tmp_path / "sample_submission.csv", "id,mood", [(f"t{n}", 0) for n in range(3)])
    assert competition(tmp_path)["missing_test"] == 1
    found = understand_folder(tmp_path)
    assert found.draft is not None
    assert any("infer -c NAME test=FOLDER" in said for said in found.draft.doubts)
