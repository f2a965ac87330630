"""A submission is made again from its record, plain and stacked, or it is said what differs."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.leaderboard.submission_record import NEEDS, differences
from tests.random_contest import NUMBER, make, people

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def made(tmp_path: Path, call: Call) -> Path:
    """The folder of a contest of numbers with a plain and a stacked submission."""
    train = [(name, person, 1 + i % 7) for i, (name, person, _) in enumerate(people("a" * 10))]
    words = make(tmp_path, train, test=["x.png", "y.png", "z.png"], task=NUMBER)
    code, _, err = call("infer", "stack", *words)
    assert code == 0, err
    return tmp_path


@pytest.mark.parametrize("name", ["odd", "odd-stack"])
def test_the_same_bytes_although_the_run_and_its_config_are_gone(
    name: str, made: Path, call: Call
) -> None:
    shutil.rmtree(made / "runs/odd")
    shutil.rmtree(made / "configs")
    code, out, err = call("reproduce", f"{made}/submissions/{name}.csv", f"runs={made}/runs")
    assert code == 0, err
    assert "reproduce: the same bytes, sha256" in out
    (again,) = (made / "runs/reproduced").glob(f"*/submissions/{name}.csv")
    assert again.read_bytes() == (made / f"submissions/{name}.csv").read_bytes()


def says(call: Call, made: Path, change: Callable[[dict], None]) -> str:
    """What is said of a changed record; nothing may be written, inside the folder or out of it."""
    record = json.loads((made / "submissions/odd.json").read_text())
    change(record)
    path = made / "changed.json"
    path.write_text(json.dumps(record))
    code, _, err = call("reproduce", str(path), f"runs={made}/runs")
    assert code == 2
    assert "Traceback" not in err
    return err


def test_an_old_or_edited_record_is_one_sentence(made: Path, call: Call) -> None:
    for key in NEEDS:
        said = says(call, made, lambda record, key=key: record.pop(key))
        assert f"one of an older form, which does not hold all that is needed: no {key!r}" in said
        assert said.count("\n") == 1
    for key, value in {
        "settings": [],
        "sha256": "../../../../outside",
        "provenance": "yesterday",
        "data": 3,
    }.items():
        said = says(call, made, lambda record, key=key, value=value: record.update({key: value}))
        assert f"its {key!r} is not what ensemble and stack write there" in said
    said = says(call, made, lambda record: record["settings"].update(epcohs=3))
    assert "changed.json: epcohs: unknown key" in said
    said = says(call, made, lambda record: record["settings"]["competition"].update(root="/gone"))
    assert "root: no folder /gone" in said, "said before anything is made"
    said = says(call, made, lambda record: record["settings"]["members"]["m"].update(weights="/x"))
    assert "members.m.weights" in said, "the stages' own checks, before anything is made"
    assert not (made / "runs/reproduced").exists()


def test_other_labels_are_told_before_anything_is_trained(made: Path, call: Call) -> None:
    table = made / "root/train.csv"
    before, frame = table.read_bytes(), pd.read_csv(table)
    frame.loc[0, "label"] = 9
    frame.to_csv(table, index=False)
    code, _, err = call("reproduce", f"{made}/submissions/odd.json", f"runs={made}/runs")
    assert code == 2
    assert "the label tables or images below" in err
    assert "are not those that it was made from" in err
    assert not list(made.rglob("reproduced/**/crops.npy"))
    table.write_bytes(before)
    code, _, err = call("reproduce", f"{made}/submissions/odd.json", f"runs={made}/runs")
    assert code == 0, err


def test_fixes_that_came_after_a_split_leave_the_folds_also_when_it_is_made_again(
    tmp_path: Path, call: Call
) -> None:
    train = [(name, person, 1 + i % 7) for i, (name, person, _) in enumerate(people("a" * 12))]
    words = make(tmp_path, train, test=["x.png", "y.png"], task=NUMBER)
    assert call("split", *words)[0] == 0
    lines = [f"p{number},label,10,wrong" for number in (0, 2, 4, 6)]
    (tmp_path / "root/fixes.csv").write_text("\n".join(["person_id,column,value,reason", *lines]))
    code, out, err = call("infer", *words, "competition.fixes=fixes.csv")
    assert code == 0, err
    assert "the folds from before them stay" in out
    (first, mended) = sorted((tmp_path / "runs/odd").glob("folds-*/folds.csv"), key=mtime)
    assert first.read_bytes() == mended.read_bytes()
    code, _, err = call("reproduce", f"{tmp_path}/submissions/odd.json", f"runs={tmp_path}/runs")
    assert code == 0, err


def mtime(path: Path) -> int:
    return path.stat().st_mtime_ns


def test_other_images_are_told_when_the_bytes_are_others(made: Path, call: Call) -> None:
    rng, kept = np.random.default_rng(9), made / "kept"
    shutil.copytree(made / "root/images", kept)
    for path in (made / "root/images").iterdir():
        Image.fromarray(rng.integers(255, size=(20, 20, 3), dtype=np.uint8)).save(path)
    record = made / "submissions/odd.json"
    told = json.loads(record.read_text())
    told["provenance"]["packages"]["torch"] = "1.0"
    record.write_text(json.dumps(told))
    code, _, err = call("reproduce", str(record), f"runs={made}/runs")
    assert code == 2
    assert "has other bytes than" in err
    assert "torch was 1.0" in err and "the crops are others" in err
    assert "the folds are others" not in err
    removed = re.search(r"to try again from the images on, remove (\S+)", err)[1]
    shutil.copytree(kept, made / "root/images", dirs_exist_ok=True)
    assert call("reproduce", str(record), f"runs={made}/runs")[0] == 2, "what is done stays"
    shutil.rmtree(removed)
    code, _, err = call("reproduce", str(record), f"runs={made}/runs")
    assert code == 0, err


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no file"), ("{}", "not a submission's record"), ("{", "holds no JSON")],
)
def test_what_is_no_record_is_a_sentence(
    content: str | None, said: str, tmp_path: Path, call: Call
) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_text(content)
    code, _, err = call("reproduce", str(path), f"runs={tmp_path}/runs")
    assert code == 2
    assert said in err
    code, _, err = call("reproduce", f"runs={tmp_path}/runs")
    assert code == 2
    assert "takes one record" in err


def test_what_differs_is_told_in_words() -> None:
    then = {"git": "a", "git_dirty": True, "python": "3.11.7", "machine": "m"}
    then["packages"] = {"x": "1"}
    now = {"git": "b", "git_dirty": False, "python": "3.11.7", "machine": "m", "packages": {}}
    assert differences(then, now) == [
        "git was a, is b",
        "the code had changes that were not committed",
        "x was 1, is not there",
    ]
