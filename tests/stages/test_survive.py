"""Killed at any moment and started again: the same bytes as a run that was never killed (CPU)."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from pipeline.storage import PROJECT
from pipeline.storage.digests import file_sha256
from tests.conftest import tiny
from tests.kill_runs import ENVIRONMENT, kill_runs, moments

FILES = (
    *("submissions/sample.csv", "runs/sample/scores.csv", "runs/sample/mask/test.parquet"),
    *("submissions/sample-stack.csv", "runs/sample/stack.csv", "runs/sample/stack.json"),
    "runs/sample/stack_oof.parquet",
)
# one write of every stage, in the order in which they come: NAME:K is the K-th of that name
WRITES = (
    *("images.parquet:1", "faces.parquet:1", "crops.npy:1", "folds.csv:1", "balance.json:1"),
    *("checkpoint.safetensors:1", "checkpoint.safetensors:2", "weights.safetensors:2"),
    *("oof.parquet:1", "done.json:2", "history.jsonl:3", "scores.csv:1", "oof_views.parquet:1"),
    *("test_views.parquet:2", "test.parquet:1", "sample.csv:1", "sample.json:1", "ledger.csv:1"),
    *("stack.csv:1", "stack_oof.parquet:1", "stack.json:1", "sample-stack.csv:1"),
    "sample-stack.json:1",
)


def words_for(contest: Path, *more: str) -> list[str]:
    """A run of seconds with a middle to be killed in: two epochs, averaged weights, two folds."""
    places = ("runs=", "submissions=")
    words = tiny("sample", root=contest, folder=Path())
    words = [word for word in words if not word.startswith(places)]
    small = ["defaults.epochs=2", "members.mask.epochs=2", "folds.num=2", "members.age.ema=0.9"]
    return ["crop", "train", "infer", "stack", *words, *small, *more]


def kill_and_compare(
    folder: Path, words: list[str], chains: Sequence[Sequence[float | str]]
) -> list[int]:
    """Each chain of kills ends in the bytes of the run that was never killed; the exit codes of
    what was killed within a write."""
    folders = [folder / f"run{number}" for number in range(len(chains) + 1)]
    done = kill_runs(folder, folders, words=words, chains=chains)
    assert None not in done["notes"], f"not every write came: {done['notes']}"
    for number, code in enumerate(done["codes"], start=1):
        log = folders[number] / "log"
        assert code == 0, log.read_text()
        for file in FILES:
            found, wanted = (part / file for part in (folders[number], folders[0]))
            assert found.read_bytes() == wanted.read_bytes(), f"{file} after {chains[number - 1]}"
        left = [path for path in folders[number].rglob(".*.tmp*")]
        assert not left, f"left behind: {left}"
        answers = [folders[number] / file for file in FILES if file.startswith("submissions/")]
        recorded = pd.read_csv(folders[number] / "submissions/ledger.csv")["sha256"].tolist()
        assert sorted(recorded) == sorted({file_sha256(path) for path in answers}), "each once"
    return done["notes"]


def test_killed_four_times_in_a_row_it_ends_in_the_same_bytes(
    contest: Path, tmp_path: Path
) -> None:
    within = ["checkpoint.safetensors:2", "sample-stack.csv:1"]
    writes = [0.13, 0.21, 0.17, 0.23]  # of each child, no clock: a busy machine hits them too
    codes = kill_and_compare(tmp_path, words_for(contest), [writes, within])
    assert codes == [-signal.SIGKILL] * 2


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("workers=2",)], ids=["plain", "w2"])
def test_killed_within_a_write_of_every_stage(
    more: tuple[str, ...], contest: Path, tmp_path: Path
) -> None:
    codes = kill_and_compare(tmp_path, words_for(contest, *more), [WRITES])
    assert codes == [-signal.SIGKILL] * len(WRITES)


@pytest.mark.slow
def test_one_of_two_cells_killed_within_its_checkpoint_is_named_and_made_up_for(
    contest: Path, tmp_path: Path
) -> None:
    chain = ["checkpoint.safetensors:1"]
    codes = kill_and_compare(tmp_path, words_for(contest, "parallel=2"), [chain])
    assert codes == [2], "the run itself lives, and says what failed"
    said = (tmp_path / "run1/log").read_text()
    assert "its process was killed (SIGKILL" in said
    assert "of 6 failed; the others are done and kept" in said


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("workers=2",), ("parallel=2",)], ids=["plain", "w2", "p2"])
def test_killed_at_twenty_moments_it_ends_in_the_same_bytes(
    more: tuple[str, ...], contest: Path, tmp_path: Path
) -> None:
    every = moments(20, seed=20)
    chains = [every[start::5] for start in range(5)]
    kill_and_compare(tmp_path, words_for(contest, *more), chains)


@pytest.mark.slow
def test_workers_and_cells_at_once_change_no_byte(contest: Path, tmp_path: Path) -> None:
    plain, *others = [tmp_path / name for name in ("plain", "workers", "parallel")]
    for folder, more in zip((plain, *others), ((), ("workers=2",), ("parallel=2",)), strict=True):
        process = start(words_for(contest, *more), folder)
        assert process.wait(timeout=600) == 0, (folder / "log").read_text()
    for folder in others:
        for file in FILES:
            assert (folder / file).read_bytes() == (plain / file).read_bytes(), f"{folder} {file}"


def start(words: list[str], folder: Path) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    places = [f"runs={folder}/runs", f"submissions={folder}/submissions"]
    command = [sys.executable, "-m", "pipeline", *words, *places]
    with open(folder / "log", "ab") as file:
        return subprocess.Popen(command, cwd=PROJECT, env=ENVIRONMENT, stdout=file, stderr=file)


def wait_for(path: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 300
    while not path.exists():
        assert process.poll() is None, "the run ended before it could be stopped"
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.01)


def test_a_signal_stops_it_with_what_is_done_and_what_to_type(
    contest: Path, tmp_path: Path
) -> None:
    words = words_for(contest, "defaults.epochs=9", "members.mask.epochs=9", "crop.faces=centre")
    checkpoint = tmp_path / "runs/sample/mask/fold0-seed777/checkpoint.safetensors"
    process = start(words, tmp_path)
    wait_for(checkpoint, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143
    said = (tmp_path / "log").read_text()
    assert (
        "stopped; what is finished is kept: draw, index, crop, split, mask/fold0-seed777 up to"
        in said
    )
    assert "the same command goes on from there: ./run.sh crop train infer stack -c sample" in said
    assert "Traceback" not in said
    assert not list(tmp_path.rglob(".*.tmp*"))


@pytest.mark.slow
def test_killed_within_a_cached_trunk(contest: Path, tmp_path: Path) -> None:
    own = ["members.age.freeze=2", "members.age.trunk={variants: 2}", "members.age.epochs=2"]
    within = ["variant0-00000000.npy:1", "variant2-00000000.npy:1", "checkpoint.safetensors:1"]
    codes = kill_and_compare(tmp_path, words_for(contest, *own), [within])
    assert codes == [-signal.SIGKILL] * 3
    kept = {}
    for run in ("run0", "run1"):
        paths = (tmp_path / run).glob("runs/sample/cache/trunk-*/*.npy")
        kept[run] = {path.name: path.read_bytes() for path in paths}
    assert len(kept["run0"]) == 3
    assert kept["run1"] == kept["run0"]
