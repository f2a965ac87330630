"""Samples with a row for each answer of an image."""

from pathlib import Path

import pytest

from tests.features.new_contest.drawn import draw, table
from tests.features.new_contest.test_understand import competition


@pytest.mark.parametrize("joined_by", ["_", "-"])
def test_ids_of_an_image_and_an_answer(joined_by: str, tmp_path: Path) -> None:
    root = tmp_path / "contest"
    draw(root, [*[f"train/{n}.png" for n in range(12)], *[f"test/{n}.png" for n in range(20, 24)]])
    rows = [(n, 20 + n, n % 2, n % 3) for n in range(12)]
    table(root / "train.csv", "id,age,gender,place", rows)
    asked = [(f"{n}{joined_by}{x}", 0) for n in range(20, 24) for x in ("age", "gender")]
    table(root / "sample_submission.csv", "row_id,value", asked)
    made = competition(root)
    assert made["table"]["test"].endswith("made-test.csv")
    assert list(made["tasks"]) == ["age", "gender"]
    assert made["submission"]["sample"] == "sample_submission.csv"
    assert made["submission"]["id"] == "row_id"
