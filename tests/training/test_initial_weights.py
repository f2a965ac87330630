"""`weights: run:EXPERIMENT/MEMBER`: what another experiment learnt, of the same fold."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pipeline.config import load_experiment
from pipeline.experiment.cells import member_cells
from pipeline.experiment.work import Work
from pipeline.models.checkpoint import load_state
from pipeline.storage import PROJECT, REFIT, Cell, Runs
from pipeline.training.checks import weight_problems
from pipeline.training.initial_weights import start_of
from tests.random_contest import make, people

Call = Callable[..., tuple[int, str, str]]


def second(folder: Path, name: str, *, words: tuple[str, ...] = (), also: str = "") -> list[str]:
    """Words for another experiment on the same contest, in the same runs."""
    text = (folder / "configs/odd.yaml").read_text()
    (folder / f"configs/{name}.yaml").write_text(text + also)
    return ["-c", str(folder / f"configs/{name}.yaml"), *words]


def work_of(words: list[str]) -> Work:
    settings = load_experiment(words[1], words[2:], configs=PROJECT / "configs")
    return Work(settings, Runs(settings), [])


def test_a_cell_starts_from_the_cell_that_held_out_the_same_fold(
    tmp_path: Path, call: Call
) -> None:
    first = make(tmp_path, people("abababab", each=2))
    start = ("members.m.weights=run:odd/m", "members.m.freeze=all", "members.m.refit=true")
    words = second(tmp_path, "then", words=start)
    code, _, err = call("train", *words)
    assert code == 2 and "no experiment 'odd'" in err and "train odd first" in err
    code, _, err = call("train", *first)
    assert code == 0, err
    code, _, err = call("train", *words)
    assert code == 0, err
    work = work_of(words)
    cells = [*member_cells(work.settings, "m"), Cell("m", REFIT, 777)]
    for cell in cells:
        path = tmp_path / f"runs/odd/m/fold{max(cell.fold, 0)}-seed777/weights.safetensors"
        assert start_of(work.settings, work.runs, cell) == path
        theirs, mine = (load_state(file)[0]["network"] for file in (path, work.runs.weights(cell)))
        backbone = [key for key in mine if key.startswith("backbone.") and "running" not in key]
        assert backbone and all(
            torch.equal(theirs[key], mine[key]) for key in backbone if "num" not in key
        )


def test_a_start_that_would_leak_or_is_not_there_is_refused(tmp_path: Path, call: Call) -> None:
    first = make(tmp_path, people("abababab", each=2))
    code, _, err = call("train", *first)
    assert code == 0, err
    for weights, more, says in (
        ("run:odd/m", ("folds.seed=5",), "on other folds, so from people whom this experiment"),
        ("run:odd/x", (), "odd has no member 'x'; it has m"),
        ("run:odd", (), "write run:EXPERIMENT/MEMBER"),
        ("run:then/m", (), "is this experiment itself"),
        ("run:odd/m", ("members.m.backbone=test_resnet",), "are not those of this backbone"),
        ("run:odd/m", ("members.m.seeds=[778]",), None),
    ):
        words = second(tmp_path, "then", words=(f"members.m.weights={weights}", *more))
        work = work_of(words)
        found = list(weight_problems(work.settings, work.runs, "m"))
        if says is None:
            assert found == [], "another seed starts from the first one"
        else:
            ((key, sentence),) = found
            assert key == "weights" and says in sentence


@pytest.mark.parametrize("refit", [False, True])
def test_another_contest_s_member_is_one_start_for_all(
    refit: bool, tmp_path: Path, call: Call
) -> None:
    first = make(tmp_path / "one", people("abababab", each=2))
    shared = f"runs={tmp_path}/runs"
    code, _, err = call("train", *first, shared, f"members.m.refit={str(refit).lower()}")
    assert code == 0, err
    make(tmp_path / "two", people("babababa", each=2))
    words = second(tmp_path / "two", "then", words=("members.m.weights=run:odd/m", shared))
    work = work_of(words)
    starts = {start_of(work.settings, work.runs, cell) for cell in member_cells(work.settings, "m")}
    folder = "refit-seed777" if refit else "fold0-seed777"
    assert starts == {tmp_path / f"runs/odd/m/{folder}/weights.safetensors"}
