"""The layouts whose labels stand in names, folders and lines: every file a row with a status."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from pipeline.labels.layouts.afad import read_afad
from pipeline.labels.layouts.appa import read_appa
from pipeline.labels.layouts.cacd import read_cacd
from pipeline.labels.layouts.lines import read_lines
from pipeline.labels.layouts.utkface import read_utkface

LINES = {
    "labels": ["smile"],
    "train_images": "pics",
    "train_labels": "labels.txt",
    "test_images": "ask",
}
APPA_HEAD = "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def statuses(frame: pd.DataFrame) -> dict[str, str]:
    return dict(zip(frame["image_id"], frame["status"], strict=True))


def test_utkface_reads_names_and_never_guesses_a_malformed_one(tmp_path: Path) -> None:
    good = ["1_0_3_20161219230353390.jpg.chip.jpg", "116_1_0_20170112213001988.jpg"]
    bad = [
        "39_1_20170116174525125.jpg.chip.jpg",  # no race
        "24_0_1_20170116220224657 .jpg.chip.jpg",  # a blank
        "55_0_0_20170116232725357jpg.chip.jpg",  # no dot before jpg, so no date
        "30_3_0_20170116174525125.jpg.chip.jpg",  # no such gender
        "30_1_0_.jpg.chip.jpg",  # no date
    ]
    touch(tmp_path, *good, *bad, "Thumbs.db", "._1_0_3_20161219230353390.jpg.chip.jpg")
    frame = read_utkface(tmp_path).set_index("image_id")
    assert frame["status"].to_dict() == {
        **dict.fromkeys(good, "ok"),
        **dict.fromkeys(bad, "malformed"),
        "Thumbs.db": "junk",
        "._1_0_3_20161219230353390.jpg.chip.jpg": "junk",
    }
    assert frame.loc[good, ["age", "gender", "race"]].to_numpy().tolist() == [
        ["1", "male", "indian"],
        ["116", "female", "white"],
    ]
    assert (frame.loc[bad, "message"] == "the name is not age_gender_race_date.jpg.chip.jpg").all()
    assert (frame["person_id"] == frame.index).all()  # everybody alone
    assert (frame["part"] == "train").all()


def test_cacd_people_are_the_names_at_any_age(tmp_path: Path) -> None:
    folder = "CACD2000/"  # as the archive brings it
    names = [
        "14_Aaron_Johnson_0001.jpg",
        "24_Aaron_Johnson_0012.jpg",
        "62_Robert_De_Niro_0003.jpg",
        "45_50_Cent_0001.jpg",
        "Aaron_Johnson_0001.jpg",
        "14_0001.jpg",
        "14_Aaron_Johnson.jpg",
    ]
    frame = read_cacd(touch(tmp_path, *(folder + name for name in (*names, ".DS_Store"))))
    rows = frame.set_index("image_id")
    assert rows.loc[names[:4], "age"].tolist() == ["14", "24", "62", "45"]
    people = ["Aaron_Johnson", "Aaron_Johnson", "Robert_De_Niro", "50_Cent"]
    assert rows.loc[names[:4], "person_id"].tolist() == people
    assert rows.at[names[0], "path"] == "CACD2000/14_Aaron_Johnson_0001.jpg"
    assert (rows.loc[names[4:], "status"] == "malformed").all()
    assert rows.at[".DS_Store", "status"] == "junk"


@pytest.mark.parametrize("below", ["", "AFAD-Full/"])
def test_afad_reads_folders(below: str, tmp_path: Path) -> None:
    names = ["18/111/7-0.jpg", "18/112/7-0.jpg", "40/113/9-0.jpg", "loose.jpg", "18/111/Thumbs.db"]
    frame = read_afad(touch(tmp_path, *(below + name for name in names)))
    assert statuses(frame) == {
        "18/111/7-0.jpg": "ok",
        "18/112/7-0.jpg": "ok",  # the same file name is another image
        "40/113/9-0.jpg": "malformed",
        "loose.jpg": "malformed",
        "18/111/Thumbs.db": "junk",
    }
    rows = frame.set_index("image_id")
    assert rows.loc[["18/111/7-0.jpg", "18/112/7-0.jpg"], "gender"].tolist() == ["male", "female"]
    assert rows.at["18/112/7-0.jpg", "age"] == "18"
    assert rows.at["18/112/7-0.jpg", "path"] == f"{below}18/112/7-0.jpg"


def make_appa(root: Path) -> Path:
    for split, names in (("train", ["1.jpg", "2.jpg"]), ("valid", ["3.jpg"]), ("test", ["4.jpg"])):
        rows = "".join(f"{name},30,4{name[0]}.5,4.0,5{name[0]}\n" for name in names)
        (root / f"gt_avg_{split}.csv").write_text(APPA_HEAD + rows)
        files = [f"{split}/{name}{end}" for name in names for end in ("", "_face.jpg")]
        touch(root, *files, f"{split}/Thumbs.db")
    touch(root, "train/9.jpg", "train/9.jpg_face.jpg", "test/8.jpg")
    (root / "train/2.jpg_face.jpg").unlink()
    return root


@pytest.mark.parametrize("faces", [True, False])
def test_appa_has_one_row_a_photograph_with_its_split(faces: bool, tmp_path: Path) -> None:
    rows = read_appa(make_appa(tmp_path), faces=faces).set_index("image_id")
    assert rows["status"].to_dict() == {
        "1.jpg": "ok",
        "2.jpg": "missing" if faces else "ok",
        "3.jpg": "ok",
        "4.jpg": "ok",
        "train/9.jpg": "unlisted",
        "test/8.jpg": "unlisted",
        **{f"{split}/Thumbs.db": "junk" for split in ("train", "valid", "test")},
    }
    asked = rows.loc[["1.jpg", "3.jpg", "4.jpg"]]
    assert asked["split"].tolist() == ["train", "valid", "test"]
    assert asked["part"].tolist() == ["train", "train", "test"]
    assert asked["real_age"].tolist() == ["51", "53", "54"]  # test rows keep theirs
    assert asked["apparent_age_avg"].tolist() == ["41.5", "43.5", "44.5"]
    assert asked["path"].tolist() == [
        f"{split}/{name}.jpg{'_face.jpg' if faces else ''}"
        for split, name in (("train", 1), ("valid", 3), ("test", 4))
    ]


def test_appa_names_the_line_of_a_image_that_stands_twice(tmp_path: Path) -> None:
    table = make_appa(tmp_path) / "gt_avg_valid.csv"
    table.write_text(table.read_text() + "3.jpg,1,2,3,4\n")
    with pytest.raises(ValueError, match=r"gt_avg_valid.csv line 3: '3.jpg' stands twice"):
        read_appa(tmp_path)


def make_lines(root: Path, *, labels: str) -> Path:
    touch(root, *(f"pics/p_{n}.jpg" for n in (1, 2, 10)), "pics/Thumbs.db", "pics/cover.jpg")
    touch(root, "ask/10.jpg", "ask/9.jpg", "ask/100.jpg", "ask/.DS_Store")
    (root / "labels.txt").write_text(labels)
    return root


def test_line_n_is_the_label_of_the_nth_number(tmp_path: Path) -> None:
    frame = read_lines(make_lines(tmp_path, labels="a\r\nb\r\nc\r\n"), **LINES)
    rows = frame.set_index("image_id")
    train = rows[rows["status"].eq("ok") & rows["part"].eq("train")]
    assert train["smile"].to_dict() == {  # 10 comes after 2
        "train/p_1.jpg": "a",
        "train/p_2.jpg": "b",
        "train/p_10.jpg": "c",
    }
    assert rows.at["train/Thumbs.db", "status"] == "junk"
    assert rows.at["train/cover.jpg", "status"] == "malformed"
    test = frame[(frame["part"] == "test") & (frame["status"] == "ok")]
    assert test["image_id"].tolist() == ["9.jpg", "10.jpg", "100.jpg"]
    assert rows.at[".DS_Store", "status"] == "junk"


@pytest.mark.parametrize("labels", ["a\nb\n", "a\nb\nc\nd\n", ""])
def test_more_lines_than_images_or_fewer_names_both(labels: str, tmp_path: Path) -> None:
    num_labels = len(labels.split())
    says = rf"labels.txt has {num_labels} labels, but .*pics has 3 images"
    with pytest.raises(ValueError, match=says):
        read_lines(make_lines(tmp_path, labels=labels), **LINES)


def test_a_blank_line_is_a_missing_label_and_two_of_a_number_are_an_error(tmp_path: Path) -> None:
    make_lines(tmp_path, labels="a\n\nc\n")
    assert statuses(read_lines(tmp_path, **LINES))["train/p_2.jpg"] == "unlabelled"
    touch(tmp_path, "pics/q_02.png")
    with pytest.raises(ValueError, match=r"q_02.png: has the same number as p_2.jpg"):
        read_lines(tmp_path, **LINES)


def test_a_root_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    for read in (read_utkface, read_cacd, read_afad):
        with pytest.raises(ValueError, match=r"no such folder; is root right\?"):
            read(tmp_path / "nowhere")


def test_an_empty_root_has_no_image(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no image found"):
        read_utkface(tmp_path)


def count(frame: pd.DataFrame) -> Counter:
    return Counter(zip(frame["part"], frame["status"], strict=True))


def test_the_real_utkface(real: Path) -> None:
    names = [path.name for path in (real / "utkface").iterdir()]
    parts = [(name.split("_"), name.split(".")) for name in names]
    num_ok = sum(
        len(fields) == len(endings) == 4 and endings[0][-1].isdigit() for fields, endings in parts
    )
    assert count(read_utkface(real / "utkface")) == {
        ("train", "ok"): num_ok,
        ("train", "malformed"): len(names) - num_ok,
    }


def test_the_real_cacd(real: Path) -> None:
    names = [path.name for path in (real / "cacd/CACD2000").iterdir()]
    people = Counter("_".join(name.split("_")[1:-1]) for name in names)
    frame = read_cacd(real / "cacd")
    assert count(frame) == {("train", "ok"): len(names)}
    assert Counter(frame["person_id"]) == people
    assert max(people.values()) > 1


def test_the_real_afad(real: Path) -> None:
    images = list((real / "afad").rglob("*.jpg"))
    frame = read_afad(real / "afad")
    assert count(frame) == {("train", "ok"): len(images)}
    assert (frame["gender"] == "female").sum() == sum("112" in path.parts for path in images)
    assert frame["age"].astype(int).sum() == sum(int(path.parts[-3]) for path in images)


def test_the_real_appa(real: Path) -> None:
    root, num_lines = real / "appa-real", {}
    for split in ("train", "valid", "test"):
        num_lines[split] = (root / f"gt_avg_{split}.csv").read_text().count("\n") - 1
        assert len(list((root / split).glob("*_face.jpg"))) == num_lines[split]
    for faces in (True, False):
        frame = read_appa(root, faces=faces)
        assert Counter(frame["split"]) == num_lines
        assert set(frame["status"]) == {"ok"}
        assert frame["path"].str.endswith("_face.jpg").all() == faces


def test_the_real_lines(real: Path) -> None:
    root = real / "attribute64"
    options = {"train_images": "train_img", "train_labels": "label_train.txt"}
    frame = read_lines(root, labels=["attribute"], test_images="val_img", **options)
    labels = (root / "label_train.txt").read_text().split()
    assert count(frame) == {("train", "ok"): len(labels), ("test", "ok"): 630}
    train = frame[frame["part"] == "train"]
    assert train["attribute"].tolist() == labels
    assert train["path"].tolist() == sorted(f"train_img/{p.name}" for p in root.glob("train_img/*"))
