"""Fitted heads on a frozen backbone, from the images to the submission, as all members go."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("head", ["ridge", "logistic", "kernel_ridge"])
def test_a_fitted_member_answers_as_it_was_fitted(
    head: str, contest: Path, tmp_path: Path, call: Call
) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    words += [f"members.age.head={head}", f"members.mask.head={head}"]
    words += ["members.age.refit=true", "tta=[identity]"]
    code, _, error = call("crop", "train", "infer", *words)
    assert code == 0, error
    run = tmp_path / "runs/sample"
    fitted = pd.concat([pd.read_parquet(path) for path in run.glob("age/fold*/oof.parquet")])
    answered = pd.read_parquet(run / "age/oof_views.parquet")
    both = fitted.merge(answered, on=["image_id", "fold"], suffixes=("", "_again"))
    assert len(both) == len(fitted) == len(answered)
    columns = [name for name in fitted.columns if name.startswith("age.")]
    again = both[[f"{name}_again" for name in columns]].to_numpy()
    np.testing.assert_allclose(both[columns].to_numpy(), again, atol=1e-4)
    facts = json.loads((run / "age/fold0-seed777/done.json").read_text())
    assert facts["num_epochs"] == 1
    assert len(list(run.glob("cache/features-*.npy"))) == 1, "one table serves all cells"


def test_what_a_fitted_head_cannot_do_is_said(contest: Path, tmp_path: Path, call: Call) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    age = ["members.age.head=ridge", "members.age.tasks.age={loss: arcface}"]
    code, _, error = call("train", *words, *age)
    assert code == 2
    assert "members.age.tasks.age.loss: arcface is for heads that are trained" in error
    code, _, error = call("train", *words, "members.age.layers=[2]")
    assert code == 2
    assert "members.age.layers: goes with head: ridge, logistic or kernel_ridge" in error


def test_baseline_is_an_experiment_of_its_own(contest: Path, tmp_path: Path, call: Call) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    code, printed, error = call("baseline", *words)
    assert code == 0, error
    assert "sample-baseline" in printed
    submission = pd.read_csv(tmp_path / "submissions/sample-baseline.csv")
    assert submission.notna().all().all()
    assert not (tmp_path / "submissions/sample.csv").exists()
    code, printed, _ = call("baseline", *words)
    assert code == 0 and "nothing to do" in printed
    code, printed, error = call("train", *words)
    assert code == 0, error
    (said,) = [line for line in printed.splitlines() if line.startswith("evaluate: answer: ")]
    assert "the baseline, a ridge on a frozen network" in said
    config, more = words[:2], words[2:]
    assert call("report", *words)[0] == 0
    page = (tmp_path / "runs/sample/report.html").read_text(encoding="utf-8")
    assert said.removeprefix("evaluate: answer: ").split(",")[0].replace("'", "&#39;") in page
    code, printed, error = call("compare", "sample-baseline", "sample", *config, *more)
    assert code == 0, error
    assert "answer macro_f1: sample" in printed


def test_a_block_that_is_not_there_is_named_before_anything_runs(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    code, _, error = call("train", *words, "members.age.head=ridge", "members.age.layers=[40]")
    assert code == 2
    assert "members.age.layers: layers: 40; the backbone has blocks 0 to" in error


def test_a_fitted_head_on_what_another_experiment_learnt_of_the_same_fold(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = [*tiny("sample", root=contest, folder=tmp_path), "folds.num=2"]
    for other in ("mask", "gender"):
        words.append(f"members.{other}.head=ridge")
    code, _, error = call("train", *words)
    assert code == 0, error
    config = tmp_path / "runs/sample/config.yaml"
    config.write_text(config.read_text().replace("name: sample\n", "name: first\n", 1))
    (tmp_path / "runs/sample").rename(tmp_path / "runs/first")
    code, _, error = call(
        "train", "infer", *words, "members.age.head=ridge", "members.age.weights=run:first/age"
    )
    assert code == 0, error
    features = [np.load(path) for path in tmp_path.glob("runs/sample/cache/features-*.npy")]
    assert len(features) == 3, "the drawn backbone's, and those of the two folds"
    fitted = pd.concat(
        [pd.read_parquet(p) for p in tmp_path.glob("runs/sample/age/fold*/oof.parquet")]
    )
    answered = pd.read_parquet(tmp_path / "runs/sample/age/oof_views.parquet")
    answered = answered[answered["view"] == "identity"]
    both = fitted.merge(answered, on=["image_id", "fold"], suffixes=("", "_again"))
    columns = [name for name in fitted.columns if name.startswith("age.")]
    again = both[[f"{name}_again" for name in columns]].to_numpy()
    np.testing.assert_allclose(both[columns].to_numpy(), again, atol=1e-4)
