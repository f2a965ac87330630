"""A test part that came later is read as the contest's own would be."""

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from pipeline.config.layouts import TableLayout
from pipeline.labels.containers import is_there
from pipeline.labels.layouts.test_part import read_test_part
from pipeline.tables import OK

TABLE = TableLayout(test="test.csv", images="train", test_images="test", id="Id", suffix=".jpg")
FORM = {"sample": "sample_submission.csv", "answer_id": "Id"}


def save(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


def test_a_table_alone_finds_its_images_in_the_contests_folder(tmp_path: Path) -> None:
    root, later = tmp_path / "contest", tmp_path / "later"
    for name in "ab":
        save(root / f"test/{name}.jpg")
    later.mkdir()
    (later / "test.csv").write_text("Id\nb\na\n")
    (later / "sample_submission.csv").write_text("Id,score\nb,0\na,0\n")
    for place in (later, later / "test.csv"):
        part = read_test_part("table", place, root=root, options=TABLE.model_dump(), **FORM)
        assert part.images["image_id"].tolist() == ["b", "a"]
        assert (part.images["status"] == OK).all() and part.root == root / "test"
        assert part.sample == later / "sample_submission.csv"


def test_images_that_come_with_the_table_are_taken_before_the_contests_own(tmp_path: Path) -> None:
    root, later = tmp_path / "contest", tmp_path / "later"
    for folder in (root, later):
        save(folder / "test/a.jpg")
    (later / "test.csv").write_text("Id\na\n")
    part = read_test_part("table", later, root=root, options=TABLE.model_dump(), **FORM)
    assert part.root == later / "test"


def test_a_sample_file_says_which_images_are_asked_for(tmp_path: Path) -> None:
    for name in "abc":
        save(tmp_path / f"{name}.jpg")
    (tmp_path / "sample_submission.csv").write_text("Id,score\nc,0\na,0\n")
    part = read_test_part("table", tmp_path, root=tmp_path, options=TABLE.model_dump(), **FORM)
    assert part.images["image_id"].tolist() == ["c", "a"]


def test_a_bare_folder_gives_ids_as_the_contest_writes_them(tmp_path: Path) -> None:
    save(tmp_path / "x/b.jpg")
    save(tmp_path / "a.png")
    part = read_test_part("table", tmp_path, root=tmp_path, options=TABLE.model_dump(), **FORM)
    assert part.images["image_id"].tolist() == ["a.png", "x/b"]  # the contest's ids lack .jpg


def test_numbered_images_keep_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        save(tmp_path / f"{number}.jpg")
    options = {"train_images": "t", "train_labels": "l", "test_images": "val_img"}
    form = {"sample": None, "answer_id": "id"}
    part = read_test_part("lines", tmp_path, root=tmp_path, options=options, **form)
    assert part.images["image_id"].tolist() == ["1.jpg", "9.jpg", "10.jpg"]
    (tmp_path / "test.csv").write_text("id\n1\n")
    with pytest.raises(ValueError, match="the layout lines have no test table"):
        read_test_part("lines", tmp_path / "test.csv", root=tmp_path, options=options, **form)


def test_an_archive_is_read_like_a_folder(tmp_path: Path) -> None:
    save(tmp_path / "out/a.jpg")
    for folder in ("", "later/"):
        place = tmp_path / f"{folder.strip('/') or 'flat'}.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for name in ("a.jpg", "b.jpg"):
                archive.write(tmp_path / "out/a.jpg", f"{folder}{name}")
        options = TABLE.model_copy(update={"test": None}).model_dump()
        part = read_test_part("table", place, root=tmp_path, options=options, **FORM)
        assert part.images["image_id"].tolist() == ["a", "b"]
        assert all(is_there(part.root / path) for path in part.images["path"])
        with zipfile.ZipFile(place, "a") as archive:
            archive.writestr(f"{folder}test.csv", "Id\nb\n")
        part = read_test_part("table", place, root=tmp_path, options=TABLE.model_dump(), **FORM)
        assert part.images["image_id"].tolist() == ["b"]
        assert (part.images["status"] == OK).all()
    with pytest.raises(ValueError, match="in a folder; unzip it"):
        read_test_part("lines", place, root=tmp_path, options={}, sample=None, answer_id="Id")
