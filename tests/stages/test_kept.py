from pathlib import Path

import torch

from pipeline.config import load_experiment
from pipeline.runs import PROJECT, Cell, Runs
from pipeline.stages import Work
from pipeline.stages.members import member_tasks
from pipeline.stages.training.kept import restore_checkpoint, save_checkpoint
from pipeline.stages.training.recipes import fresh_state
from tests.conftest import tiny

CELL = Cell("age", 0, 777)


def test_a_checkpoint_goes_on_in_another_precision(tmp_path: Path) -> None:
    """Another machine's GPU computes in float16, which needs a scaler, where the first did not."""
    overrides = tiny("sample", root=tmp_path, folder=tmp_path)[2:]
    settings = load_experiment("sample", overrides, configs=PROJECT / "configs")
    work = Work(settings=settings, runs=Runs(settings), command=[])
    member = settings.members["age"]
    fresh = {"seed": 0, "device": torch.device("cpu")}
    tasks = member_tasks(settings, member)
    state = fresh_state(member, tasks, precision="bfloat16", **fresh)
    state.best_weights, state.best_logits = {"x": torch.ones(1)}, {"age": torch.zeros(1, 3)}
    state.history = [{"epoch": 1, "score": 0.5}]
    save_checkpoint(work, CELL, state)
    for precision in ("float16", "bfloat16"):
        state = fresh_state(member, tasks, precision=precision, **fresh)
        restore_checkpoint(work, CELL, state)
        assert state.history == [{"epoch": 1, "score": 0.5}]
        save_checkpoint(work, CELL, state)
