"""new: from a folder to a config that runs; what it refuses."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from pipeline.config import load_experiment
from pipeline.storage import PROJECT
from tests.features.new_contest.drawn import draw, table

Call = Callable[..., tuple[int, str, str]]


def make(root: Path) -> None:
    draw(root, [f"train/{n}.png" for n in range(24)] + [f"test/{n}.png" for n in range(6)])
    rows = [(f"{n}.png", f"p{n // 2}", "ab"[n // 2 % 2]) for n in range(24)]
    table(root / "train.csv", "file,who,kind", rows)
    table(root / "sample_submission.csv", "file,kind", [(f"{n}.png", "a") for n in range(6)])


def test_two_commands_from_a_folder_to_a_submission(call: Call, tmp_path: Path) -> None:
    root, config = tmp_path / "contest", tmp_path / "mine.yaml"
    make(root)
    code, out, err = call("new", root, config)
    assert code == 0, err
    assert out.splitlines()[-1].endswith(f"./run.sh crop train infer -c {config}")
    assert f"./run.sh plan crop train infer -c {config}\n" in out
    assert "scored by accuracy (a guess, which competition.tasks.kind.metric changes)" in out
    assert len(out.splitlines()) <= 15
    settings = load_experiment(str(config), [], configs=PROJECT / "configs")
    assert settings.competition.table is not None
    assert settings.competition.table.person == "who"
    places = [f"runs={tmp_path}/runs", f"submissions={tmp_path}/submissions"]
    tiny = ["backbone=test_resnet", "weights=none", "epochs=1", "freeze=0", "image_size=32"]
    members = [f"members.{m}.{word}" for m in settings.members for word in tiny]
    small = ["crop.size=32", "bootstrap=100", "device=cpu", "parallel=1", *members]
    code, _, err = call("crop", "train", "infer", "-c", config, *places, *small)
    assert code == 0, err
    written = pd.read_csv(tmp_path / "submissions/mine.csv")
    sample = pd.read_csv(root / "sample_submission.csv")
    assert list(written.columns) == list(sample.columns)
    assert list(written["file"]) == list(sample["file"])
    assert set(written["kind"]) <= {"a", "b"}


def test_a_config_that_cannot_run_yet_is_an_error(call: Call, tmp_path: Path) -> None:
    root, config = tmp_path / "contest", tmp_path / "mine.yaml"
    make(root)
    (root / "test/5.png").unlink()
    code, out, err = call("new", root, config)
    assert code == 2
    assert "1 of 6 test images can't be read" in err
    assert "train: train.csv, 24 images" in out
    assert "train images with labels" not in out  # nothing was counted
    assert "baseline" not in out
    assert config.is_file()


def test_nothing_is_overwritten(call: Call, tmp_path: Path) -> None:
    make(tmp_path / "contest")
    config = tmp_path / "mine.yaml"
    config.write_text("mine: 1\n")
    code, _, err = call("new", tmp_path / "contest", config)
    assert code == 2
    assert "is there already" in err
    assert config.read_text() == "mine: 1\n"
    code, _, err = call("new", tmp_path / "contest", "masks")
    assert (code, "is there already" in err) == (2, True)


def test_what_is_no_contest_is_one_sentence(call: Call, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for words, says in (
        (["new"], "which folder?"),
        (["new", tmp_path / "absent"], "no such folder"),
        (["new", empty, tmp_path / "x.yaml"], "holds no file"),
        (["new", empty, "a b"], "can't be the name"),
        (["new", empty, tmp_path / "x.yaml", "hours=none"], "must be a number above 0"),
    ):
        code, _, err = call(*words)
        assert code == 2
        assert says in err
        assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "x.yaml").exists()
