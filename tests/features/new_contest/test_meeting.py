"""What tables write for an image, and whether the door and the index read it alike."""

from pathlib import Path

import pytest

from pipeline.features.new_contest.meeting import ImageIndex
from tests.features.new_contest.drawn import draw, table
from tests.features.new_contest.test_understand import competition

HOST = "https://cdn.example.com/faces"


@pytest.mark.parametrize("form", [f"{HOST}/{{}}.png", f"{HOST}/{{}}.png?w=200&h=200", "{}.0"])
def test_addresses_and_ids_of_a_spreadsheet_are_images(form: str, tmp_path: Path) -> None:
    draw(tmp_path, [f"train/{n:03d}.png" for n in range(12)])
    draw(tmp_path, [f"test/{n:03d}.png" for n in range(12, 16)])
    names = [f"{n}" if form == "{}.0" else f"{n:03d}" for n in range(16)]
    table(tmp_path / "train.csv", "id,mood", [(form.format(names[n]), n % 2) for n in range(12)])
    rows = [(form.format(names[n]), 0) for n in range(12, 16)]
    table(tmp_path / "sample_submission.csv", "id,mood", rows)
    made = competition(tmp_path)
    assert (made["table"]["images"], made["table"]["test_images"]) == ("train", "test")


def test_a_number_alone_is_not_surely_an_image() -> None:
    index = ImageIndex(["train/007.png"])
    assert index.meets("7.0")
    assert not index.is_image("7.0")
