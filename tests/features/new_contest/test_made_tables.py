"""Labels that are put into a table beside the config: what it holds, and what the config says."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.features.new_contest.make_config import write_made_tables
from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table
from tests.features.new_contest.test_understand import competition

WORDS = ("happy", "sad")


def rows_of(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_folders_of_classes_whose_test_images_a_sample_names(tmp_path: Path) -> None:
    root = tmp_path / "contest"
    draw(root, [f"data/train/{word}/{n}.png" for word in WORDS for n in range(6)])
    draw(root, [f"data/test/t{n}.png" for n in range(4)])
    table(root / "sample_submission.csv", "Id,Category", [(f"t{n}", "sad") for n in (2, 0, 1, 3)])
    made = competition(root)
    assert made["table"]["test"] == "sample_submission.csv"
    assert made["submission"]["id"] == "Id"
    assert made["submission"]["column"] == "Category"
    rows = rows_of(made["table"]["train"])
    assert rows[0] == {"file": "data/train/happy/0.png", "label": "happy"}
    assert len(rows) == 12


def test_valid_folders_teach_and_labelled_test_folders_are_the_truth(tmp_path: Path) -> None:
    for part, number in (("train", 6), ("valid", 3), ("test", 2)):
        draw(tmp_path, [f"{part}/{word}/{n}.png" for word in WORDS for n in range(number)])
    made = competition(tmp_path)
    assert made["truth"] is True
    assert len(rows_of(made["table"]["train"])) == 18
    assert len(rows_of(made["table"]["test"])) == 4


@pytest.mark.parametrize(("train", "test"), [("训练集", "测试集"), ("entrenamiento", "prueba")])
def test_parts_in_other_languages_are_no_classes(train: str, test: str, tmp_path: Path) -> None:
    draw(tmp_path, [f"{train}/{word}/{n}.png" for word in WORDS for n in range(6)])
    draw(tmp_path, [f"{test}/{n}.png" for n in range(4)])
    made = competition(tmp_path)
    assert made["folders"] == {"train": train, "test": test}


def test_lists_without_a_header(tmp_path: Path) -> None:
    root = tmp_path / "contest"
    draw(root, [f"train/{n}.png" for n in range(12)] + [f"test/{n}.png" for n in range(4)])
    table(root / "train.txt", "", [(f"train/{n}.png", n % 3) for n in range(12)], separator=" ")
    table(root / "test.txt", "", [(f"test/{n}.png",) for n in range(4)])
    (tmp_path / "x-train.csv").write_text("somebody's own")
    found = understand_folder(root, beside=tmp_path / "x.yaml")
    with pytest.raises(ValueError, match="is there already and stays as it is"):
        write_made_tables(found)
    made = competition(root)
    assert rows_of(made["table"]["train"])[1] == {"image": "train/1.png", "label": "1"}
    assert rows_of(made["table"]["test"])[0] == {"image": "test/0.png"}
    assert made["tasks"]["label"]["classes"] == ["0", "1", "2"]


def test_a_validation_table_teaches_too(tmp_path: Path) -> None:
    draw(tmp_path, [f"{part}/{n}.png" for part in ("train", "val", "test") for n in range(9)])
    for part in ("train", "val"):
        table(tmp_path / f"{part}.csv", "name,mood", [(f"{n}.png", n % 2) for n in range(9)])
    table(tmp_path / "test.csv", "name", [(f"{n}.png",) for n in range(9)])
    made = competition(tmp_path)
    names = [row["name"] for row in rows_of(made["table"]["train"])]
    assert names[::9] == ["train/0.png", "val/0.png"]
    assert made["table"]["test_images"] == "test"


def test_adience_as_it_is_published(tmp_path: Path) -> None:
    header = "user_id,original_image,face_id,age,gender,x,y,dx,dy"
    for fold in range(2):
        rows = []
        for n in range(8):
            user, original, face = f"{fold}{n // 2}@N04", f"{n}_o.jpg", fold * 10 + n
            rows.append((user, original, face, "(4, 6)" if n % 2 else "(60, 100)", "f", 1, 1, 9, 9))
            draw(tmp_path, [f"faces/{user}/coarse_tilt_aligned_face.{face}.{original}"])
        rows[0] = (*rows[0][:4], "m", *rows[0][5:])
        table(tmp_path / f"fold_frontal_{fold}_data.txt", header, rows, separator="\t")
    made = competition(tmp_path)
    rows = rows_of(made["table"]["train"])
    assert rows[8]["file"] == "faces/10@N04/coarse_tilt_aligned_face.10.0_o.jpg"
    assert [row["fold"] for row in rows[::8]] == ["0", "1"]
    assert made["table"]["person"] == "user_id"
    assert set(made["tasks"]) == {"age", "gender"}


def test_raf_db_as_it_is_published(tmp_path: Path) -> None:
    names = [f"train_{n:05d}" for n in range(1, 15)] + [f"test_{n:04d}" for n in range(1, 8)]
    draw(tmp_path, [f"Image/aligned/{name}_aligned.jpg" for name in names])
    rows = [(f"{name}.jpg", place % 7 + 1) for place, name in enumerate(names)]
    table(tmp_path / "EmoLabel/list_patition_label.txt", "", rows, separator=" ")
    made = competition(tmp_path)
    assert made["table"]["split"] == {"column": "part", "train": ["train"], "test": ["test"]}
    assert made["truth"] is True
    rows_made = rows_of(made["table"]["train"])
    assert rows_made[0]["file"] == "Image/aligned/train_00001_aligned.jpg"


VOC = (
    "<annotation><filename>{n}.png</filename><object><name>{word}</name><bndbox><xmin>2</xmin>"
    "<ymin>3</ymin><xmax>12</xmax><ymax>14</ymax></bndbox></object></annotation>"
)


def boxes_of_voc(root: Path) -> None:
    for n in range(12):
        (root / f"annotations/{n}.xml").write_text(VOC.format(n=n, word=["off", "on"][n % 2]))


def boxes_of_yolo(root: Path) -> None:
    for n in range(12):
        (root / f"annotations/{n}.txt").write_text(f"{n % 2} 0.35 0.425 0.5 0.55\n")
    (root / "data.yaml").write_text("names: [off, on]\n")


def boxes_of_coco(root: Path) -> None:
    names = [{"id": 1, "name": "off"}, {"id": 2, "name": "on"}]
    images = [{"id": n, "file_name": f"{n}.png"} for n in range(12)]
    found = [{"image_id": n, "category_id": n % 2 + 1, "bbox": [2, 3, 10, 11]} for n in range(12)]
    whole = {"images": images, "annotations": found, "categories": names}
    (root / "annotations/instances_train.json").write_text(json.dumps(whole))


@pytest.mark.parametrize("write", [boxes_of_voc, boxes_of_yolo, boxes_of_coco])
def test_files_of_boxes_are_faces_with_a_class(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    draw(tmp_path, [f"images/{n}.png" for n in range(12)])
    (tmp_path / "annotations").mkdir()
    write(tmp_path)
    made = competition(tmp_path)
    rows = {row["file"]: row for row in rows_of(made["table"]["train"])}
    assert rows["images/3.png"] == {
        **{"file": "images/3.png", "x1": "2", "y1": "3", "x2": "12", "y2": "14", "label": "on"}
    }
    assert made["table"]["box"] == ["x1", "y1", "x2", "y2"]
    assert made["tasks"]["label"]["classes"] == ["off", "on"]
