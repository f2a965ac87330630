"""Live curves: what a tracker stored is what the cell's history says; none is needed."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
ONE = ("folds.train=[0]", "members.mask.epochs=2")


@pytest.fixture(scope="module")
def words(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A tiny sample of one fold, with its folds made."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("tracked")
    words = [*tiny("sample", root=contest, folder=folder), *ONE]
    assert main(["split", *words]) == 0
    return words


def history(words: list[str]) -> list[dict]:
    (runs,) = [word.partition("=")[2] for word in words if word.startswith("runs=")]
    path = Path(runs) / "sample/mask/fold0-seed777/history.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_tensorboard_holds_the_history(words: list[str], call: Call) -> None:
    pytest.importorskip("tensorboard", reason="pip install -r requirements-track.txt")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    code, _, err = call("train", *words, "track=tensorboard")
    assert code == 0, err
    (runs,) = [word.partition("=")[2] for word in words if word.startswith("runs=")]
    folder = Path(runs) / "sample/track/tensorboard/mask/fold0-seed777"
    events = EventAccumulator(str(folder)).Reload()
    rows = history(words)
    assert len(rows) == 2
    for key in ("train_loss", "mask.macro_f1", "lr"):
        found = [(event.step, event.value) for event in events.Scalars(key)]
        assert found == [(row["epoch"], pytest.approx(row[key], rel=1e-6)) for row in rows]
    code, _, err = call("train", *words)  # no tracker now: the same cells, still done
    assert code == 0, err


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_the_others_take_the_same_call(
    name: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(name, reason="pip install -r requirements-track.txt")
    from pipeline.config import load_experiment
    from pipeline.experiment.work import Work
    from pipeline.storage import PROJECT, Cell, Runs
    from pipeline.training.trackers import open_track

    for key in ("WANDB_MODE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(key, raising=False)
    overrides = [*words[2:], f"track={name}"]
    settings = load_experiment(words[1], overrides, configs=PROJECT / "configs")
    work = Work(settings=settings, runs=Runs(settings), command=[])
    with open_track(work.settings, work.runs, Cell("mask", 0, 777)) as log:
        for epoch in (1, 2):
            log(epoch, {"train_loss": 0.5 / epoch, "nothing": float("nan"), "word": "x"})
    folder = work.runs.tracked(name)
    if name == "wandb":
        assert list(folder.rglob("offline-run-*/run-*.wandb"))
        return
    (path,) = folder.rglob("metrics/train_loss")
    assert [line.split()[1:] for line in path.read_text().splitlines()] == [
        ["0.5", "1"],
        ["0.25", "2"],
    ]


def test_a_tracker_that_is_not_installed_is_one_sentence_before_anything_starts(
    words: list[str], call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    code, _, err = call("train", *words, f"runs={tmp_path}", "track=wandb")
    assert code == 2
    assert "requirements-track.txt" in err
    code, _, err = call("train", *words, "track=tensorbord")
    assert code == 2
    assert "track" in err
