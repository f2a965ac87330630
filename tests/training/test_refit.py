"""Find the epoch on person folds, then train on everybody for as long."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from pipeline.models.checkpoint import load_state
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]


def test_refit_trains_on_everybody_for_the_median_epoch(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    words += ["members.mask.refit=true", "members.mask.epochs=3"]
    code, _, err = call("train", *words)
    assert code == 0, err
    member = tmp_path / "runs/sample/mask"
    facts = [json.loads((member / f"fold{f}-seed777/done.json").read_text()) for f in range(3)]
    median = sorted(fact["best_epoch"] for fact in facts)[1]
    refit = json.loads((member / "refit-seed777/done.json").read_text())
    assert refit["num_epochs"] == refit["best_epoch"] == median
    assert refit["num_held_out"] == 0
    assert not (member / "refit-seed777/oof.parquet").exists()
    rows = [
        json.loads(r) for r in (member / "refit-seed777/history.jsonl").read_text().splitlines()
    ]
    assert all("held_out_loss" not in row for row in rows)


def test_infer_uses_folds_refit_or_both(contest: Path, tmp_path: Path, call: Call) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    refit = [f"members.{name}.refit=true" for name in ("mask", "gender", "age")]
    refit.append("members.gender.seeds=[0]")
    answers = {}
    for use, voters in (("both", {-1, 0}), ("refit", {-1}), ("folds", {0})):
        code, _, err = call("infer", *words, *refit, "folds.train=[0]", f"infer.use={use}")
        assert code == 0, err
        frame = pd.read_parquet(tmp_path / "runs/sample/mask/test_views.parquet")
        assert set(frame["fold"]) == voters
        oof = pd.read_parquet(tmp_path / "runs/sample/mask/oof_views.parquet")
        assert set(oof["fold"]) == {0}, "a network that saw everybody must not answer out of fold"
        answers[use] = frame.groupby("image_id")["mask.none"].mean()
    assert not answers["folds"].equals(answers["refit"])
    both = (answers["folds"] + answers["refit"]) / 2
    pd.testing.assert_series_equal(both, answers["both"], atol=1e-6)
    path = tmp_path / "runs/sample/mask"
    cells = ("fold0-seed777", "refit-seed777")
    weights = [load_state(path / cell / "weights.safetensors")[0] for cell in cells]
    keys = weights[0]["network"].keys()
    assert any(not torch.equal(weights[0]["network"][k], weights[1]["network"][k]) for k in keys)


def test_infer_use_needs_members_that_refit(contest: Path, tmp_path: Path, call: Call) -> None:
    code, _, err = call("infer", *tiny("sample", root=contest, folder=tmp_path), "infer.use=both")
    assert code == 2
    assert err.count("infer.use: both needs refit: true in mask, gender, age") == 1
