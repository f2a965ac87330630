from pathlib import Path

import pandas as pd
import pytest

from pipeline.labels.layouts.locate import find_label
from pipeline.labels.layouts.pstage import read_pstage
from pipeline.labels.layouts.table import read_label_table

OPTIONS = {
    "labels": ["smile"],
    "train": "train.csv",
    "test": "test.csv",
    "images": "pics",
    "test_images": None,
    "id_column": "id",
    "path_column": None,
    "person_column": "who",
    "suffix": ".jpg",
}


def make_pstage(root: Path) -> Path:
    folder = root / "train/images/0001_male_Asian_59"
    folder.mkdir(parents=True)
    names = ["mask1.jpg", "mask2.png", "mask3.jpeg", "mask4.JPG", "mask5.jpg", "normal.jpg"]
    for name in (*names, "._normal.jpg", "mask1.png", "notes.txt"):
        (folder / name).touch()
    (root / "eval/images").mkdir(parents=True)
    (root / "eval/images/a.jpg").touch()
    people = "id,gender,race,age,path\n0001,male,Asian,59,0001_male_Asian_59\n"
    (root / "train/train.csv").write_text(people)
    (root / "eval/info.csv").write_text("ImageID,ans\na.jpg,0\nb.jpg,0\n")
    return root


def test_every_pstage_image_is_a_row_with_a_status(tmp_path: Path) -> None:
    frame = read_pstage(make_pstage(tmp_path)).set_index("image_id")
    train = frame[frame["part"] == "train"]
    assert train["status"].value_counts().to_dict() == {
        "ok": 6, "junk": 2, "repeated": 1, "missing": 1
    }  # fmt: skip
    prefix = "0001_male_Asian_59/"
    assert frame.at[prefix + "._normal.jpg", "status"] == "junk"
    assert frame.at[prefix + "incorrect_mask", "status"] == "missing"
    assert frame.at[prefix + "mask4.JPG", "mask"] == "worn"
    assert set(train["person_id"]) == {"0001"}
    assert frame.loc[["a.jpg", "b.jpg"], "status"].tolist() == ["ok", "missing"]


def make_table(root: Path, train: str, test: str = "id\n7\n") -> Path:
    (root / "pics").mkdir()
    for name in ("007.jpg", "8.jpg", "7.jpg"):
        (root / "pics" / name).touch()
    (root / "train.csv").write_text(train, encoding="utf-8-sig")
    (root / "test.csv").write_text(test)
    return root


def test_a_user_s_table_keeps_ids_as_text_and_marks_what_is_wrong(tmp_path: Path) -> None:
    rows = "id,who,smile\n007,ann,1\n8,,\n9,bob,0\n../../etc/x,bob,1\n7,cid,0\n"
    frame = read_label_table(make_table(tmp_path, rows), **OPTIONS).set_index("image_id")
    assert frame["status"].to_dict() == {
        "007": "ok",
        "8": "unlabelled",
        "9": "missing",
        "../../etc/x": "outside",
        "train/7": "ok",  # the test image 7 keeps the contest's own id
        "7": "ok",
    }
    assert pd.isna(frame.at["8", "person_id"])  # nobody is named
    assert frame.at["007", "person_id"] == "ann"


def test_a_folder_of_images_may_be_a_link_to_another_disk(tmp_path: Path) -> None:
    disk, root = tmp_path / "disk", tmp_path / "root"
    disk.mkdir(), root.mkdir()
    make_table(disk, "")
    (root / "pics").symlink_to(disk / "pics")
    (root / "train.csv").write_text("id,who,smile\n007,ann,1\n")
    (root / "test.csv").write_text("id\n7\n")
    assert set(read_label_table(root, **OPTIONS)["status"]) == {"ok"}


@pytest.mark.parametrize(
    ("train", "says"),
    [
        ("id,who\n1,a\n", "train.csv: no column 'smile'; its columns are 'id', 'who'"),
        ("id,who,smile\n,a,1\n", "train.csv line 2: no value in id"),
        ("", "train.csv: not a CSV table"),
    ],
)
def test_a_broken_table_is_named_with_its_line(tmp_path: Path, train: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_label_table(make_table(tmp_path, train), **OPTIONS)


def test_a_missing_table_asks_for_root(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"train/train.csv: no such file; is root right\?"):
        read_pstage(tmp_path)


def test_a_bom_and_windows_lines_are_no_problem(tmp_path: Path) -> None:
    make_table(tmp_path, "id,who,smile\r\n007,ann,1\r\n")
    assert isinstance(read_label_table(tmp_path, **OPTIONS), pd.DataFrame)


def test_other_columns_come_along_for_groups_and_given_folds(tmp_path: Path) -> None:
    make_table(tmp_path, "id,who,smile,sex,fold\n007,ann,1,0.5,2\n", "id,sex\n8,1\n7,0.25\n")
    frame = read_label_table(tmp_path, **OPTIONS).set_index("image_id")
    assert frame["sex"].tolist() == ["0.5", "1", "0.25"]
    assert frame.at["007", "fold"] == "2"
    assert frame.index.tolist() == ["007", "8", "7"]  # test in the test table's own order


def test_the_real_occlusion_table(real: Path) -> None:
    root = real / "occlusion"
    options = {**OPTIONS, "labels": ["FaceOcclusion"], "id_column": "filename", "suffix": ""}
    frame = read_label_table(root, **{**options, "images": ".", "person_column": None})
    texts = {part: (root / f"{part}.csv").read_text() for part in ("train", "test")}
    num_lines = {part: text.count("\n") - 1 for part, text in texts.items()}
    assert frame["part"].value_counts().to_dict() == num_lines
    assert set(frame["status"]) == {"ok"}
    lines = (root / "test.csv").read_text().splitlines()[1:]
    test = frame[frame["part"] == "test"]
    assert [f"{row.image_id},{row.gender}" for row in test.itertuples()] == lines


def test_a_table_is_joined_by_another_column_than_the_id(tmp_path: Path) -> None:
    root = make_table(tmp_path, "id,who\n007,ann\n8,bob\n9,cid\n")
    (root / "people.csv").write_text("name,smile\nbob,1\nann,0\n")
    join = {"file": "people.csv", "id": "name", "header": None, "by": "who"}
    frame = read_label_table(root, **OPTIONS, join=[join]).set_index("image_id")
    assert frame.loc[["007", "8"], "smile"].tolist() == ["0", "1"]
    assert frame.at["9", "smile"] == ""
    row = {"image_id": "8"}
    options = {"train": "train.csv", "id": "id", "join": [join]}
    place = find_label("table", root, row=row, column="smile", options=options)
    assert place == f"{root / 'people.csv'} line 2, column 'smile'"
    with pytest.raises(ValueError, match=r"no column 'whom' \(join.by\); did you mean 'who'"):
        read_label_table(root, **OPTIONS, join=[{**join, "by": "whom"}])
