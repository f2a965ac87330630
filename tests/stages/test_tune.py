"""tune on the tiny drawn contest: verdicts that can fail, and a study that goes on."""

import json
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from pipeline.config import Experiment, load_experiment
from pipeline.experiment.lockbox import read_use
from pipeline.experiment.work import Work
from pipeline.storage import PROJECT, Runs, StoppedError
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
QUICK = (
    *("tune.sweep=[1e-4, 1.0, 3]", "tune.sweep_steps=2", "tune.overfit_steps=3"),
    *("tune.grid_lr=[1.0]", "tune.grid_weight_decay=[0.0, 0.1]", "tune.grid_epochs=1"),
)
RANGES = (
    "tune.ranges={members.mask.lr: [1e-4, 1e-2, log], members.mask.batch_size: [16, 32], "
    "members.mask.augment: [[], [{HorizontalFlip: {p: 0.5}}]]}"
)


@pytest.fixture
def words(contest: Path, tmp_path: Path) -> list[str]:
    return [*tiny("sample", root=contest, folder=tmp_path), *QUICK]


def work_of(words: list[str]) -> Work:
    settings = load_experiment("sample", words[2:], configs=PROJECT / "configs")
    return Work(settings=settings, runs=Runs(settings), command=["./run.sh", "tune", *words])


def setup_of(words: list[str]):
    from pipeline.experiment.images_table import read_labelled
    from pipeline.experiment.tasks import member_tasks
    from pipeline.faces.crop_store import open_crops
    from pipeline.features.tuning.sanity_checks import CheckSetup

    work = work_of(words)
    member = work.settings.members["mask"]
    setup = CheckSetup(
        settings=work.settings,
        crops=open_crops(work.runs.crops),
        tasks=member_tasks(work.settings, member),
        train=read_labelled(work.runs),
        device=torch.device("cpu"),
        precision="float32",
        seed=1,
    )
    return setup, member


def test_the_habits_of_the_first_member(words: list[str], tmp_path: Path, call: Call) -> None:
    code, out, err = call("tune", *words)
    assert code == 0, err
    for habit in range(1, 7):
        assert f"tune: habit {habit}, " in out
    run = tmp_path / "runs/sample"
    assert not (run / "mask").exists()  # a trial leaves no cell in the experiment's own folder
    assert not (run / "config.yaml").exists()
    assert not list(run.rglob("weights.safetensors"))
    report = json.loads((run / "tune/mask/report.json").read_text())
    grid = pd.read_csv(run / "tune/mask/grid.csv")
    assert grid["weight_decay"].tolist() == [0.0, 0.1]
    use = read_use(work_of(words).runs)
    assert (use.experiments, use.recipes) == (1, 2)  # each trial was scored on these folds
    best = grid.loc[grid["score"].idxmax()]
    typed = shlex.split(report["command"])
    assert typed[:2] == ["./run.sh", "train"]
    assert f"members.mask.lr={best['lr']:g}" in typed
    assert not any(word.startswith("tune.") for word in typed)
    settings = load_experiment("sample", typed[4:], configs=PROJECT / "configs")
    assert settings.members["mask"].weight_decay == best["weight_decay"]
    assert (run / "tune/mask/sweep.png").stat().st_size > 5_000
    code, out, _ = call("tune", *words)
    assert "nothing to do" in out


def test_a_head_with_an_opinion_gets_a_bad_verdict(words: list[str], call: Call) -> None:
    from pipeline.features.tuning.initial_loss import measure_initial_loss
    from pipeline.features.tuning.verdicts import judge_initial_loss

    assert call("split", *words)[0] == 0
    setup, member = setup_of(words)
    (row,) = measure_initial_loss(setup, member)
    assert row["expected"] == pytest.approx(1.0986, abs=1e-4)
    assert judge_initial_loss(**row).good
    state = setup.fresh(member)
    with torch.no_grad():
        state.network.heads["mask"].bias[2] = 25.0
    (row,) = measure_initial_loss(setup, member, state=state)
    assert row["found"] > 15
    assert not judge_initial_loss(**row).good


def test_images_without_a_label_do_not_count_for_the_expected_loss(
    words: list[str], call: Call
) -> None:
    from dataclasses import replace

    from pipeline.features.tuning.initial_loss import measure_initial_loss

    assert call("split", *words)[0] == 0
    setup, member = setup_of(words)
    partly = setup.train.copy()
    partly.loc[partly.index[::2], "mask"] = None
    (row,) = measure_initial_loss(replace(setup, train=partly), member)
    (whole,) = measure_initial_loss(replace(setup, train=partly.iloc[1::2]), member)
    assert row["expected"] == pytest.approx(1.0986, abs=1e-4)
    assert row["found"] == pytest.approx(whole["found"], abs=0.2)


def test_a_handful_is_learnt_by_heart_unless_the_rate_is_nothing(words: list[str], call: Call):
    from pipeline.features.tuning.sanity_checks import overfit_tiny_subset, sweep_learning_rates

    assert call("split", *words)[0] == 0
    setup, member = setup_of(words)
    able = member.model_copy(update={"lr": 3e-3})
    losses = overfit_tiny_subset(setup, able, goal=0.3, max_steps=60)["losses"]
    assert losses[-1] < 0.3 * losses[0]
    assert len(losses) < 60  # it ends when the goal is reached
    unable = member.model_copy(update={"lr": 1e-9})
    losses = overfit_tiny_subset(setup, unable, goal=0.3, max_steps=5)["losses"]
    assert len(losses) == 5
    assert losses[-1] > 0.9 * losses[0]
    still, wild = sweep_learning_rates(setup, member, rates=[1e-9, 1e9], steps=4)
    assert still[0] == wild[0]  # the same start, the same batch
    assert max(still) < 2 * still[0] < max(wild)


def test_the_sweep_draws_and_mixes_as_the_member_does(
    words: list[str], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.config.member import Mix
    from pipeline.features.tuning import sanity_checks as habits

    assert call("split", *words)[0] == 0
    setup, member = setup_of(words)
    seen = []
    real = habits.CheckSetup.batch

    def batch(self, member, positions, *, seeds):
        seen.append(setup.train["person_id"].iloc[list(positions)].tolist())
        return real(self, member, positions, seeds=seeds)

    monkeypatch.setattr(habits.CheckSetup, "batch", batch)
    monkeypatch.setattr(habits, "_take_steps", lambda setup, member, batches: batches)
    changes = {"images_per_person": 1, "batch_size": 5, "mix": Mix(name="mixup", p=1.0)}
    ((first, *_, last),) = habits.sweep_learning_rates(
        setup, member.model_copy(update=changes), rates=[0.1], steps=4
    )
    assert [len(people) for people in seen] == [5, 5, 2, 5]  # 12 people, then the next epoch
    assert len({*seen[0], *seen[1], *seen[2]}) == 12
    for _, targets in (first, last):
        assert targets["mask"].shape[1] == 3, "mixed classes are shares"


def test_a_trial_whose_loss_is_lost_is_broken_and_the_others_go_on(words: list[str]) -> None:
    from pipeline.features.tuning.trials import run_trial
    from pipeline.stages.registry import make_folds

    def prepare(settings: Experiment, runs: Runs) -> None:
        make_folds(Work(settings=settings, runs=runs, command=[]))

    settings = work_of(words).settings
    device = {"device": torch.device("cpu"), "precision": "float32"}
    for changes, broken in (({"members.mask.lr": 1e30}, True), ({}, False)):
        outcome = run_trial(settings, changes, member="mask", folds=(0,), prepare=prepare, **device)
        assert (outcome.broken is not None) == broken
        assert not broken or "the loss" in outcome.broken


def test_what_only_the_grid_changed_is_not_in_the_study_s_command(capsys) -> None:
    from pipeline.features.tuning.habits import say_untried

    best = {"members.mask.lr": 0.01}
    say_untried(best, {"members.mask.lr": 0.1, "members.mask.weight_decay": 0.05})
    assert "did not have the grid's members.mask.weight_decay=0.05" in capsys.readouterr().out


def test_an_interrupted_study_makes_the_same_trials(
    words: list[str], contest: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    from pipeline.features.tuning import trials

    study = [*words, RANGES, "tune.epochs=1"]
    elsewhere = tiny("sample", root=contest, folder=tmp_path / "whole")
    whole = [*elsewhere, *QUICK, RANGES, "tune.epochs=1"]
    assert call("tune", *whole, "tune.trials=4")[0] == 0

    assert call("tune", *study, "tune.trials=2")[0] == 0
    real, calls = trials.train_cell, []

    def stop(*args, **options):
        calls.append(1)
        raise StoppedError(signal.SIGINT)

    monkeypatch.setattr(trials, "train_cell", stop)
    assert call("tune", *study, "tune.trials=4")[0] == 130
    assert calls
    monkeypatch.setattr(trials, "train_cell", real)
    code, out, err = call("tune", *study, "tune.trials=4")
    assert code == 0, err
    assert "the study goes on after 2 trials" in out
    assert "trial 3 of 4" in out
    assert "trial 2 of 4" not in out
    columns = ["state", "members.mask.lr", "members.mask.batch_size", "members.mask.augment"]
    columns.append("score")
    tables = [
        pd.read_csv(folder / "runs/sample/tune/mask/trials.csv", keep_default_na=False)[columns]
        for folder in (tmp_path, tmp_path / "whole")
    ]
    assert len(tables[0]) == 4
    assert tables[0]["members.mask.lr"].iloc[0] == 0.001  # the settings as they are come first
    assert tables[0]["members.mask.lr"].nunique() == 4
    pd.testing.assert_frame_equal(*tables)


def test_what_cannot_be_varied_is_said_before_anything_is_spent(words, call: Call) -> None:
    pytest.importorskip("optuna")
    for ranges, said in (
        ("{members.age.lr: [1e-4, 1e-2, log]}", "can vary members.mask.* and crop.*"),
        ("{members.mask.lr: [1e-2, 1e-4, log]}", "low must be below high"),
        ("{members.mask.lr: [-1.0, 1.0, linear]}", "greater than 0"),
        ("{members.mask.lrr: [1, 2]}", "not permitted"),
    ):
        code, _, err = call("tune", *words, "tune.trials=2", f"tune.ranges={ranges}")
        assert code == 2
        assert said in err
    code, _, err = call("tune", *words, "tune.ranges={members.mask.lr: [0.1, 0.2]}")
    assert "tune.trials=20" in err
    code, _, err = call("tune", *words, "tune.member=mouth")
    assert "no member 'mouth'" in err


def test_without_optuna_a_sentence_says_what_to_type(words, call: Call, monkeypatch) -> None:
    from pipeline.stages import tune

    monkeypatch.setattr(tune, "find_spec", lambda name: None)
    code, _, err = call("tune", *words, "tune.trials=2")
    assert code == 2
    assert "install -r requirements-tune.txt" in err
    assert "Traceback" not in err
