from pathlib import Path

import pandas as pd
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.experiment.build import fresh_state
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import prediction_frame
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.work import Work
from pipeline.storage import PROJECT, REFIT, Cell, Runs
from pipeline.training.checkpointing import restore_checkpoint, save_checkpoint
from tests.conftest import tiny

CELL = Cell("age", 0, 777)


def work_in(folder: Path) -> Work:
    overrides = tiny("sample", root=folder, folder=folder)[2:]
    settings = load_experiment("sample", overrides, configs=PROJECT / "configs")
    return Work(settings=settings, runs=Runs(settings), command=[])


def test_a_checkpoint_goes_on_in_another_precision(tmp_path: Path) -> None:
    """Another machine's GPU computes in float16, which needs a scaler, where the first did not."""
    work = work_in(tmp_path)
    member = work.settings.members["age"]
    fresh = {"seed": 0, "device": torch.device("cpu")}
    tasks = member_tasks(work.settings, member)
    state = fresh_state(member, tasks, precision="bfloat16", **fresh)
    state.best_weights, state.best_logits = {"x": torch.ones(1)}, {"age": torch.zeros(1, 3)}
    state.history = [{"epoch": 1, "score": 0.5}]
    save_checkpoint(work.settings, work.runs, CELL, state)
    for precision in ("float16", "bfloat16"):
        state = fresh_state(member, tasks, precision=precision, **fresh)
        restore_checkpoint(work.settings, work.runs, CELL, state)
        assert state.history == [{"epoch": 1, "score": 0.5}]
        save_checkpoint(work.settings, work.runs, CELL, state)


def test_a_cell_that_holds_nobody_out_goes_on(tmp_path: Path) -> None:
    work, cell = work_in(tmp_path), Cell("age", REFIT, 777)
    member = work.settings.members["age"]
    how = {"seed": 0, "device": torch.device("cpu"), "precision": "float32"}
    state = fresh_state(member, member_tasks(work.settings, member), **how)
    state.best_weights, state.history = state.network.state_dict(), [{"epoch": 1, "score": 0.0}]
    save_checkpoint(work.settings, work.runs, cell, state)
    state = fresh_state(member, member_tasks(work.settings, member), **how)
    restore_checkpoint(work.settings, work.runs, cell, state)
    assert state.history == [{"epoch": 1, "score": 0.0}] and state.best_logits is None


@pytest.mark.parametrize(
    ("lost", "said"), [(1, "b is not a finite number"), (3, "b and 2 others is not")]
)
def test_an_answer_that_is_no_number_is_named(lost: int, said: str, tmp_path: Path) -> None:
    settings = work_in(tmp_path).settings
    logits = torch.zeros(5, 3)
    logits[1 : 1 + lost] = torch.nan
    member = member_context(settings, "age")
    with pytest.raises(ValueError, match=f"of age for {said}"):
        prediction_frame(
            pd.Series(list("abcde")), CELL, view="identity", logits={"age": logits}, member=member
        )
