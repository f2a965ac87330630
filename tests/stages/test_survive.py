"""Killed at any moment and started again: the same bytes as a run that was never killed (CPU)."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.runs import PROJECT
from tests.conftest import tiny


def start(words: list[str], log: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "pipeline", "crop", "train", "infer", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with open(log, "ab") as file:
        return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=file, stderr=file)


def words_for(contest: Path, folder: Path) -> list[str]:
    """Two members' cells of three epochs each, so that there is a middle to be killed in."""
    small = ["defaults.epochs=3", "members.mask.epochs=3", "folds.num=2", "members.age.ema=0.9"]
    return [*tiny("sample", root=contest, folder=folder), *small]


def wait_for(path: Path, process: subprocess.Popen, *, lines: int) -> None:
    deadline = time.monotonic() + 300
    while not (path.exists() and len(path.read_text().splitlines()) >= lines):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.01)


@pytest.mark.parametrize(("cell", "epochs"), [("mask/fold1-seed777", 2), ("age/fold0-seed777", 1)])
def test_killed_in_a_fold_and_started_again_gives_the_same_bytes(
    cell: str, epochs: int, contest: Path, tmp_path: Path, whole_run: Path
) -> None:
    words, log = words_for(contest, tmp_path), tmp_path / "log"
    process = start(words, log)
    history = tmp_path / "runs/sample" / cell / "history.jsonl"
    wait_for(history, process, lines=epochs)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "submissions/sample.csv").exists()
    again = start(words, log)
    assert again.wait(timeout=600) == 0, log.read_text()
    for path in ("submissions/sample.csv", "runs/sample/scores.csv"):
        assert (tmp_path / path).read_bytes() == (whole_run / path).read_bytes(), path


@pytest.fixture(scope="module")
def whole_run(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same run, never killed."""
    folder = tmp_path_factory.mktemp("whole")
    process = start(words_for(contest, folder), folder / "log")
    assert process.wait(timeout=600) == 0, (folder / "log").read_text()
    return folder


def test_sigterm_says_how_to_go_on(contest: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(words_for(contest, tmp_path), log)
    wait_for(tmp_path / "runs/sample/mask/fold0-seed777/history.jsonl", process, lines=1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143
    assert "the same command goes on" in log.read_text()
    assert "Traceback" not in log.read_text()
