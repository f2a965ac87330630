"""lockbox: people in no fold, table or layer; a leak into OOF does not reach their score."""

import json
import re
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from pipeline.config import load_experiment
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.lockbox import read_lockbox, read_use
from pipeline.experiment.tasks import contest_tasks, targets_of
from pipeline.storage import PROJECT, Runs, write_table
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
MORE = ("folds.num=2", "folds.lockbox=0.25", "tta=[identity]")


@pytest.fixture(scope="module")
def locked(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The words of a trained sample contest of 12 people, 3 of them in the lockbox."""
    from pipeline.__main__ import main

    words = [*tiny("sample", root=contest, folder=tmp_path_factory.mktemp("locked")), *MORE]
    said = StringIO()
    with redirect_stdout(said):
        assert main(["train", "infer", "stack", *words]) == 0
    assert f"./run.sh lockbox {shlex.join(words)} scores them" in said.getvalue()
    assert "each opening is counted" in said.getvalue()
    return words


def runs_of(words: list[str]) -> Runs:
    return Runs(load_experiment("sample", words[2:], configs=PROJECT / "configs"))


def test_nobody_in_it_is_in_any_other_table(locked: list[str]) -> None:
    runs = runs_of(locked)
    held_back, labelled = read_lockbox(runs), read_labelled(runs)
    assert held_back["person_id"].nunique() == 3 and labelled["person_id"].nunique() == 9
    assert not set(held_back["person_id"]) & set(labelled["person_id"])
    ids = set(held_back["image_id"])
    assert len(ids) == 21
    tables = sorted(runs.experiment.rglob("oof*.parquet"))
    assert tables
    for path in tables:
        assert not ids & set(pd.read_parquet(path)["image_id"]), path


def test_a_leak_into_oof_shows_in_oof_and_not_in_the_lockbox(locked: list[str], call: Call) -> None:
    """The truth is planted into what is stored as OOF, as a step that leaks labels would do."""
    runs = runs_of(locked)
    code, out, err = call("lockbox", *locked)
    assert code == 0, err
    assert "lockbox: opened once, 1 experiment (1 recipe) judged on these folds so far" in out
    honest, stacked = json.loads(runs.lockbox_scores.read_text())["scores"]
    assert (honest["source"], stacked["source"]) == ("ensemble", "stack")
    assert honest["lockbox"]["num_images"] == stacked["lockbox"]["num_images"] == 21
    settings = load_experiment("sample", locked[2:], configs=PROJECT / "configs")
    labelled = read_labelled(runs)
    targets = targets_of(contest_tasks(settings), labelled)
    for task in contest_tasks(settings):
        for member in settings.members:
            path = runs.predictions(member, "oof")
            frame = pd.read_parquet(path)
            if not set(task.columns) <= set(frame.columns):
                continue
            truth = pd.Series(targets[task.name], index=labelled["image_id"])
            frame[task.columns] = np.eye(len(task.classes))[truth[frame["image_id"]].astype(int)]
            write_table(path, frame)
    code, out, err = call("lockbox", *locked)
    assert code == 0, err
    leaky = json.loads(runs.lockbox_scores.read_text())["scores"][0]
    assert leaky["oof"]["value"] == pytest.approx(1.0) and honest["oof"]["value"] < 0.9
    assert leaky["lockbox"] == honest["lockbox"]
    assert leaky["lockbox"]["num_people"] == 3
    assert "an interval of fewer than 10 people says nothing" in out
    assert "submission:" not in out, "what was made before is no news"
    assert "lockbox: opened 2 times" in out
    assert read_use(runs).openings == 2
    code, out, err = call("ledger", *locked)
    assert code == 0, err
    assert "lockbox" in out and f"{honest['lockbox']['value']:.4f}" in out
    assert "1 experiment (1 recipe) judged on these folds so far; their lockbox was opened 2" in out


def test_two_experiments_are_paired_on_the_same_people(locked: list[str], call: Call) -> None:
    """Itself, the truth, and a part of the truth: the differences are those of scikit-learn."""
    runs, name = runs_of(locked), locked[1]
    assert call("lockbox", *locked)[0] == 0
    code, out, err = call("lockbox", *locked, f"against={name}")
    assert code == 0, err
    assert f"lockbox: {name} and {name} score the same in every draw" in out
    settings = load_experiment("sample", locked[2:], configs=PROJECT / "configs")
    images = read_lockbox(runs)
    truth = targets_of(contest_tasks(settings), images)
    joint = pd.Series(truth["mask"] * 6 + truth["gender"] * 3 + truth["age"])
    mended = {0: joint, 1: joint.where(joint != joint.mode()[0], joint.min())}
    table = pd.read_parquet(runs.lockbox_answers).query("source == 'ensemble'")
    value = json.loads(runs.lockbox_scores.read_text())["scores"][0]["lockbox"]["value"]
    for number, answers in mended.items():
        other = runs.of_experiment(f"other{number}")
        other.mkdir()
        (other / "config.yaml").write_text(runs.settings.read_text())
        write_table(other / runs.lockbox_answers.name, table.assign(seen0=answers.to_numpy()))
        code, out, err = call("lockbox", *locked, f"against={other.name}")
        assert code == 0, err
        score = f1_score(joint, answers, labels=sorted(joint.unique()), average="macro")
        gain = float(re.search(r"is better than .* by ([0-9.]+),", out).group(1))
        assert gain == pytest.approx(abs(value - score), abs=1e-4)
    code, _, err = call("lockbox", *locked, "against=othr0")
    assert code == 2 and "did you mean 'other0'?" in err


def test_without_a_lockbox_it_says_how_to_have_one(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    code, _, err = call("lockbox", *tiny("sample", root=contest, folder=tmp_path))
    assert code == 2
    assert "folds.lockbox: 0.15" in err and "Traceback" not in err
    assert not (tmp_path / "runs").exists()
