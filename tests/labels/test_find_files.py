"""Paths that are not spelt as on the disk: found where one file fits, refused by name otherwise."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.labels.find_files import find_files, say_what_lies_there
from pipeline.labels.layouts import place_status


def make_images(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def look_for(root: Path, *written: str, part: str = "test") -> pd.DataFrame:
    rows = []
    for path in written:
        row = {"image_id": path, "path": path, "part": part, "status": "ok", "message": ""}
        rows.append(row | place_status(root, path))
    return find_files(root, pd.DataFrame(rows)).images


@pytest.mark.parametrize(
    ("written", "file"),
    [
        (r"test\024.jpg", "test/024.jpg"),
        (r".\test\024.jpg", "test/024.jpg"),
        (r"C:\data\contest\test\024.jpg", "test/024.jpg"),
        ("/kaggle/input/contest/test/024.jpg", "test/024.jpg"),
        ("test/a%20face.png", "test/a face.png"),
        (" 'test/024.jpg' ", "test/024.jpg"),
        ("test/024", "test/024.jpg"),
        ("test/024.png", "test/024.jpg"),
        ("TEST/024.JPG", "test/024.jpg"),
        ("test/24", "test/024.jpg"),
        ("test/24.0", "test/024.jpg"),
        ("https://host/files/test/024.jpg", "test/024.jpg"),
        ("https://host/elsewhere/024.jpg", "test/024.jpg"),  # by its last part
        ("https://host/faces/024.jpg?w=200&h=200", "test/024.jpg"),
        ("test/https:/host/faces/024.jpg?w=200.jpg", "test/024.jpg"),  # a folder, an ending added
        ("024.jpg", "test/024.jpg"),
        ("test/test/024.jpg", "test/024.jpg"),
        ("test/Ame\u0301lie.jpg", "test/Am\u00e9lie.jpg"),  # two Unicode forms of one name
        ("test/x.jpeg", "test/deep/er/x.jpg"),
    ],
)
def test_a_file_is_found_where_one_fits(tmp_path: Path, written: str, file: str) -> None:
    names = ("test/024.jpg", "test/a face.png", "test/Am\u00e9lie.jpg", "test/deep/er/x.jpg")
    make_images(tmp_path, *names)
    row = look_for(tmp_path, written).iloc[0]
    assert (row["path"], row["status"]) == (file, "ok")


def test_several_files_that_fit_are_refused_by_name(tmp_path: Path) -> None:
    make_images(tmp_path, "train/1.jpg", "test/1.jpg")
    with pytest.raises(ValueError, match=r"'1\.jpg': test/1\.jpg, train/1\.jpg; write the whole"):
        look_for(tmp_path, "1.jpg")


def test_the_same_ending_decides_between_two_images_of_one_name(tmp_path: Path) -> None:
    make_images(tmp_path, "a/1.jpg", "a/1.png")
    assert look_for(tmp_path, r"a\1.PNG")["path"].tolist() == ["a/1.png"]
    with pytest.raises(ValueError, match="several files"):
        look_for(tmp_path, "a/1")


def test_a_file_of_another_row_or_another_folder_is_not_taken(tmp_path: Path) -> None:
    make_images(tmp_path, "train/1.jpg", "test/2.jpg")
    frame = look_for(tmp_path, "train/1.jpg", "TRAIN/1.png", "train/2.jpg", "../../etc/passwd")
    assert frame["status"].tolist() == ["ok", "missing", "missing", "outside"]
    assert frame.at[1, "message"] == "no such file; train/1.jpg is the image of another row"


def test_what_lies_there_instead(tmp_path: Path) -> None:
    make_images(tmp_path, "test/a.jpg", "test/b.jpg", "test/c.jpg", "test/d.jpg")
    said = say_what_lies_there(tmp_path, r"test\x.jpg")
    assert said == f"{tmp_path}/test holds 4 entries: a.jpg, b.jpg, c.jpg, ..."
    assert say_what_lies_there(tmp_path, "tests/x.jpg") == f"{tmp_path} holds 1 entries: test"


def test_another_unicode_form_is_said_so(tmp_path: Path) -> None:
    make_images(tmp_path, "test/Am\u00e9lie.jpg")
    rows = [{"image_id": "a", "path": "test/Ame\u0301lie.jpg", "part": "test"}]
    frame = pd.DataFrame([row | place_status(tmp_path, row["path"]) for row in rows])
    (note,) = find_files(tmp_path, frame.assign(message="")).notes
    assert note.endswith("there, with its accents in another Unicode form")
