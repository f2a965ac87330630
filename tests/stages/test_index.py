"""index on tiny contests in every layout: statuses, groups, and fixes with their counts."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import load_experiment, write_settings
from pipeline.experiment.images_table import read_test
from pipeline.storage import PROJECT, Runs, write_json, write_text
from tests.conftest import tiny
from tests.contests import make_contest

Call = Callable[..., tuple[int, str, str]]
TASKS = {
    "occlusion": "occlusion: {}",
    "attribute64": "attribute: {}",
    "age-appa": "age: {}",
    "age-cacd": "age: {}",
    "age-afad": "age: {}",
    "utkface": "gender: {}, age: {}",
}
LAYOUTS = {
    "occlusion": ("table", {("train", "ok"): 24, ("test", "ok"): 6}),
    "attribute64": ("lines", {("train", "ok"): 24, ("test", "ok"): 6}),
    "age-appa": ("appa", {("train", "ok"): 22, ("test", "ok"): 8}),
    "age-cacd": ("cacd", {("train", "ok"): 28, ("train", "junk"): 1}),
    "age-afad": ("afad", {("train", "ok"): 28, ("train", "junk"): 1}),
    "utkface": ("utkface", {("train", "ok"): 28, ("train", "malformed"): 2}),
}


def words_for(competition: str, folder: Path) -> list[str]:
    """Words for an experiment that is only good for its index."""
    config = folder / "tiny.yaml"
    tasks = TASKS[competition]
    config.write_text(
        f"competition: {competition}\nruns: {folder}/runs\n"
        f"members: {{m: {{tasks: {{{tasks}}}, backbone: test_resnet, weights: none}}}}\n"
    )
    root = make_contest(LAYOUTS[competition][0], folder)
    return ["index", "-c", str(config), f"root={root}"]


def read_index(competition: str, folder: Path) -> pd.DataFrame:
    (path,) = (folder / "runs" / competition).glob("images-*/images.parquet")
    return pd.read_parquet(path).set_index("image_id")


@pytest.mark.parametrize("competition", LAYOUTS)
def test_every_file_of_a_tiny_contest_is_a_row(
    competition: str, tmp_path: Path, call: Call
) -> None:
    code, _, err = call(*words_for(competition, tmp_path))
    assert code == 0, err
    frame = read_index(competition, tmp_path)
    assert frame.groupby(["part", "status"]).size().to_dict() == LAYOUTS[competition][1]
    sized = frame[frame["status"] == "ok"]
    assert (sized[["width", "height"]] >= 64).all(axis=None)


def test_a_group_is_a_number_with_its_half(tmp_path: Path, call: Call) -> None:
    code, _, err = call(*words_for("occlusion", tmp_path))
    assert code == 0, err
    frame = read_index("occlusion", tmp_path)
    assert frame["gender"].map({0.9: "1", 0.05: "0"}).equals(frame["gender_half"])
    assert frame["gender_half"].nunique() == 2


def test_a_group_that_is_no_number_is_named(tmp_path: Path, call: Call) -> None:
    words = words_for("occlusion", tmp_path)
    table = tmp_path / "table/train.csv"
    table.write_text(table.read_text().replace(",0.05\n", ",female\n", 1))
    code, _, err = call(*words)
    assert code == 2
    assert "tasks.occlusion.group: crops_train/img" in err
    assert "gender is 'female', not a number" in err


def test_fixes_are_laid_and_an_edited_file_is_a_new_index(tmp_path: Path, call: Call) -> None:
    words = [*words_for("age-cacd", tmp_path), "competition.fixes=fixes.csv"]
    code, _, err = call(*words)
    assert code == 2
    assert "competition.fixes: no file 'fixes.csv'" in err
    fixes = tmp_path / "cacd/fixes.csv"
    frame_of = sorted(path.name for path in (tmp_path / "cacd/CACD2000").glob("*_0002.jpg"))
    person = frame_of[0].split("_", 1)[1].removesuffix("_0002.jpg")
    fixes.write_text(
        "image_id,person_id,column,value,reason\n"
        f",{person},age,44,one photograph\n"
        f"{frame_of[1]},,age,55,typing error\n"
    )
    code, out, err = call(*words)
    assert code == 0, err
    assert "index: 2 fixes laid over 3 images: age 2" in out
    frame = read_index("age-cacd", tmp_path)
    assert frame.loc[frame["person_id"] == person, "age"].tolist() == ["44", "44"]
    assert frame.at[frame_of[1], "age"] == "55"
    fixes.write_text(fixes.read_text().replace(",55,", ",56,"))
    code, _, err = call(*words)
    assert code == 0, err
    assert len(list((tmp_path / "runs/age-cacd").glob("images-*"))) == 2


def test_a_run_trained_before_its_fixes_changed_is_refused(tmp_path: Path, call: Call) -> None:
    words = [*words_for("age-cacd", tmp_path), "competition.fixes=fixes.csv"]
    name = next((tmp_path / "cacd/CACD2000").glob("*_0001.jpg")).name
    fixes = tmp_path / "cacd/fixes.csv"
    fixes.write_text(f"image_id,column,value,reason\n{name},age,50,x\n")
    settings = load_experiment(words[2], words[3:], configs=PROJECT / "configs")
    runs = Runs(settings)
    write_text(runs.settings, write_settings(settings))
    write_json(runs.provenance, {"runs": [{"fixes": runs.fixes_digest}]})
    assert call(*words)[0] == 0
    fixes.write_text(fixes.read_text().replace(",50,", ",51,"))
    code, _, err = call(*words)
    assert code == 2
    assert "was trained before" in err


def test_fixes_move_labels_and_folds_but_not_faces(tmp_path: Path) -> None:
    words = words_for("age-cacd", tmp_path)
    (tmp_path / "cacd/fixes.csv").write_text("image_id,column,value,reason\n")
    without, with_fixes = (
        Runs(load_experiment(words[2], [words[3], *more], configs=PROJECT / "configs"))
        for more in ([], ["competition.fixes=fixes.csv"])
    )
    assert without.images != with_fixes.images
    assert without.folds != with_fixes.folds
    assert (without.faces, without.crops) == (with_fixes.faces, with_fixes.crops)


def test_what_lies_in_a_test_folder_unasked_is_a_row_but_no_question(
    tmp_path: Path, call: Call
) -> None:
    words = [*words_for("age-appa", tmp_path), "crop.faces=given", "crop.size=16"]
    folder = tmp_path / "appa/test"
    (folder / "Thumbs.db").touch()
    (folder / "999999.jpg").write_bytes(next(folder.glob("*.jpg")).read_bytes())
    code, _, err = call("crop", *words)
    assert code == 0, err
    frame = read_index("age-appa", tmp_path)
    assert frame.loc[["test/Thumbs.db", "test/999999.jpg"], "status"].tolist() == [
        "junk",
        "unlisted",
    ]
    asked = read_test(Runs(load_experiment(words[2], words[3:], configs=PROJECT / "configs")))
    assert asked["image_id"].tolist() == [f"{number:06d}.jpg" for number in range(22, 30)]
    assert (asked["row"] >= 0).all()


def test_a_submission_s_sample_is_checked_before_anything_is_spent(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    code, _, err = call("infer", *words, "competition.submission.column=answr")
    assert code == 2
    assert "it has no column 'answr'; did you mean 'ans'?" in err
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_number_outside_its_range_names_the_image(tmp_path: Path, call: Call) -> None:
    root = make_contest("utkface", tmp_path / "root")
    words = tiny("utkface-lite", root=root, folder=tmp_path)
    code, _, err = call("index", *words, "competition.tasks.age.high=10")
    assert code == 2
    assert "labels of age are outside low 0 to high 10: " in err


@pytest.mark.parametrize(
    ("competition", "file", "old", "new", "says"),
    [
        ("occlusion", "train.csv", "00002.jpg,0.35,", "00002.jpg,much,", "(much)"),
        ("occlusion", "train.csv", "00002.jpg,0.35,0.9", "00002.jpg,0.35,x", "'x', not a number"),
        ("age-appa", "gt_avg_valid.csv", None, "old", "not a number: 000017.jpg (old)"),
    ],
)
def test_a_label_that_is_none_is_named_with_file_line_and_column(
    competition: str, file: str, old: str | None, new: str, says: str, tmp_path: Path, call: Call
) -> None:
    words = words_for(competition, tmp_path)
    table = next(tmp_path.rglob(file))
    text = table.read_text()
    if old is None:  # the second row's real age
        header, first, second, *rest = text.splitlines()
        place = header.split(",").index("real_age")
        cells = second.split(",")
        cells[place] = new
        text = "\n".join([header, first, ",".join(cells), *rest]) + "\n"
        line, column = 3, "real_age"
    else:
        assert old in text
        line = text[: text.index(old)].count("\n") + 1
        text = text.replace(old, new)
        column = "gender" if new.endswith("x") else "FaceOcclusion"
    table.write_text(text)
    code, _, err = call(*words)
    assert code == 2
    assert f"{file} line {line}, column '{column}': " in err, err
    assert says in err


def test_a_class_that_is_none_is_named_with_its_line(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    root = tmp_path / "root"
    shutil.copytree(contest, root)
    table = root / "train/train.csv"
    lines = table.read_text().splitlines()
    cells = lines[2].split(",")
    cells[lines[0].split(",").index("gender")] = "wmoan"  # the folder's name keeps the right word
    lines[2] = ",".join(cells)
    table.write_text("\n".join(lines) + "\n")
    code, _, err = call("index", *tiny("sample", root=root, folder=tmp_path))
    assert code == 2
    assert "train/train.csv line 3, column 'gender': " in err, err
    assert "are not one of male, female: " in err
