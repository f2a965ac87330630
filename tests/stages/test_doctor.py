"""The doctor says in words what is missing, by its exit code too; a submission is made again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.runs import PROJECT
from pipeline.stages.doctor import read_pins
from pipeline.stages.reproduce import differences
from tests.stages.test_odd_contests import make, people

Call = Callable[..., tuple[int, str, str]]


def test_it_finds_nothing_wrong_and_writes_nothing(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("abababab"), test=["x.png"])
    code, out, err = call("doctor", *words)
    assert code == 0, err
    for said in (
        "packages",
        "device    cpu, float32",
        "config    odd: 1 members, 2 cells",
        "train ok 8",
        "small_cnn: no pretrained weights",
        "m: 8 pictures of 16x16 (their middle, not cropped yet), the same for training and infer",
        "doctor: nothing stands in the way",
    ):
        assert said in out, out
    assert not (tmp_path / "runs").exists()
    assert call("crop", *words)[0] == 0
    assert "as cut by crop" in call("doctor", *words)[1]


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("root=/absent", "root: no folder /absent"),
        ("device=cuda:77", "device: 'cuda:77' can't be used here"),
        ("members.m.weights=/no/such.pth", "no file /no/such.pth"),
        ("members.m.backbone=resnet19", "timm"),
        ("runs=/proc/runs", "can't be written"),
    ],
)
def test_what_is_missing_is_said_and_ends_with_2(
    word: str, says: str, tmp_path: Path, call: Call
) -> None:
    words = make(tmp_path, people("abababab"), test=["x.png"])
    code, out, err = call("doctor", *words, word)
    assert code == 2
    assert "FAIL" in out
    assert says in err, err
    assert "Traceback" not in err


def test_pins_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("# x==1\ntorch==2.14.1  # why\n\nPyYAML==6.0.3\n-r other.txt\n")
    assert dict(read_pins(tmp_path / "r.txt")) == {"torch": "2.14.1", "PyYAML": "6.0.3"}
    assert "torch" in dict(read_pins(PROJECT / "requirements.txt"))


def test_a_submission_is_made_again_from_its_record(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("abababab", each=2), test=["x.png", "y.png", "z.png"])
    code, _, err = call("infer", *words)
    assert code == 0, err
    record = tmp_path / "submissions/odd.json"
    (tmp_path / "configs/odd.yaml").unlink()  # the record knows all that it needs
    where = f"runs={tmp_path}/runs"
    code, out, err = call("reproduce", str(record), where)
    assert code == 0, err
    assert "reproduce: the same bytes, sha256" in out
    made = next((tmp_path / "runs/reproduced").glob("*/submissions/odd.csv"))
    assert made.read_bytes() == (tmp_path / "submissions/odd.csv").read_bytes()
    told = json.loads(record.read_text())
    told["sha256"] = "0" * 64
    told["provenance"]["packages"]["torch"] = "1.0"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(told))
    code, _, err = call("reproduce", str(other), where)
    assert code == 2
    assert "has other bytes than" in err and "torch was 1.0" in err


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no file"), ("{}", "not a submission's record"), ("{", "damaged")],
)
def test_what_is_no_record_is_a_sentence(
    content: str | None, says: str, tmp_path: Path, call: Call
) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_text(content)
    code, _, err = call("reproduce", str(path), f"runs={tmp_path}/runs")
    assert code == 2
    assert says in err
    code, _, err = call("reproduce", f"runs={tmp_path}/runs")
    assert code == 2
    assert "takes one record" in err


def test_what_differs_is_told_in_words() -> None:
    then = {"git": "a", "git_dirty": True, "python": "3.11.7", "machine": "m"}
    then["packages"] = {"x": "1"}
    now = {"git": "b", "git_dirty": False, "python": "3.11.7", "machine": "m", "packages": {}}
    said = differences(then, now)
    assert said == [
        "git was a, is b",
        "the code had changes that were not committed",
        "x was 1, is not there",
    ]
