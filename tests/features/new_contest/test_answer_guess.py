"""What is written into the answer file, and what must not be."""

from pathlib import Path

import pytest

from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table

IMAGES = [*[f"train/{n}.png" for n in range(40)], *[f"test/{n}.png" for n in range(40, 44)]]


@pytest.mark.parametrize("asked", ["age", "Age"])
def test_a_label_that_cannot_be_learnt_is_not_copied_from_the_sample(
    asked: str, tmp_path: Path
) -> None:
    draw(tmp_path, IMAGES, side=4)
    rows = [(f"{n}.png", f"word{n}", "FM"[n % 2]) for n in range(40)]
    table(tmp_path / "train.csv", "id,age,gender", rows)
    sample = [(f"{n}.png", 0, "M") for n in range(40, 44)]
    table(tmp_path / "sample_submission.csv", f"id,{asked},gender", sample)
    with pytest.raises(ValueError, match=f"sample_submission.csv asks for {asked}.*can't be learn"):
        understand_folder(tmp_path)
