"""Every benchmark at its smallest: it runs, and its two ways agree. No test looks at a clock."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.benchmarks.pairs import measure_pairs
from pipeline.stages import benches
from pipeline.stages.benches import Asked, Row, caruana, crop, data, folds, infer, step


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
    cases = tuple(step.Case("tiny", "test_resnet", 32, 4, freeze=freeze) for freeze in (0, 1))
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


def test_the_gpu_column_runs_on_whatever_device_it_is_given(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parts at their smallest on the CPU, where bfloat16 is slow but there."""
    from pipeline.stages.benches import gpu_feed, gpu_infer, gpu_step

    monkeypatch.setattr(gpu_feed, "CASES", (("test_resnet", 32, 8, 64, ""),))
    monkeypatch.setattr(gpu_feed, "WORKERS", (0,))
    for module in (gpu_step, gpu_infer):
        for name, value in {"BACKBONE": "test_resnet", "SIZE": 32, "BATCH": 8}.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(gpu_step, "NUM_STEPS", 2)
    monkeypatch.setattr(gpu_infer, "NUM", 64)
    monkeypatch.setattr(gpu_infer, "WORKERS", 0)
    for module in (gpu_feed, gpu_step, gpu_infer):
        for row in module.run(asked):
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
    ],
)
def test_what_cannot_be_measured_is_said_before_it_starts(
    call: Callable, words: list[str], says: str
) -> None:
    code, _, error = call("bench", *words)
    assert code == 2
    assert says in error


def test_no_gpu_is_a_sentence(call: Callable) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    code, _, error = call("bench", "gpu")
    assert code == 2
    assert "torch sees no GPU here" in error


def test_the_table_and_the_json_say_the_same(call: Callable, tmp_path: Path) -> None:
    import json

    code, printed, _ = call("bench", "folds", "num=1", "repeats=1", f"runs={tmp_path}")
    assert code == 0
    record = json.loads((tmp_path / "bench/folds.json").read_text())
    assert len(record["rows"]) == 4
    rows = [Row(**row) for row in record["rows"]]
    assert benches.table(rows) in printed
    assert record["command"][:3] == ["./run.sh", "bench", "folds"]
    assert record["device"] in printed
