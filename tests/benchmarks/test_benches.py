"""Every benchmark at its smallest: it runs, and its two ways agree. No test looks at a clock."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from benchmarks import caruana, cells, crop, data, folds, gpu, infer, sizes, step
from benchmarks.__main__ import main
from benchmarks.contest import repeat_contest
from benchmarks.estimate import estimate_contest
from benchmarks.harness import Asked, Row, table
from benchmarks.peers.pairs import measure_pairs
from pipeline.labels.layouts.pstage import read_pstage


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`./run.sh bench` as a function of words: its exit code, what it printed, and its errors."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return Asked(folder=tmp_path_factory.mktemp("bench"), num=8, repeats=1)


def check(row: Row) -> None:
    assert row.ours > 0
    assert row.peer > 0
    assert row.low <= row.ratio <= row.high


def test_crop_finds_the_faces_that_the_peer_finds(asked: Asked) -> None:
    (row,) = crop.run(asked)
    check(row)
    assert row.facts == {"same_found": 1.0, "iou_09": 1.0}


def test_data_gives_inputs_of_the_peers_mean_and_spread(asked: Asked) -> None:
    (row,) = data.run(Asked(folder=asked.folder, num=8, repeats=8))
    check(row)
    assert row.facts["ours"] == pytest.approx(row.facts["peer"], abs=0.12)


def test_step_learns_what_the_peer_learns(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = tuple(sizes.Size("test_resnet", 32, 4, 12, freeze=freeze) for freeze in (0, 1))
    monkeypatch.setattr(step, "CASES", cases)
    for row in step.run(asked):
        check(row)
        ours, peer = row.facts["losses"]
        assert ours == pytest.approx(peer, rel=1e-4)


def test_infer_answers_what_the_peer_answers(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "BACKBONE", "test_resnet")
    monkeypatch.setattr(infer, "SIZE", 32)
    frozen, free = infer.run(asked)
    for row in (frozen, free):
        check(row)
        assert row.facts["apart"] < 0.02


def test_folds_are_never_less_even_than_the_peers(asked: Asked) -> None:
    rows = folds.run(Asked(folder=asked.folder, num=1, repeats=1))
    assert len(rows) == 4
    for row in rows:
        cells = np.array(row.facts["worst_cells"])
        assert (cells[:, 0] <= cells[:, 1] + 1e-9).all()
        assert row.agree.endswith(" 0 people cross")


def test_caruana_says_when_its_peer_cannot_be_had(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caruana, "peer_python", lambda folder: "no network")
    (row,) = caruana.run(asked)
    assert row.ratio is None
    assert row.agree == "left out: no network"


@pytest.mark.parametrize("part", ["data", "step", "infer"])  # the others: below
def test_a_part_of_the_gpu_column_runs_on_the_cpu(asked: Asked, part: str) -> None:
    """At its smallest, where bfloat16 is slow but there: all of it but the device."""
    rows = list(import_module(f"benchmarks.{part}").run(replace(asked, gpu_column=True)))
    assert rows
    for row in rows:
        assert row.ours > 0
        assert row.ratio is None or row.low <= row.ratio <= row.high
    if part == "step":
        ours, peer = rows[0].facts["losses"]
        assert ours == pytest.approx(peer, rel=0.02)


@pytest.mark.slow
def test_the_whole_gpu_column_on_the_cpu(bench: Callable, tmp_path: Path) -> None:
    code, said, error = bench("gpu", "device=cpu", "repeats=1", f"runs={tmp_path}")
    assert code == 0, error
    record = json.loads((tmp_path / "bench/gpu.json").read_text())
    whole = record["rows"][-1]
    assert whole["name"] == "a whole contest: an ESTIMATE"
    assert whole["ours"] * 60 == pytest.approx(sum(whole["facts"]["seconds"].values()))
    assert {row["name"].split(",")[0] for row in record["rows"]} > {"crop", "2 cells at once"}
    assert "epochs a member fit into 15 minutes" in said


@pytest.mark.slow
def test_a_whole_contest_on_the_cpu(bench: Callable, contest: Path, tmp_path: Path) -> None:
    words = ["device=cpu", f"root={contest}", "num=140", f"runs={tmp_path}"]
    code, _, error = bench("contest", *words)
    assert code == 0, error
    (row,) = json.loads((tmp_path / "bench/contest.json").read_text())["rows"]
    assert row["sizes"].startswith("84 + 56 images")
    assert {"crop", "train", "infer", "ensemble"} <= row["facts"]["ends"].keys()
    assert "plan said ?" not in row["agree"]
    assert not (tmp_path / "bench/contest").exists()


def test_a_contest_is_repeated_under_other_names(contest: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    repeat_contest(contest, root, num_train=7 * 30, num_test=50)  # of 12 people and 21 images
    frame = read_pstage(root)
    assert (frame["status"] == "ok").all()
    train = frame[frame["part"] == "train"]
    assert len(train) == 210 and train["person_id"].nunique() == 30
    assert len(frame) == 260 and frame["image_id"].is_unique
    source = read_pstage(contest)
    known = source.loc[source["status"] == "ok", "gender"].value_counts(normalize=True)
    assert known["male"] == pytest.approx((train["gender"] == "male").mean(), abs=0.1)
    with pytest.raises(ValueError, match="has no train/train"):
        repeat_contest(tmp_path, root, num_train=7, num_test=1)


def test_a_part_that_fails_or_lasts_too_long_takes_no_other_along(asked: Asked) -> None:
    rows = list(gpu._guarded("nowhere", asked, seconds=60.0))
    assert [row.failed for row in rows] == [True]
    assert "ModuleNotFoundError" in rows[0].agree
    rows = list(gpu._guarded("rest", asked, seconds=0.1))
    assert [row.agree for row in rows] == ["failed: its 0 seconds were over"]


def test_a_benchmark_that_fails_is_told_at_the_end_and_the_others_are_kept(
    bench: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(asked: Asked) -> list[Row]:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(step, "run", fail)
    words = ["bench", "step", "folds", "num=1", "repeats=1", "device=cpu", f"runs={tmp_path}"]
    code, _, error = bench(*words[1:])
    assert code == 2 and "bench: step: failed: RuntimeError: CUDA out of memory" in error
    rows = json.loads((tmp_path / "bench/step-folds.json").read_text())["rows"]
    assert [row["failed"] for row in rows] == [True, False, False, False, False]
    assert "of a GPU" not in (tmp_path / "bench/step-folds.md").read_text(), "these are CPU's own"


def test_an_estimate_is_the_sum_of_its_parts() -> None:
    given = {"crop": 100.0, "train": 1000.0, "infer": 50.0, "start": 10.0, "header": 1e-4}
    given |= {"table": 1e-3, "save": 0.5}
    rows = [
        Row(name=part, unit="", ours=value, facts={"estimate": part, "passes": 20})
        for part, value in given.items()
    ]
    found = estimate_contest(rows)
    epoch = 18_900 * 4 / 1000 + 18_900 / 1000 + 5 * 0.5
    parts = {
        "index": 31_500 * 1e-4,
        "crop": 315.0,
        "train": 24 * epoch,  # 10, 4 and 10 epochs
        "infer": 3 * 2 * (18_900 + 5 * 12_600) / 1000,
        "rest": 3 * 10.0 + 31.5,
    }
    assert found.facts["seconds"] == pytest.approx(parts)
    assert found.ours == pytest.approx(sum(parts.values()) / 60)
    assert estimate_contest(rows[1:]).agree == "no estimate without crop"


@pytest.mark.slow
def test_cells_at_once_are_timed(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CASES", (sizes.TINY,))
    (row,) = cells.run(asked)
    check(row)


def test_pairs_take_turns_and_the_ratio_is_the_peers_time_over_ours() -> None:
    order: list[str] = []

    def way(name: str) -> Callable[[int], int]:
        return lambda part: order.append(f"{name}{part}") or part

    pairs, answers = measure_pairs(way("ours"), way("peer"), [0, 1, 2])
    assert order == ["ours0", "peer0", "peer1", "ours1", "ours2", "peer2"]
    assert answers == [(0, 0), (1, 1), (2, 2)]
    known = type(pairs)(ours=(1.0, 2.0, 4.0), peer=(3.0, 8.0, 8.0))
    assert known.rates(8) == {"ours": 4.0, "peer": 1.0, "ratio": 3.0, "low": 2.0, "high": 4.0}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["cropp"], "no benchmark 'cropp'; there are crop, data"),
        (["crop", "repeats=0"], "repeats=0 must be a whole number above 0"),
        (["crop", "root=/nowhere"], "root=/nowhere is no folder"),
        (["crop", "clock=sun"], "clock=sun; allowed: wall, cpu"),
        (["gpu", "device=tpu"], "device=tpu; allowed: cuda, cpu"),
    ],
)
def test_what_cannot_be_measured_is_said_before_it_starts(
    bench: Callable, words: list[str], says: str
) -> None:
    code, _, error = bench(*words)
    assert code == 2
    assert says in error


def test_no_gpu_is_a_sentence(bench: Callable) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    code, _, error = bench("gpu")
    assert code == 2
    assert "torch sees no GPU here" in error


def test_the_table_and_the_json_say_the_same(bench: Callable, tmp_path: Path) -> None:
    code, printed, _ = bench("folds", "num=1", "repeats=1", f"runs={tmp_path}")
    assert code == 0
    record = json.loads((tmp_path / "bench/folds.json").read_text())
    assert len(record["rows"]) == 4
    rows = [Row(**row) for row in record["rows"]]
    assert table(rows) in printed
    assert record["command"][:3] == ["./run.sh", "bench", "folds"]
    assert record["device"] in printed
