"""The drawn competition on disk: layout, labels, same bytes, nothing half done."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from pipeline.sample.contest import (
    FINISHED,
    SHOTS,
    answer,
    choose_covering,
    draw_contest,
    say_other_people,
)
from pipeline.sample.people import invent_people

SMALL = {"num_people": 6, "num_test_people": 5, "seed": 3, "width": 96, "height": 128}


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawing") / "deep" / "contest"
    counts = draw_contest(root, **SMALL)
    assert counts == {
        "num_people": 6, "num_test_people": 5, "num_images": 42, "num_test_images": 35,
    }  # fmt: skip
    return root


def test_same_seed_gives_same_bytes_and_another_seed_others(drawn: Path, tmp_path: Path) -> None:
    draw_contest(tmp_path / "again", **SMALL)
    assert contents(tmp_path / "again") == contents(drawn)
    draw_contest(tmp_path / "other", **{**SMALL, "seed": 4})
    ours, others = contents(drawn), contents(tmp_path / "other")
    assert not set(others.values()) & {ours[name] for name in ours if name.startswith("eval/im")}


def test_train_folders_agree_with_the_table(drawn: Path) -> None:
    table = pd.read_csv(drawn / "train/train.csv", dtype=str)
    assert list(table.columns) == ["id", "gender", "race", "age", "path"]
    assert len(table) == table["id"].nunique() == 6
    assert sorted(table["path"]) == sorted(os.listdir(drawn / "train/images"))
    for row in table.itertuples():
        assert row.path == f"{row.id}_{row.gender}_{row.race}_{row.age}"
        files = [p for p in (drawn / "train/images" / row.path).iterdir() if p.name[0] != "."]
        assert sorted(p.stem for p in files) == sorted(SHOTS)
        assert {p.suffix for p in files} <= {".jpg", ".jpeg", ".png"}
        assert all(cv2.imread(str(p)).shape == (128, 96, 3) for p in files)
    junk = list((drawn / "train/images").glob("*/._*"))
    assert [p.name for p in junk] == ["._normal.jpg"]
    assert cv2.imdecode(np.frombuffer(junk[0].read_bytes(), np.uint8), 1) is None


def test_eval_answers_follow_from_the_people_and_are_kept_out_of_info(drawn: Path) -> None:
    info = pd.read_csv(drawn / "eval/info.csv")
    truth = pd.read_csv(drawn / "eval/answers.csv", dtype={"person": str})
    assert list(info.columns) == ["ImageID", "ans"] and (info["ans"] == 0).all()
    assert list(info["ImageID"]) == list(truth["ImageID"])
    assert sorted(info["ImageID"]) == sorted(os.listdir(drawn / "eval/images"))
    assert not truth["person"].is_monotonic_increasing

    people = {p.person_id: p for p in invent_people(5, seed=3, first_id=7)}
    assert set(truth["person"]) == set(people)
    for person_id, rows in truth.groupby("person"):
        person = people[str(person_id)]
        age = 0 if person.age < 30 else 1 if person.age < 60 else 2
        rest = {"male": 0, "female": 3}[person.gender] + age
        assert sorted(rows["ans"]) == sorted([rest] * 5 + [6 + rest, 12 + rest])
    train_ids = set(pd.read_csv(drawn / "train/train.csv", dtype=str)["id"])
    assert not train_ids & set(people)


def test_answer_follows_how_the_shot_is_covered() -> None:
    person = invent_people(1, seed=0)[0]
    rng = np.random.default_rng(0)
    kinds = [[answer(person, choose_covering(rng, shot).fit) // 6 for shot in SHOTS]
             for _ in range(20)]  # fmt: skip
    assert all(row == [0, 0, 0, 0, 0, 1, 2] for row in kinds)


def test_finished_contest_is_left_alone_and_another_recipe_is_refused(drawn: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in drawn.rglob("*")}
    draw_contest(drawn, **SMALL)
    assert {p: p.stat().st_mtime_ns for p in drawn.rglob("*")} == before
    with pytest.raises(ValueError, match=r"'seed': 3.*'seed': 9"):
        draw_contest(drawn, **{**SMALL, "seed": 9})


def test_other_people_than_asked_for_are_said(drawn: Path, tmp_path: Path) -> None:
    there = json.loads((drawn / FINISHED).read_text())
    asked = {"num_people": there["num_people"], "num_test_people": there["num_test_people"]}
    assert say_other_people(drawn, **asked) == ""
    said = say_other_people(drawn, num_people=99, num_test_people=7)
    assert f"{asked['num_people']} people to learn from" in said and "asks for 99 and 7" in said
    assert say_other_people(tmp_path, **asked) == ""  # nothing was drawn there


def test_a_folder_of_something_else_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ValueError, match="was not drawn here"):
        draw_contest(tmp_path, **SMALL)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(ValueError, match="num_people is 0"):
        draw_contest(tmp_path / "new", **{**SMALL, "num_people": 0})


def test_killed_half_way_leaves_no_root_and_the_next_call_finishes(tmp_path: Path) -> None:
    root = tmp_path / "contest"
    code = (
        "from pathlib import Path; from pipeline.sample.contest import draw_contest;"
        f"draw_contest(Path({str(root)!r}), num_people=500, num_test_people=1, seed=0)"
    )
    house = Path(__file__).parents[2]
    drawing = subprocess.Popen(
        [sys.executable, "-c", code], cwd=house, stderr=subprocess.DEVNULL, text=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("mask*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    drawing.send_signal(signal.SIGKILL)
    drawing.wait()
    assert list(tmp_path.rglob("mask*")), "nothing was drawn before the kill"
    assert not root.exists()
    draw_contest(root, **{**SMALL, "num_people": 2, "num_test_people": 1})
    assert [p.name for p in tmp_path.iterdir()] == ["contest"]
    assert (root / FINISHED).is_file() and len(list(root.rglob("mask*"))) == 10
