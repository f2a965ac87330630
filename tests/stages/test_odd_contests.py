"""Contests that are hardly any, images and tables that lie: from the images to the answers."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.config import load_experiment
from pipeline.experiment.work import Work
from pipeline.stages import index
from pipeline.storage import Runs, explain_os_error
from tests.random_contest import CLASSES, NUMBER, make, people

Call = Callable[..., tuple[int, str, str]]
SCORE = "{kind: binary, classes: ['0', '1'], column: label}"


def says_why(call: Call, words: list[str], says: str, folder: Path) -> None:
    code, _, err = call("train", "infer", *words)
    assert code == 2, err
    assert says in err, err
    assert "Traceback" not in err
    assert not list(folder.rglob("checkpoint.safetensors")) + list(folder.rglob("done.json"))


def works(call: Call, words: list[str], folder: Path, *, rows: int) -> pd.DataFrame:
    code, _, err = call("train", "infer", *words)
    assert code == 0, err
    answers = pd.read_csv(folder / "submissions/odd.csv", dtype=str, keep_default_na=False)
    assert len(answers) == rows
    assert (answers["answer"] != "").all()
    return answers


def test_only_one_of_the_classes_ever_comes(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("aaaaaaaa"), test=["x.png"])
    assert works(call, words, tmp_path, rows=1)["answer"].tolist() == ["a"]


def test_a_class_with_one_person(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("aaaaaaab", each=2), test=["x.png", "y.png"])
    works(call, words, tmp_path, rows=2)


def test_one_person(tmp_path: Path, call: Call) -> None:
    train = [(f"{number}.png", "p", "ab"[number % 2]) for number in range(8)]
    says_why(call, make(tmp_path, train, test=["x.png"]), "2 folds", tmp_path)


def test_more_folds_than_people(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("abab", each=2), test=["x.png"])
    says_why(call, [*words, "folds.num=9"], "9 folds were asked for and there are 4", tmp_path)


def test_no_test_part_and_no_person_column(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("abababab"), person=False)
    answers = works(call, words, tmp_path, rows=8)
    assert sorted(answers["file"]) == sorted(row[0] for row in people("abababab"))


def test_a_target_that_is_constant(tmp_path: Path, call: Call) -> None:
    train = [(name, person, 5) for name, person, _ in people("aaaaaaaa")]
    words = make(tmp_path, train, test=["x.png"], task=NUMBER)
    assert 0 <= float(works(call, words, tmp_path, rows=1)["answer"].iloc[0]) <= 10


def test_a_score_whose_labels_are_all_equal(tmp_path: Path, call: Call) -> None:
    train = [(name, person, "1") for name, person, _ in people("aaaaaaaa")]
    words = make(tmp_path, train, test=["x.png"], task=SCORE)
    works(call, words, tmp_path, rows=1)


@pytest.mark.parametrize(
    ("label", "task", "says"),
    [
        ("c", CLASSES, "label is not one of a, b: p3-0.png (c)"),
        ("12", NUMBER, "label is outside low 0 to high 10: p3-0.png (12)"),
        ("many", NUMBER, "label is not a number: p3-0.png (many)"),
        ("inf", NUMBER, "label is not a number: p3-0.png (inf)"),
    ],
)
def test_a_label_that_cannot_be_is_named(
    label: str, task: str, says: str, tmp_path: Path, call: Call
) -> None:
    sound = "a" if task == CLASSES else "3"
    train = [(name, person, sound) for name, person, _ in people("aaaaaaaa")]
    train[3] = (train[3][0], train[3][1], label)
    words = make(tmp_path, train, test=["x.png"], task=task)
    code, _, err = call("index", *words)
    assert code == 2
    assert says in err, err
    assert "p3-0.png" in err
    assert "train.csv" in err and "line 5" in err, "the place where it is mended"


def test_images_and_rows_that_lie_are_counted_and_answered(tmp_path: Path, call: Call) -> None:
    train = people("abababababab")
    train += [("../../../etc/passwd", "q", "a"), ("gone.gone", "r", "a"), ("p0 copy.png", "s", "")]
    words = make(tmp_path, train, test=["x.png", "bad.jpg", "001.png", "пример 顔.png"])
    images = tmp_path / "root/images"
    (images / "bad.jpg").write_text("no image")
    (images / "p1-0.png").write_bytes((images / "p1-0.png").read_bytes()[:200])
    (images / "p2-0.png").write_bytes(b"")
    (images / "p3-0.png").unlink()
    (images / "p3-0.png").symlink_to(images / "p3-0.png")
    Image.new("RGB", (1, 1)).save(images / "p4-0.png")
    Image.fromarray(np.zeros((30, 20), dtype=np.uint16)).save(images / "p5-0.png")
    code, _, err = call("index", *words)
    assert code == 2
    assert "1 of 4 test images can't be read (1 unreadable); the first is 'images/bad.jpg'" in err
    assert "competition.missing_test: 0.25" in err
    words.append("competition.missing_test=0.25")
    answers = works(call, words, tmp_path, rows=4)
    assert answers["file"].tolist() == ["x.png", "bad.jpg", "001.png", "пример 顔.png"]
    (path,) = tmp_path.glob("runs/odd/faces-*/faces.parquet")
    faces = pd.read_parquet(path).set_index("image_id")["status"]
    for name, status in {
        "p0-0.png": "ok",
        "p1-0.png": "unreadable",
        "p2-0.png": "unreadable",
        "p3-0.png": "missing",
        "p4-0.png": "ok",
        "p5-0.png": "ok",
        "../../../etc/passwd": "outside",
        "gone.gone": "missing",
        "p0 copy.png": "ok",
        "bad.jpg": "unreadable",
    }.items():
        assert faces[name] == status, name
    import json

    record = json.loads((tmp_path / "submissions/odd.json").read_text())
    assert record["prior_answers"] == ["bad.jpg"]
    parquet = pd.read_parquet(tmp_path / "runs/odd/m/test.parquet").set_index("image_id")
    assert abs(parquet.loc["bad.jpg"].sum() - 1) < 1e-5, "the shares of the classes"


def test_nothing_to_learn_from_is_told_with_the_first_row(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("abab"), test=["x.png"])
    for path in (tmp_path / "root/images").glob("p*"):
        path.write_bytes(b"no image")
    (tmp_path / "root/images/p1-0.png").unlink()
    says_why(call, words, "no train image that can be read and has its labels", tmp_path)
    _, _, err = call("index", *words)
    assert "(3 unreadable, 1 missing); the first is" in err and "p0-0.png: " in err
    (tmp_path / "root/train.csv").write_text("file,person,label\n")
    says_why(call, words, "the train table has no rows", tmp_path)


def test_what_may_not_be_read_is_a_row_or_a_sentence() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        words = make(folder, people("abababab"), test=["x.png"])
        (folder / "root/images/p0-0.png").chmod(0)
        owner = os.geteuid()
        settings = load_experiment(words[1], [], configs=folder)
        work = Work(settings=settings, runs=Runs(settings), command=[])
        os.seteuid(65534 if owner == 0 else owner)  # root may read everything, nobody may not
        try:
            index.run(work)
            found = pd.read_parquet(work.runs.images).set_index("image_id").loc["p0-0.png"]
            os.seteuid(owner)
            (folder / "root/train.csv").chmod(0)
            os.seteuid(65534 if owner == 0 else owner)
            with pytest.raises(PermissionError) as caught:
                index.run(work)
        finally:
            os.seteuid(owner)
        assert (found["status"], found["message"]) == ("unreadable", "p0-0.png: permission denied")
        assert explain_os_error(caught.value).startswith(f"{folder}/root/train.csv: no permission")
