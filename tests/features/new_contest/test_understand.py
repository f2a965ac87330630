"""Folders of contests in many shapes: what each is taken for. Images are a few random pixels."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.yaml12 import read_yaml
from pipeline.features.new_contest.face_look import Sizes, guess_crop
from pipeline.features.new_contest.make_config import (
    Place,
    check_text,
    make_setting,
    write_made_tables,
    write_text,
)
from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table

TRAIN = [f"train/{number}.png" for number in range(12)]
TEST = [f"test/{number}.png" for number in range(5)]
SIZES = Sizes(20, 20, 20)


def competition(root: Path, **words: Any) -> dict[str, Any]:
    """The competition of the config of a folder, which is checked as the first stages check it."""
    place = Place(root / "made.yaml", "./run.sh new")
    found = understand_folder(root, beside=place.path, **words)
    write_made_tables(found)
    setting = None
    if found.draft is not None:
        setting = make_setting(found.draft, SIZES, guess_crop(None, SIZES), gpu=False)
    text = write_text(found, place, setting=setting, size=None, gpu=False)
    checked = check_text(text, "made")
    assert checked.problem == ""
    return read_yaml(text, name="made")[0]["competition"]


def test_kaggles_usual_form(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    table(tmp_path / "train.csv", "id,label", [(n, "cat" if n % 2 else "dog") for n in range(12)])
    table(tmp_path / "test.csv", "id", [(n,) for n in range(5)])
    table(tmp_path / "sample_submission.csv", "id,label", [(n, 0.5) for n in range(5)])
    made = competition(tmp_path)
    assert made["table"]["images"] == "train"
    assert made["table"]["test_images"] == "test"
    assert made["table"]["suffix"] == ".png"
    assert made["tasks"]["label"]["metric"] == "roc_auc"
    assert made["submission"]["value"] == "probability"


def test_the_sample_stands_in_for_the_test_table_and_other_words(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    rows = [(f"{n}.png", f"p{n // 2}", n % 3) for n in range(12)]
    table(tmp_path / "train.csv", "file,who,kind", rows)
    table(tmp_path / "sample_submission.csv", "image,target", [(f"{n}.png", 0) for n in range(5)])
    made = competition(tmp_path)
    assert made["table"]["test"] == "sample_submission.csv"
    assert made["table"]["person"] == "who"
    assert made["submission"]["id"] == "image"
    assert made["submission"]["column"] == "target"
    assert made["tasks"]["kind"]["classes"] == ["0", "1", "2"]


def test_a_column_for_each_class_is_log_loss(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    words = ["none", "worn", "wrong"]
    table(tmp_path / "train.csv", "name,label", [(f"{n}.png", words[n % 3]) for n in range(12)])
    rows = [(f"{n}.png", 0.3, 0.3, 0.4) for n in range(5)]
    table(tmp_path / "sample_submission.csv", "name,worn,wrong,none", rows)
    made = competition(tmp_path)
    assert made["tasks"]["label"]["metric"] == "log_loss"
    assert made["submission"]["value"] == "probability"


def test_a_split_column_with_labels_on_both_sides(tmp_path: Path) -> None:
    draw(tmp_path, TRAIN)
    part = ["Training"] * 8 + ["PrivateTest"] * 4
    rows = [(f"{n}.png", "ab"[n % 2], part[n]) for n in range(12)]
    table(tmp_path / "faces.csv", "name,emotion,Usage", rows)
    made = competition(tmp_path)
    split = {"column": "Usage", "train": ["Training"], "test": ["PrivateTest"]}
    assert made["table"]["split"] == split
    assert made["truth"] is True


def test_joined_tables_add_people_and_parts(tmp_path: Path) -> None:
    names = [f"{n:06d}.png" for n in range(12)]
    draw(tmp_path, [f"img/{name}" for name in names])
    rows = [(name, 1 if n % 2 else -1, -1 if n % 3 else 1) for n, name in enumerate(names)]
    text = "12\nMale Young\n" + "".join(f"{a} {b} {c}\n" for a, b, c in rows)
    (tmp_path / "list_attr_celeba.txt").write_text(text)
    part = [(name, 0 if n < 6 else 1 if n < 8 else 2) for n, name in enumerate(names)]
    table(tmp_path / "list_eval_partition.txt", "", part, separator=" ")
    table(
        tmp_path / "identity_CelebA.txt",
        "",
        [(n, i // 2) for i, n in enumerate(names)],
        separator=" ",
    )
    made = competition(tmp_path)
    assert {join["file"] for join in made["table"]["join"]} == {
        "list_eval_partition.txt",
        "identity_CelebA.txt",
    }
    assert made["table"]["split"] == {"column": "partition", "train": ["0", "1"], "test": ["2"]}
    assert made["table"]["person"] == "person"
    assert made["tasks"]["Male"]["classes"] == ["-1", "1"]


def test_boxes_raters_and_a_test_folder_without_a_table(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    rows = [(f"train/{n}.png", 2, 2, 18, 18, n % 5 + 1) for n in range(12) for _ in range(2)]
    table(tmp_path / "ratings.csv", "file,x1,y1,x2,y2,rating", rows, separator=";")
    made = competition(tmp_path)
    assert made["table"]["box"] == ["x1", "y1", "x2", "y2"]
    assert made["table"]["test_images"] == "test"
    assert made["tasks"]["rating"]["kind"] == "regression"


def test_raters_have_rows_of_their_own_and_files_with_names(tmp_path: Path) -> None:
    draw(tmp_path, [f"Images/{n}.png" for n in range(12)] + [f"Images/t{n}.png" for n in range(4)])
    both = [(rater, n) for n in range(12) for rater in (1, 2)]
    rows = [(f"{rater}-{n}", rater, f"{n}.png", (n + rater) % 5 + 1) for rater, n in both]
    table(tmp_path / "ratings.csv", "row,Rater,Filename,Rating", rows)
    table(tmp_path / "test.csv", "row,Filename", [(f"t{n}", f"t{n}.png") for n in range(4)])
    made = competition(tmp_path)
    assert (made["table"]["id"], made["table"]["path"]) == ("row", "Filename")
    assert made["submission"]["id"] == "row"


def test_folders_of_classes(tmp_path: Path) -> None:
    draw(tmp_path, [f"train/{word}/{n}.png" for word in ("happy", "sad") for n in range(6)])
    draw(tmp_path, TEST)
    made = competition(tmp_path)
    assert made["layout"] == "folders"
    assert made["folders"] == {"train": "train", "test": "test"}
    assert made["tasks"]["label"]["classes"] == ["happy", "sad"]


def test_bare_lines(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    (tmp_path / "labels.txt").write_text("".join(f"{n % 2}\n" for n in range(12)))
    made = competition(tmp_path)
    assert made["lines"]["train_images"] == "train"
    assert made["lines"]["test_images"] == "test"


def test_a_description_says_the_metric(tmp_path: Path) -> None:
    draw(tmp_path, TRAIN)
    table(tmp_path / "train.csv", "name,grade", [(f"{n}.png", n % 4) for n in range(12)])
    (tmp_path / "README.md").write_text("# Evaluation\nScored by the macro F1.\n")
    assert competition(tmp_path)["tasks"]["grade"]["metric"] == "macro_f1"


def test_ids_that_the_sample_spells_otherwise(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    table(tmp_path / "train.csv", "id,label", [(n, n % 2) for n in range(12)])
    table(tmp_path / "test.csv", "id", [(n,) for n in range(5)])
    table(tmp_path / "sample_submission.csv", "id,label", [(f"{n}.0", 0) for n in range(5)])
    assert competition(tmp_path)["table"]["test"] == "sample_submission.csv"


def test_values_that_repeat_are_proposed_as_people_and_not_assumed(tmp_path: Path) -> None:
    names = [f"images/{n:03d}.png" for n in range(60)]
    draw(tmp_path, names)
    rows = [(name, n % 2, f"g{n // 3}") for n, name in enumerate(names)]
    table(tmp_path / "train.csv", "file,label,batch", rows)
    table(tmp_path / "sample_submission.csv", "file,label", [(names[0], 0)])
    found = understand_folder(tmp_path)
    assert found.draft is not None
    assert any("is batch a person?" in doubt for doubt in found.draft.doubts)


def test_columns_of_the_sample_that_are_no_answer_are_copied(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    table(tmp_path / "train.csv", ",id,age", [(n, f"{n}.png", 20 + n) for n in range(12)])
    rows = [(n, f"{n}.png", 30, "Public") for n in range(5)]
    table(tmp_path / "sample_submission.csv", ",id,age,Usage", rows)
    made = competition(tmp_path)
    assert made["submission"]["id"] == "id"
    assert made["submission"]["copied"] == ["Unnamed: 0", "Usage"]


def test_columns_of_0_and_1_are_several_labels_of_one_task(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    rows = [(n, n % 2, n % 3 == 0, n % 5 == 0) for n in range(12)]
    rows = [(f"{n}.png", a, int(b), int(c)) for n, a, b, c in rows]
    table(tmp_path / "train.csv", "id,Hat,Smile,Beard", rows)
    sample = [(f"{n}.png", 0.5, 0.5, 0.5) for n in range(5)]
    table(tmp_path / "sample_submission.csv", "id,Hat,Smile,Beard", sample)
    made = competition(tmp_path)
    assert made["tasks"]["labels"]["columns"] == ["Hat", "Smile", "Beard"]
    assert made["tasks"]["labels"]["metric"] == "macro_roc_auc"
    assert made["submission"]["value"] == "probability"


def test_rows_without_a_label_are_said_where_no_test_part_lies(tmp_path: Path) -> None:
    draw(tmp_path, TRAIN)
    rows = [(f"{n}.png", "ab"[n % 2] if n < 9 else "") for n in range(12)]
    table(tmp_path / "data.csv", "name,mood", rows)
    found = understand_folder(tmp_path)
    assert found.draft is not None
    assert any("3 of 12 rows of data.csv have no label" in doubt for doubt in found.draft.doubts)


def test_cells_of_several_words_are_several_labels(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    words = ["hat smile", "smile beard", "none", "hat", "beard hat", "smile"]
    table(tmp_path / "train.csv", "id,tags", [(f"{n}.png", words[n % 6]) for n in range(12)])
    table(tmp_path / "sample_submission.csv", "id,tags", [(f"{n}.png", "hat") for n in range(5)])
    made = competition(tmp_path)
    task = made["tasks"]["tags"]
    assert (task["kind"], task["classes"]) == ("multilabel", ["beard", "hat", "smile"])
    assert (task["separator"], task["nothing"]) == (" ", "none")


def test_videos_are_rows_of_frames(tmp_path: Path) -> None:
    for n in range(12):
        (tmp_path / f"clip{n}.mp4").write_bytes(b"no video")
    (tmp_path / "metadata.json").write_text(
        json.dumps({f"clip{n}.mp4": {"label": ["REAL", "FAKE"][n % 2]} for n in range(12)})
    )
    found = understand_folder(tmp_path)
    assert found.draft is not None
    assert found.draft.tasks[0].label.classes == ("REAL", "FAKE")
    assert found.survey.shows_videos


def test_a_whole_contest_in_one_archive(tmp_path: Path) -> None:
    root = tmp_path / "contest"
    draw(tmp_path / "out", [*TRAIN, *TEST])
    table(tmp_path / "out/train.csv", "id,label", [(f"{n}.png", n % 2) for n in range(12)])
    table(tmp_path / "out/sample_submission.csv", "id,label", [(f"{n}.png", 0) for n in range(5)])
    root.mkdir()
    with zipfile.ZipFile(root / "all.zip", "w") as archive:
        for path in sorted((tmp_path / "out").rglob("*.*")):
            archive.write(path, path.relative_to(tmp_path / "out"))
    made = competition(root)
    assert made["table"]["train"] == "all.zip/train.csv"
    assert made["table"]["test_images"] == "all.zip/test"
    assert made["submission"]["sample"] == "all.zip/sample_submission.csv"


PAIRS = [(f"{n}.png", f"{n + 1}.png", n % 2) for n in range(8)]
PEOPLE = [(f"{n}.png", n // 2) for n in range(12)]
OTHER_JOBS: list[tuple[list[str], dict[str, tuple], str]] = [
    (TRAIN, {"pairs.csv": ("left,right,same", PAIRS)}, "pairs"),
    (TRAIN, {"x.csv": ("a,b,same", [(n, n * 7 % 12, n % 2) for n in range(12)])}, "pairs"),
    (TRAIN, {"t.csv": ("id,EncodedPixels", [(1, "1 3"), (2, "4 5")])}, "segmentation"),
    ([f"query/{n}.png" for n in range(3)] + ["gallery/9.png"], {}, "retrieval"),
    ([f"img/{n}.png" for n in range(6)] + [f"masks/{n}.png" for n in range(6)], {}, "segment"),
    ([f"{n}/{i}.png" for n in range(60) for i in range(2)], {}, "identification"),
    (TRAIN, {"x.csv": ("name,person", PEOPLE)}, "identification"),
    ([f"p{n // 3}/{n}.png" for n in range(12)], {"pairs.txt": ("5,2", [("p1", 1)])}, "pairs"),
    (
        TRAIN,
        {"x.csv": ("name,dob", [(f"{n}.png", f"{n}/{n}/1{n}") for n in range(12)])},
        "of birth",
    ),
    ([], {"test.csv": ("id", [(1,)])}, "no image"),
    (TRAIN, {}, "no labels were found"),
]


@pytest.mark.parametrize(("files", "tables", "says"), OTHER_JOBS)
def test_another_job_is_told_in_a_sentence(
    files: list[str], tables: dict[str, tuple], says: str, tmp_path: Path
) -> None:
    draw(tmp_path, files, side=4)
    for name, (header, rows) in tables.items():
        table(tmp_path / name, header, rows)
    with pytest.raises(ValueError, match=says):
        understand_folder(tmp_path)


def test_labels_that_are_spelt_like_images_are_no_pairs(tmp_path: Path) -> None:
    draw(tmp_path, [*TRAIN, *TEST])
    rows = [(f"{n}.png", ["true", "1", "false", "0"][n % 4]) for n in range(12)]
    table(tmp_path / "train.csv", "id,happy", rows)
    with pytest.raises(ValueError, match=r"happy: .* spellings of yes and no"):
        understand_folder(tmp_path)


def test_labels_in_a_file_that_is_not_read(tmp_path: Path) -> None:
    draw(tmp_path, [f"{n % 3:02d}/{n}.png" for n in range(12)])
    (tmp_path / "imdb.mat").write_bytes(b"MATLAB 5.0")
    with pytest.raises(ValueError, match=r"imdb\.mat, which is not read"):
        understand_folder(tmp_path)


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    draw(tmp_path, TRAIN)
    (tmp_path / "labels.pkl").write_bytes(b"not a pickle")
    with pytest.raises(ValueError, match="a pickle can run any program"):
        understand_folder(tmp_path)


def test_pixels_in_a_column_of_one_table(tmp_path: Path) -> None:
    part = ["Training"] * 8 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
    rows = [(n % 3, " ".join(str(n * 7 % 256) for _ in range(144)), part[n]) for n in range(12)]
    table(tmp_path / "fer2013.csv", "emotion,pixels,Usage", rows)
    made = competition(tmp_path)
    assert made["table"]["pixels"] == {"column": "pixels"}
    assert made["table"]["split"]["leave_out"] == ["PublicTest"]
    assert made["tasks"]["emotion"]["classes"] == ["0", "1", "2"]


def test_keypoints_with_a_row_for_each_answer(tmp_path: Path) -> None:
    pixels = " ".join("7" for _ in range(144))
    rows = [(30 + n % 5, 40 + n % 7, pixels) for n in range(12)]
    table(tmp_path / "training.csv", "eye_x,eye_y,Image", rows)
    table(tmp_path / "test.csv", "ImageId,Image", [(n, pixels) for n in (1, 2)])
    asked = [(0, 1, "eye_x", "?"), (1, 1, "eye_y", "?"), (2, 2, "eye_x", "?"), (3, 2, "eye_y", "?")]
    table(tmp_path / "IdLookupTable.csv", "RowId,ImageId,FeatureName,Location", asked)
    table(tmp_path / "SampleSubmission.csv", "RowId,Location", [(n, 0) for n in range(4)])
    made = competition(tmp_path)
    assert made["submission"]["sample"] == "IdLookupTable.csv"
    assert made["submission"]["id"] == "ImageId"
    assert made["tasks"]["eye_x"]["kind"] == "regression"


def test_images_in_zip_archives_are_read_where_they_are(tmp_path: Path) -> None:
    draw(tmp_path / "out", [*TRAIN, *TEST])
    for part in ("train", "test"):
        with zipfile.ZipFile(tmp_path / f"{part}.zip", "w") as archive:
            for path in sorted((tmp_path / "out" / part).iterdir()):
                archive.write(path, path.name)
    shutil.rmtree(tmp_path / "out")
    table(tmp_path / "train.csv", "id,label", [(f"{n}.png", n % 2) for n in range(12)])
    table(tmp_path / "test.csv", "id", [(f"{n}.png",) for n in range(5)])
    made = competition(tmp_path)
    assert made["table"]["images"] == "train.zip"
    assert made["table"]["test_images"] == "test.zip"


def test_the_recipe_for_a_gpu_loads_and_serves_every_kind(tmp_path: Path) -> None:
    draw(tmp_path, TRAIN)
    rows = [(f"{n}.png", n + 20, n % 2, "abc"[n % 3]) for n in range(12)]
    table(tmp_path / "train.csv", "file,age,smiling,emotion", rows)
    found = understand_folder(tmp_path)
    assert found.draft is not None
    setting = make_setting(found.draft, Sizes(250, 250, 250), guess_crop(None, SIZES), gpu=True)
    place = Place(tmp_path / "made.yaml", "./run.sh new")
    text = write_text(found, place, setting=setting, size=None, gpu=True)
    checked = check_text(text, "made")
    assert checked.problem == ""
    assert checked.settings.members["first"].image_size == 256
    assert set(checked.settings.members["first"].tasks) == {"age", "smiling", "emotion"}
