"""Images inside of other files: zip archives read where they are, and pixels in a column."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.images.read import UnreadableImageError, measure_image, read_image
from pipeline.labels.containers import (
    find_container,
    is_inside,
    list_below,
    pixel_path,
    pixels_of,
    read_inside,
)
from pipeline.labels.find_files import find_files
from pipeline.labels.layouts import place_status
from pipeline.labels.layouts.folders import read_folders
from pipeline.labels.layouts.table import read_label_table

RNG = np.random.default_rng(3)


def draw(path: Path, *, side: int = 12) -> np.ndarray:
    pixels = RNG.integers(0, 255, (side, side, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def zip_up(archive: Path, files: dict[str, Path | bytes]) -> None:
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.read_bytes()
            opened.writestr(name, raw)


def test_an_image_is_read_out_of_an_archive_where_it_is(tmp_path: Path) -> None:
    pixels = draw(tmp_path / "a.png")
    zip_up(tmp_path / "x.zip", {"train/a.png": tmp_path / "a.png", "../b.png": b"", "n.txt": b"no"})
    path = tmp_path / "x.zip/train/a.png"
    assert (read_image(path) == pixels).all()
    assert measure_image(path) == (12, 12)
    assert place_status(tmp_path, "x.zip/train/a.png") == {}
    assert place_status(tmp_path, "x.zip/train/c.png")["status"] == "missing"
    assert not is_inside(tmp_path / "x.zip/../b.png")  # a name that leads out is no member
    assert [file.name for file in list_below(tmp_path / "x.zip")] == ["n.txt", "a.png"]
    assert [file.name for file in list_below(tmp_path / "x.zip/train")] == ["a.png"]
    with pytest.raises(UnreadableImageError, match="not an image"):
        read_image(tmp_path / "x.zip/n.txt")
    with pytest.raises(UnreadableImageError, match="no such file in the archive"):
        read_image(tmp_path / "x.zip/train/c.png")
    assert {file.name for file in tmp_path.iterdir()} == {"a.png", "x.zip"}  # nothing is unpacked


def test_sixteen_bits_and_a_folder_called_like_an_archive(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 65535, dtype=np.uint16)).save(tmp_path / "w.png")
    zip_up(tmp_path / "x.zip", {"w.png": tmp_path / "w.png"})
    assert (read_image(tmp_path / "x.zip/w.png") == 255).all()
    draw(tmp_path / "y.zip" / "a.png")
    assert find_container(tmp_path / "y.zip/a.png") is None
    assert read_image(tmp_path / "y.zip/a.png").shape == (12, 12, 3)


def test_an_archive_that_may_not_be_read_is_not_called_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.zip").write_bytes(b"whatever it holds")

    def refuse(*_given: object) -> None:
        raise PermissionError(13, "Permission denied", "x.zip")

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(PermissionError):
        place_status(tmp_path, "x.zip/a.png")


def test_a_broken_archive_is_a_sentence(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    zip_up(tmp_path / "x.zip", {"a.png": tmp_path / "a.png"})
    whole = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"x\.zip: not a whole zip archive .* download it again"):
        place_status(tmp_path, "x.zip/a.png")
    wrong = bytearray(whole)
    wrong[60] ^= 255  # within the image: its check sum says so
    (tmp_path / "x.zip").write_bytes(bytes(wrong))
    with pytest.raises(UnreadableImageError, match=r"can't be read out of x\.zip: Bad CRC"):
        read_image(tmp_path / "x.zip/a.png")


def test_a_table_s_images_lie_in_archives_with_a_folder_inside(tmp_path: Path) -> None:
    for name in "abc":
        draw(tmp_path / f"{name}.png")
    zip_up(tmp_path / "train.zip", {f"deep/{n}.png": tmp_path / f"{n}.png" for n in "ab"})
    zip_up(tmp_path / "test.zip", {"c.png": tmp_path / "c.png", "__MACOSX/._c.png": b"x"})
    for name in "abc":
        (tmp_path / f"{name}.png").unlink()
    (tmp_path / "train.csv").write_text("image_id,mask\na,1\nb,0\n")
    for images in ("train.zip", "train"):  # the archive, or the folder that it would unpack to
        frame = read_label_table(
            tmp_path, labels=["mask"], images=images, test_images="test.zip", suffix=".png"
        )
        found = find_files(tmp_path, frame)
        assert found.images["path"].tolist() == [
            "train.zip/deep/a.png",
            "train.zip/deep/b.png",
            "test.zip/c.png",
        ]
        assert (found.images["status"] == "ok").all()
        assert "not written as on the disk" in found.notes[0]
    assert frame["image_id"].tolist() == ["a", "b", "c.png"]


def test_a_folder_a_class_in_an_archive(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    members = {f"{word}/{n}.png": tmp_path / "a.png" for word in ("sad", "glad") for n in (1, 2)}
    zip_up(tmp_path / "train.zip", members)
    frame = read_folders(tmp_path, labels=["mood"], train="train.zip", test=None)
    assert frame["mood"].tolist() == ["glad", "glad", "sad", "sad"]
    assert frame["path"].iloc[0] == "train.zip/glad/1.png"


def test_pixels_of_grey_and_colour() -> None:
    assert pixels_of("1 2 3 4", size=None).tolist() == [[1, 2], [3, 4]]
    assert pixels_of("1 2 3 4 5 6", size=(3, 2)).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert pixels_of("1 2 3 4 5 6", size=(1, 2)).tolist() == [[[1, 2, 3]], [[4, 5, 6]]]
    for text, says in (
        ("1 2 x", "not all numbers"),
        ("1 2 256 0", "not all from 0 to 255"),
        ("1 2 3 4 5", "5 pixels are no square"),
        (" ", "no pixels"),
    ):
        with pytest.raises(ValueError, match=says):
            pixels_of(text, size=None)
    with pytest.raises(ValueError, match=r"4 numbers, and 3x2 pixels are 6 \(in colour 18\)"):
        pixels_of("1 2 3 4", size=(3, 2))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_an_image_is_read_out_of_a_row(tmp_path: Path, separator: str) -> None:
    grey = RNG.integers(0, 256, (3, 6, 6), dtype=np.uint8)
    rows = [" ".join(map(str, image.ravel())) for image in grey]
    head = separator.join(("emotion", "pixels", "Usage"))
    lines = [separator.join(("0", row, "Training")) for row in rows]
    (tmp_path / "fer.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8-sig")
    for number in range(3):
        path = tmp_path / pixel_path("fer.csv", column="pixels", size=None, line=number + 2)
        assert measure_image(path) == (6, 6)
        assert (read_image(path) == grey[number][:, :, None]).all()
    sized = tmp_path / pixel_path("fer.csv", column="pixels", size=(9, 4), line=2)
    assert read_image(sized).shape == (4, 9, 3)
    with pytest.raises(UnreadableImageError, match="has no line 9 with a column 'pixels'"):
        read_image(tmp_path / pixel_path("fer.csv", column="pixels", size=None, line=9))
    with pytest.raises(UnreadableImageError, match=r"fer\.csv line 3: it has 36 numbers, and 5x5"):
        read_image(tmp_path / pixel_path("fer.csv", column="pixels", size=(5, 5), line=3))
    assert read_inside(tmp_path / "plain.png") is None


def pixel_contest(folder: Path, *, ids: bool) -> pd.DataFrame:
    parts = ["Training"] * 4 + ["PublicTest"] * 2 + ["PrivateTest"]
    table = pd.DataFrame({"emotion": [0, 1, 2, 0, 1, 2, 1], "Usage": parts})
    table["pixels"] = [" ".join(map(str, RNG.integers(0, 256, 16))) for _ in parts]
    if ids:
        table.insert(0, "image_id", [f"f{n}" for n in range(7)])
    table.to_csv(folder / "fer2013.csv", index=False)
    return table


def test_the_rows_of_a_table_of_pixels_are_images(tmp_path: Path) -> None:
    pixel_contest(tmp_path, ids=False)
    split = {
        "column": "Usage",
        "train": ["Training"],
        "test": ["PrivateTest"],
        "leave_out": ["PublicTest"],
    }
    pixels = {"column": "pixels", "size": None, "first_id": 1}
    frame = read_label_table(
        tmp_path, labels=["emotion"], train="fer2013.csv", split=split, pixels=pixels
    )
    assert frame["image_id"].tolist() == ["1", "2", "3", "4", "5", "6", "7"]  # rows are counted
    assert frame["status"].tolist() == ["ok"] * 4 + ["left_out"] * 2 + ["ok"]
    assert frame["part"].tolist() == ["train"] * 6 + ["test"]
    assert frame["path"].iloc[0] == "fer2013.csv/pixels/2"
    assert "pixels" not in frame.columns
    pixel_contest(tmp_path, ids=True)
    frame = read_label_table(tmp_path, labels=["emotion"], train="fer2013.csv", pixels=pixels)
    assert frame["image_id"].tolist() == [f"f{n}" for n in range(7)]


def test_a_first_row_without_an_image_stops_at_once(tmp_path: Path) -> None:
    pixel_contest(tmp_path, ids=True)
    pixels = {"column": "pixels", "size": (5, 5), "first_id": 0}
    with pytest.raises(ValueError, match=r"fer2013\.csv line 2, column 'pixels': it has 16"):
        read_label_table(tmp_path, labels=["emotion"], train="fer2013.csv", pixels=pixels)
    with pytest.raises(ValueError, match=r"no column 'pixel'; did you mean 'pixels'\?"):
        read_label_table(
            tmp_path, labels=["emotion"], train="fer2013.csv", pixels={**pixels, "column": "pixel"}
        )


def test_a_damaged_member_is_a_sentence(tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.png", RNG.bytes(50) + b"a" * 20_000)
    raw = bytearray(archive.read_bytes())
    for place in range(45, 60):
        raw[place] ^= 0xFF
    archive.write_bytes(raw)
    with pytest.raises(UnreadableImageError, match=r"can't be read out of x\.zip"):
        read_image(archive / "a.png")


def test_letters_that_grow_in_lower_case_do_not_hide_an_archive(tmp_path: Path) -> None:
    folder = tmp_path / "\u0130\u0130"
    folder.mkdir()
    zip_up(folder / "X.ZIP", {"a.png": b"x"})
    assert read_inside(folder / "X.ZIP/a.png") == b"x"


@pytest.mark.parametrize("separator", ["|", "\t", ";", ","])
def test_pixels_are_read_whatever_parts_the_cells(tmp_path: Path, separator: str) -> None:
    file = tmp_path / "faces.csv"
    file.write_text(f"label{separator}pixels\n1{separator}0 1 2 3\n", encoding="utf-8")
    path = tmp_path / pixel_path("faces.csv", column="pixels", size=None, line=2)
    assert read_inside(path) == b"P5 2 2 255\n\x00\x01\x02\x03"


def test_an_archive_whose_names_are_no_text_is_a_sentence(tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    zip_up(archive, {"\u00e4.jpg": b"x"})
    archive.write_bytes(archive.read_bytes().replace("\u00e4".encode(), b"\xff\xfe"))
    with pytest.raises(ValueError, match=r"x\.zip: not a whole zip archive"):
        list_below(archive)
