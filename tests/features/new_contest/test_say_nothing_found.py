"""Folders of which no contest can be made: the sentence says what is so, and what helps."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest

from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table

IMAGES = [f"train/{n:05d}.png" for n in range(12)]


def said(root: Path) -> str:
    with pytest.raises(ValueError, match="new") as stopped:
        understand_folder(root)
    return str(stopped.value)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("ID_{:05d}", "column id: 'ID_00000' is no image here (nearest: train/00000.png)"),
        ("2.01701E+16", "a spreadsheet has rounded these numbers"),
    ],
)
def test_ids_that_are_no_image_are_shown_beside_the_nearest(
    form: str, says: str, tmp_path: Path
) -> None:
    draw(tmp_path, IMAGES, side=4)
    table(tmp_path / "train.csv", "id,mood", [(form.format(n), n % 2) for n in range(12)])
    assert says in said(tmp_path)


def test_a_sample_names_the_test_images_and_nothing_the_others(tmp_path: Path) -> None:
    draw(tmp_path, [*[f"train/{n}_happy.png" for n in range(12)], "test/90.png", "test/91.png"])
    table(tmp_path / "sample_submission.csv", "id,mood", [("90.png", "sad"), ("91.png", "sad")])
    assert "nothing names the other 12 (train/0_happy.png, ...)" in said(tmp_path)


def test_a_table_that_cannot_be_read_is_not_called_one_that_names_no_image(tmp_path: Path) -> None:
    draw(tmp_path, IMAGES, side=4)
    text = "# a contest\n# of faces\nid,mood\n" + "".join(f"{n},0\n" for n in range(12))
    (tmp_path / "train.csv").write_text(text)
    first, second = said(tmp_path).splitlines()
    assert "train.csv is a table that can't be read, as said below" in first
    assert "are there comments above the header?" in second


def test_images_of_other_programs_are_named_with_what_to_do(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"{n}.heic").write_bytes(b"no image")
    table(tmp_path / "train.csv", "id,mood", [(f"{n}.heic", n % 2) for n in range(3)])
    assert "3 .heic files can't be read here (0.heic); save them as JPEG" in said(tmp_path)


def test_images_in_a_parquet_file_are_written_out_by_the_command_that_is_said(
    tmp_path: Path,
) -> None:
    draw(tmp_path, IMAGES)
    cells = [{"bytes": (tmp_path / name).read_bytes(), "path": name} for name in IMAGES]
    folder = tmp_path / "contest"
    folder.mkdir()
    for part, rows in ((0, slice(0, 6)), (1, slice(6, 12))):
        frame = pd.DataFrame({"image": cells[rows], "label": [0, 1] * 3})
        frame.to_parquet(folder / f"train-0000{part}-of-00002.parquet")
    first, command = said(folder).splitlines()
    assert "holds the images themselves, in its column 'image'" in first
    subprocess.run(command, shell=True, check=True)
    for path in folder.glob("*.parquet"):
        path.unlink()
    found = understand_folder(folder)
    assert found.draft is not None
    assert found.draft.num_train == 12
