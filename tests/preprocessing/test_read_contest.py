"""A contest's tables as a user brings them, from the config's words to the images table."""

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from pipeline.config import Competition
from pipeline.labels.tasks import Task as LabelTask
from pipeline.preprocessing.read_contest import ContestImages, check_boxes, read_contest
from pipeline.preprocessing.unseen_images import check_test_images

GENDER = {"kind": "binary", "classes": ["0", "1"]}


def make_images(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20)).save(root / name)


def read(root: Path, *, tasks: dict | None = None, **words: object) -> ContestImages:
    settings = {"name": "x", "root": str(root), "layout": "table", "tasks": tasks or {"g": GENDER}}
    settings |= {"answer": {"tasks": list(settings["tasks"]), "combine": "columns"}, **words}
    contest = Competition.model_validate(settings)
    known = []
    for name, task in contest.tasks.items():
        column = task.column or name
        column = f"{column}_label" if column == "answer" else column
        classes = task.classes or ()
        known.append(LabelTask(name, task.kind, column, classes=classes, constant=task.constant))
    return read_contest(contest, known, root=root, fixes=None)


def test_a_split_column_parts_one_table(tmp_path: Path) -> None:
    make_images(tmp_path, "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    (tmp_path / "t.csv").write_text(
        "id,g,Usage\n1.jpg,0,Training\n2.jpg,1,Training\n3.jpg,1,PrivateTest\n4.jpg,0,PublicTest\n"
    )
    split = {"column": "Usage", "train": ["Training"], "test": ["PrivateTest"]}
    with pytest.raises(ValueError, match=r"Usage also holds 'PublicTest' \(1 rows\)"):
        read(tmp_path, table={"train": "t.csv", "id": "id", "split": split})
    split["leave_out"] = ["PublicTest"]
    table = {"train": "t.csv", "id": "id", "split": split}
    found = read(tmp_path, table=table)
    frame = found.images.set_index("image_id")
    assert frame["part"].to_dict() == {
        "1.jpg": "train", "2.jpg": "train", "3.jpg": "test", "4.jpg": "train"
    }  # fmt: skip
    assert frame.at["4.jpg", "status"] == "left_out"
    assert frame.at["3.jpg", "g"] is None, "a test row's label is no truth by itself"
    assert read(tmp_path, table=table, truth=True).images.set_index("image_id").at["3.jpg", "g"]


def test_a_test_table_may_call_its_ids_otherwise(tmp_path: Path) -> None:
    make_images(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    (tmp_path / "train.csv").write_text("file,g\n1.jpg,0\n2.jpg,1\n")
    (tmp_path / "test.csv").write_text("image\n3.jpg\n")
    table = {"id": "file", "test": "test.csv"}
    assert read(tmp_path, table=table).images["image_id"].tolist() == ["1.jpg", "2.jpg", "3.jpg"]
    (tmp_path / "test.csv").write_text("image,source\n3.jpg,web\n")
    with pytest.raises(ValueError, match=r"no column 'file'.*table\.test_id"):
        read(tmp_path, table=table)
    assert len(read(tmp_path, table={**table, "test_id": "image"}).images) == 3
    submission = {"id": "image"}
    assert len(read(tmp_path, table=table, submission=submission).images) == 3


def test_a_test_folder_needs_no_table(tmp_path: Path) -> None:
    make_images(tmp_path, "train/1.jpg", "test/1.jpg", "test/b/2.jpg")
    (tmp_path / "train.csv").write_text("file,g\n1.jpg,0\n")
    table = {"id": "file", "images": "train", "test_images": "test"}
    frame = read(tmp_path, table=table).images
    assert frame["image_id"].tolist() == ["train/1.jpg", "1.jpg", "b/2.jpg"]


def test_a_folder_a_class_is_a_layout(tmp_path: Path) -> None:
    make_images(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "test/7.jpg", "train/lost.jpg")
    mood = {"mood": {"kind": "multiclass", "classes": ["cat", "dog"]}}
    frame = read(tmp_path, layout="folders", tasks=mood).images.set_index("image_id")
    assert frame["mood"].dropna().to_dict() == {"train/cat/1.jpg": "cat", "train/dog/1.jpg": "dog"}
    assert frame.at["train/lost.jpg", "status"] == "malformed"
    make_images(tmp_path, "test/dog/8.jpg")
    found = read(tmp_path, layout="folders", tasks=mood, truth=True)
    assert found.images.set_index("image_id").at["dog/8.jpg", "mood"] == "dog"
    assert frame.at["7.jpg", "part"] == "test"


def test_classes_in_columns_of_their_own_become_one(tmp_path: Path) -> None:
    make_images(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    (tmp_path / "train.csv").write_text("file,a,b\n1.jpg,1,0\n2.jpg,0.0,1.0\n3.jpg,0,0\n")
    kind = {"kind": {"kind": "multiclass", "classes": ["A", "B"], "columns": ["a", "b"]}}
    frame = read(tmp_path, tasks=kind, table={"id": "file"}).images
    assert frame["kind"].fillna("").tolist() == ["A", "B", ""]
    assert frame["status"].tolist() == ["ok", "ok", "unlabelled"]
    (tmp_path / "train.csv").write_text("file,a,b\n1.jpg,1,1\n2.jpg,0,1\n3.jpg,0,0\n")
    with pytest.raises(ValueError, match=r"1 images have several classes, the first is 1\.jpg"):
        read(tmp_path, tasks=kind, table={"id": "file"})


@pytest.mark.parametrize("word", ["", "unknown", "NaN", "-1", "Unknown"])
def test_a_word_for_nobody_names_nobody(tmp_path: Path, word: str) -> None:
    make_images(tmp_path, "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    (tmp_path / "train.csv").write_text(f"file,who,g\n1.jpg,ann,0\n2.jpg,{word},1\n")
    (tmp_path / "test.csv").write_text(f"file,who\n3.jpg,{word}\n4.jpg,{word}\n")
    table = {"id": "file", "person": "who", "test": "test.csv"}
    found = read(tmp_path, table=table)
    assert found.images["person_id"].tolist()[:2] == ["ann", "2.jpg"]
    assert found.images["person_id"].isna().tolist() == [False, False, True, True]


def test_a_label_column_may_have_a_word_of_the_program(tmp_path: Path) -> None:
    make_images(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "train.csv").write_text("path,answer\n1.jpg,0\n2.jpg,2\n")
    task = {"g": {**GENDER, "column": "answer"}}
    with pytest.raises(ValueError, match=r"train\.csv line 3, column 'answer': 1 label"):
        read(tmp_path, tasks=task, table={"id": "path"})
    (tmp_path / "train.csv").write_text("path,answer\n1.jpg,0\n2.jpg,1\n")
    frame = read(tmp_path, tasks=task, table={"id": "path"}).images
    assert frame["answer_label"].tolist() == ["0", "1"]


def test_boxes_name_several_faces_of_one_image(tmp_path: Path) -> None:
    make_images(tmp_path, "1.jpg")
    (tmp_path / "train.csv").write_text("file,x,y,w,h,g\n1.jpg,1,2,5,6,0\n1.jpg,9,9,5,5,1\n")
    table = {"id": "file", "box": ["x", "y", "w", "h"], "box_form": "size"}
    frame = read(tmp_path, table=table).images
    assert frame["image_id"].tolist() == ["1.jpg", "1.jpg#2"]
    corners = ["box_x1", "box_y1", "box_x2", "box_y2"]
    assert frame[corners].to_numpy().tolist() == [[1, 2, 6, 8], [9, 9, 14, 14]]
    check_boxes(frame.assign(width=20, height=20))
    with pytest.raises(ValueError, match=r"1 boxes lie outside .* 1\.jpg#2: 9, 9, 14, 14 in 8x8"):
        check_boxes(frame.assign(width=8, height=8))
    (tmp_path / "train.csv").write_text("file,x,y,w,h,g\n1.jpg,1,2,0,6,0\n")
    with pytest.raises(ValueError, match=r"1 rows have no box of a face in x, y, w, h \(size\)"):
        read(tmp_path, table=table)


def test_test_images_that_can_t_be_read_are_a_stated_share() -> None:
    rows = {
        "path": ["a.jpg", "b.jpg"],
        "status": ["missing", "ok"],
        "message": ["no such file", ""],
    }
    images = pd.DataFrame({**rows, "part": "test", "image_id": rows["path"]})
    root = Path("/nowhere")
    with pytest.raises(ValueError, match=r"1 of 2 test images .*'a\.jpg': no such file; there is"):
        check_test_images(images, root=root, most=0.4)
    assert "answered without a look" in check_test_images(images, root=root, most=0.5)
    assert check_test_images(images[1:], root=root, most=0.0) == ""


def test_further_tables_are_joined_by_id(tmp_path: Path) -> None:
    make_images(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    (tmp_path / "attr.txt").write_text("3\nMale\n1.jpg -1\n2.jpg  1\n3.jpg 1\n")
    (tmp_path / "identity.txt").write_text("1.jpg 2880\n2.jpg 2937\n3.jpg 2880\n")
    (tmp_path / "part.txt").write_text("1.jpg 0\n2.jpg 0\n3.jpg 2\n")
    male = {"Male": {"kind": "binary", "classes": [-1, 1]}}
    table = {
        "train": "attr.txt",
        "person": "who",
        "join": [
            {"file": "identity.txt", "header": ["image_id", "who"]},
            {"file": "part.txt", "header": ["image_id", "part_of"]},
        ],
        "split": {"column": "part_of", "train": [0, 1], "test": [2]},
    }
    frame = read(tmp_path, tasks=male, table=table).images
    assert frame["person_id"].tolist() == ["2880", "2937", "2880"]
    assert frame["part"].tolist() == ["train", "train", "test"]
    (tmp_path / "identity.txt").write_text("1 2880\n2 2937\n")
    with pytest.raises(ValueError, match=r"none of the ids .*'1\.jpg' is '1' there"):
        read(tmp_path, tasks=male, table=table)
    (tmp_path / "identity.txt").write_text("1.jpg 2880\n1.jpg 2937\n")
    with pytest.raises(ValueError, match=r"identity\.txt: the id '1\.jpg' stands in more than one"):
        read(tmp_path, tasks=male, table=table)


def test_a_wrong_label_of_a_joined_table_is_found_there(tmp_path: Path) -> None:
    make_images(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "train.csv").write_text("file\n1.jpg\n2.jpg\n")
    (tmp_path / "labels.csv").write_text("name,g\n2.jpg,0\n1.jpg,7\n")
    table = {"id": "file", "join": [{"file": "labels.csv", "id": "name"}]}
    with pytest.raises(ValueError, match=r"labels\.csv line 3, column 'g': 1 label of g is not"):
        read(tmp_path, table=table)
