"""Cells at once, in processes: the same bytes; who fails, dies or is stopped harms no other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from trial_jobs import die, fail, leave_a_file, say_environment, say_threads

from pipeline.config import load_experiment
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job, Outcome, ReadyQueue, attempt, makespan
from pipeline.jobs.process_pool import Slot, run_in_processes
from pipeline.storage import PROJECT, Cell, Runs
from pipeline.training.cell_jobs import cell_needs
from tests.whole_runs import begin_at_training, digests, run_words

Call = Callable[..., tuple[int, str, str]]
SLOTS = [Slot("cpu", 1), Slot("cpu", 1)]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("work")
    words = [f"runs={folder}/runs", "device=cpu", "parallel=2"]
    settings = load_experiment("sample", words, configs=PROJECT / "configs")
    return Work(settings, Runs(settings), ["./run.sh", "train"])


def job(name: str, *needs: str) -> Job:
    return Job(name, print, needs=needs)


def test_jobs_wait_for_what_they_need() -> None:
    line = ReadyQueue([job("refit", "fold0", "fold1", "done long ago"), job("fold0"), job("fold1")])
    assert [line.take().name, line.take().name] == ["fold0", "fold1"]
    assert line.take() is None
    list(line.give_back(Outcome("fold0")))
    assert line.take() is None
    list(line.give_back(Outcome("fold1")))
    assert line.take().name == "refit"
    assert line.take() is None and not len(line)


def test_what_needs_a_failed_job_is_said_not_to_start() -> None:
    line = ReadyQueue([job("a"), job("b", "a"), job("c", "b"), job("d")])
    line.take()
    ended = list(line.give_back(Outcome("a", failed="broken")))
    assert [(o.job, o.failed) for o in ended] == [
        ("a", "broken"),
        ("b", "it needs a"),
        ("c", "it needs b"),
    ]
    assert line.take().name == "d"


def test_makespan_counted_by_hand() -> None:
    seconds = {"a": 3.0, "b": 2.0, "c": 4.0, "refit": 1.0}
    needs = {"refit": ("a", "b")}
    assert makespan(seconds, needs, slots=1) == 10.0
    assert makespan(seconds, needs, slots=2) == 6.0  # a and b, c from 2 to 6, refit from 3 to 4
    assert makespan(seconds, {}, slots=9) == 4.0
    assert makespan({}, {}, slots=2) == 0.0


def test_the_last_job_is_alone_on_its_machine() -> None:
    """Of six seconds four are beside the other job; the two that are left take half of that."""
    assert makespan({"a": 4.0, "b": 6.0}, {}, slots=2, alone=0.5) == 5.0
    assert makespan({"a": 4.0, "b": 6.0}, {}, slots=1, alone=0.5) == 10.0  # always alone


def test_an_unknown_error_is_an_outcome_with_its_traceback(work: Work) -> None:
    outcome = attempt(work, Job("x", fail), quiet=True)
    assert outcome.failed == "ZeroDivisionError: by nothing"
    assert "raise ZeroDivisionError" in outcome.trace


def test_a_failure_and_a_dead_process_take_nobody_along(work: Work, tmp_path: Path) -> None:
    jobs = [
        Job("fails", fail),
        Job("dies", die),
        *(Job(f"{n}", leave_a_file, {"path": tmp_path / f"{n}"}) for n in range(3)),
        Job("late", leave_a_file, {"path": tmp_path / "late"}, needs=("2",)),
        Job("never", leave_a_file, {"path": tmp_path / "never"}, needs=("dies",)),
        Job("environment", say_environment),
    ]
    outcomes = {o.job: o for o in run_in_processes(work, jobs, slots=SLOTS) if o is not None}
    assert set(outcomes) == {job.name for job in jobs}
    assert outcomes["fails"].failed == "ZeroDivisionError: by nothing"
    assert "killed (SIGKILL" in outcomes["dies"].failed and "memory" in outcomes["dies"].failed
    assert outcomes["never"].failed == "it needs dies"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "late"]
    assert outcomes["0"].said == "left one\n"
    assert outcomes["0"].facts != os.getpid()
    assert outcomes["environment"].facts == [1, True, "1"]


def test_no_process_is_left_when_the_caller_ends(work: Work, tmp_path: Path) -> None:
    jobs = [Job("slow", leave_a_file, {"path": tmp_path / "slow", "seconds": 300.0})]
    jobs += [Job("quick", leave_a_file, {"path": tmp_path / "quick"})]
    running = run_in_processes(work, jobs, slots=SLOTS)
    outcome = next(o for o in running if o is not None)
    assert outcome.job == "quick"
    started = time.monotonic()
    running.close()
    assert time.monotonic() - started < 15
    assert not (tmp_path / "slow").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(outcome.facts, 0)


def test_a_refit_needs_its_own_seed_s_folds(work: Work) -> None:
    settings = load_experiment(
        "sample", ["members.age.refit=true", "members.age.seeds=[1,2]"], configs=PROJECT / "configs"
    )
    assert cell_needs(settings, Cell("age", -1, 2)) == [Cell("age", f, 2) for f in range(3)]
    assert cell_needs(settings, Cell("age", 0, 2)) == []


def test_a_process_beside_others_on_a_gpu_takes_its_share_of_the_cores(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORCHINDUCTOR_COMPILE_THREADS", raising=False)
    jobs = [Job("threads", say_threads)]
    (outcome,) = [o for o in run_in_processes(work, jobs, slots=[Slot("cuda:0", 2)]) if o]
    assert outcome.facts == [2, 2, "2", "2"]


def test_several_at_once_give_the_same_bytes_as_one_after_another(
    contest: Path, tmp_path: Path, plain: Path, call: Call
) -> None:
    begin_at_training(plain, tmp_path)
    words = run_words(contest, tmp_path, "parallel=2")
    code, out, err = call("train", "infer", *words)
    assert code == 0, err
    assert "train: 2 cells at once (on the CPU, 1 thread each)" in out
    one, two = digests(plain / "runs"), digests(tmp_path / "runs")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []
    answers = "submissions/sample.csv"
    assert (plain / answers).read_bytes() == (tmp_path / answers).read_bytes()


@pytest.mark.parametrize("parallel", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_failed_cell_is_named_and_the_others_are_done(
    parallel: int, contest: Path, tmp_path: Path, plain: Path, call: Call
) -> None:
    begin_at_training(plain, tmp_path)
    words = run_words(contest, tmp_path, f"parallel={parallel}", "members.age.lr=1e38")
    code, _, err = call("train", *words)
    assert code == 2
    cells = tmp_path / "runs/sample"
    assert (cells / "mask/fold1-seed777/done.json").exists()
    assert not (cells / "age/fold0-seed777/done.json").exists()
    assert "error: age/fold0-seed777: " in err
    assert "age/refit-seed777: it needs age/fold" in err
    assert "3 of 7 failed; the others are done and kept" in err
    assert "this does the rest: ./run.sh train -c sample" in err


def test_stopped_in_the_middle_no_process_stays_and_the_work_goes_on(
    contest: Path, tmp_path: Path, plain: Path
) -> None:
    begin_at_training(plain, tmp_path)
    words = run_words(contest, tmp_path, "parallel=2")
    words += [f"members.{name}.epochs=400" for name in ("mask", "gender", "age")]
    log = tmp_path / "log"
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "train", *words],
            cwd=PROJECT,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    cell = tmp_path / "runs/sample/mask/fold0-seed777"
    deadline = time.monotonic() + 200
    while not (cell / "history.jsonl").exists():
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does: the children get it too
    assert process.wait(timeout=200) == 130, log.read_text()
    assert "the same command goes on" in log.read_text()
    assert "Traceback" not in log.read_text()
    for _ in range(600):  # Python's own tracker of resources ends a moment after its parent
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("a process of the stopped run is left")
    assert "leaked" not in log.read_text()
    assert not list(cell.glob(".*tmp*"))
