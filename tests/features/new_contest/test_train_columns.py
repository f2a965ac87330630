"""Labels that stand in another table than the images' names."""

from pathlib import Path

import pytest

from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table
from tests.features.new_contest.test_understand import competition

IMAGES = [f"train/{n}.png" for n in range(12)] + [f"test/{n}.png" for n in range(20, 24)]
WHO = [(f"{n}.png", f"P{n // 2}") for n in range(12)]
AGES = [(f"P{n}", "FM"[n % 2], 20 + 3 * n) for n in range(6)]


def make(root: Path, asked: str | None) -> None:
    draw(root, IMAGES)
    table(root / "train.csv", "image,person_id", WHO)
    rows = [(f"{n}.png", 0) for n in range(20, 24)]
    if asked is not None:
        table(root / "sample_submission.csv", f"image,{asked}", rows)


@pytest.mark.parametrize("asked", ["age", "prediction", None])
@pytest.mark.parametrize("key", ["person_id", "id"])
def test_a_table_with_a_row_for_each_person_is_joined(
    asked: str | None, key: str, tmp_path: Path
) -> None:
    make(tmp_path, asked)
    table(tmp_path / "people.csv", f"{key},sex,age", AGES)
    made = competition(tmp_path)
    own = {} if key == "person_id" else {"id": key}
    assert made["table"]["join"] == [{"file": "people.csv", "by": "person_id", **own}]
    assert made["table"]["person"] == "person_id"
    assert ("age" in made["tasks"]) or asked == "prediction"


def test_labels_of_images_in_a_table_of_their_own(tmp_path: Path) -> None:
    make(tmp_path, "age")
    table(tmp_path / "ages.csv", "image,age", [(f"{n}.png", 20 + n) for n in range(12)])
    made = competition(tmp_path)
    assert made["table"]["train"] == "ages.csv" or made["table"]["join"] == [{"file": "ages.csv"}]
    assert list(made["tasks"]) == ["age"]


def test_people_in_several_rows_are_told_and_not_called_another_job(tmp_path: Path) -> None:
    make(tmp_path, "age")
    table(tmp_path / "people.csv", "person_id,sex,age", [*AGES, ("P0", "F", 90)])
    with pytest.raises(ValueError, match=r"people\.csv, which holds sex, age.*P0 stands in"):
        understand_folder(tmp_path)
