"""Jobs on a real Ray cluster of two machines (processes here); one is killed: the same bytes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.config import load_experiment
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job
from pipeline.jobs.ray_worker import TaskPayload, do_job
from pipeline.storage import PROJECT, Runs
from tests.whole_runs import digests, run_words

ray = pytest.importorskip("ray", reason="no ray here: pip install -r requirements-cluster.txt")
Call = Callable[..., tuple[int, str, str]]
STORE = 80_000_000  # bytes, the least that Ray takes


@pytest.fixture
def cluster() -> Iterator:
    """A head with one CPU, to which machines can be added."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE}
    made = Cluster(initialize_head=True, head_node_args=head)
    yield made
    made.shutdown()


def test_one_machine_killed_in_the_middle_the_work_completes_with_the_same_bytes(
    cluster, contest: Path, tmp_path: Path, plain: Path
) -> None:
    second = cluster.add_node(num_cpus=1, object_store_memory=STORE)
    words = run_words(contest, tmp_path, f"cluster={cluster.address}", "cluster_folders=own")
    log = tmp_path / "log"
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "crop", "train", "infer", *words],
            cwd=PROJECT,
            stdout=file,
            stderr=file,
        )
    runs = tmp_path / "runs/sample"
    try:
        deadline = time.monotonic() + 600
        while not list(runs.glob("*/fold*/done.json")):  # in the middle of train
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        assert not (runs / "age/refit-seed777/done.json").exists()
        cluster.remove_node(second, allow_graceful=False)
        assert process.wait(timeout=600) == 0, log.read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert "cluster: 2 machines, 2 CPUs, 0 GPUs" in log.read_text()
    one, other = digests(plain / "runs"), digests(tmp_path / "runs")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    answers = "submissions/sample.csv"
    assert (plain / answers).read_bytes() == (tmp_path / answers).read_bytes()
    assert not list((tmp_path / "runs").glob(".cluster-*"))


SHARDS_OF_16 = """
import sys
from pipeline.preprocessing import crop_images as crop
crop.SHARD, crop.WORTH = 16, 1
from pipeline.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_shared_folders_and_many_crop_shards_on_two_machines_give_the_same_bytes(
    cluster, contest: Path, tmp_path: Path, plain: Path
) -> None:
    cluster.add_node(num_cpus=1, object_store_memory=STORE)
    shared = [f"cluster={cluster.address}", "cluster_folders=shared"]
    found = []
    for name, stages, more in (
        ("here", ["crop"], []),
        ("there", ["crop", "train", "infer"], shared),
    ):
        words = run_words(contest, tmp_path / name, *more)
        words = [sys.executable, "-c", SHARDS_OF_16, *stages, *words]
        done = subprocess.run(
            words, check=False, cwd=PROJECT, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        found.append(digests(tmp_path / name / "runs"))
    assert "cluster: 2 machines, 2 CPUs" in done.stdout
    here, there = found
    assert {name: there[name] for name in here} == here  # images, faces and crops of 7 shards
    one = digests(plain / "runs")
    assert one.keys() == there.keys()
    apart = [name for name in one if one[name] != there[name]]
    assert [Path(name).name for name in apart] in ([], ["faces.parquet"])  # boxes' last digits
    answers = "submissions/sample.csv"
    assert (plain / answers).read_bytes() == (tmp_path / "there" / answers).read_bytes()


def test_a_cluster_that_is_not_there_is_named_before_anything_starts(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    code, _, err = call("train", *run_words(contest, tmp_path, "cluster=auto"))
    assert code == 2
    assert "no Ray cluster answers at 'auto'" in err and "ray start --head" in err
    assert not (tmp_path / "runs").exists()


def test_a_machine_without_the_images_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACES_OF_TESTS", str(tmp_path / "driver"))
    words = ["root=$FACES_OF_TESTS", f"runs={tmp_path}/runs"]
    settings = load_experiment("sample", words, configs=PROJECT / "configs")
    work = Work(settings, Runs(settings), [])
    assert work.runs.root == tmp_path / "driver"
    monkeypatch.setenv("FACES_OF_TESTS", str(tmp_path / "node"))  # another machine's own place
    job = Job("faces", print, reads=(work.runs.root,))
    payload = TaskPayload(runs=work.runs.folder, files=(), token=tmp_path, folders="shared")
    outcome, files = do_job(work, job, payload)
    assert f"has no folder {tmp_path / 'node'}" in outcome.failed and files == []
    (tmp_path / "node").mkdir()
    assert do_job(work, job, payload)[0].failed is None


def test_artefacts_move_below_another_folder(tmp_path: Path) -> None:
    settings = load_experiment("sample", [f"runs={tmp_path}/a"], configs=PROJECT / "configs")
    runs = Runs(settings)
    moved = runs.moved(tmp_path / "b")
    assert moved.crops == tmp_path / "b" / runs.crops.relative_to(tmp_path / "a")
    assert moved.experiment == tmp_path / "b/sample"
    assert moved.root == runs.root and moved.submission == runs.submission
