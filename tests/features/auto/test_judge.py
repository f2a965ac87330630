"""Auto judges what the contest judges: an answer of several images is one row."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.experiment.predictions import read_oof
from pipeline.features.auto.judge import Judge
from pipeline.storage import PROJECT, Runs
from tests.album_contest import LABELS, SIZES, make_albums

Call = Callable[..., tuple[int, str, str]]


def test_albums_are_judged_as_evaluate_judges_them(tmp_path: Path, call: Call) -> None:
    words = make_albums(
        tmp_path,
        labels=LABELS,
        sizes=SIZES,
        test={"x": 3, "y": 1},
        sample=["x", "y"],
        answer="per: album, pooling: mean",
    )
    code, _, error = call("train", "evaluate", *words)
    assert code == 0, error
    settings = load_experiment(words[1], [], configs=PROJECT / "configs")
    judge = Judge(settings, Runs(settings))
    assert len(judge._evaluation.images) == len(LABELS)
    scores = pd.read_csv(tmp_path / "runs/albums/scores.csv")
    of_all = scores[(scores["source"] == "m") & (scores["fold"] == "all")]
    (accuracy,) = of_all.loc[of_all["metric"] == "accuracy", "value"]
    assert judge.score(["m"]).value == pytest.approx(accuracy)
    assert judge.judge_choice(["m", "n"]).score.value <= 1.0
    assert judge.is_flawless(["m"]) == (accuracy == 1.0)
    right = read_oof(settings, Runs(settings), "m")
    numbers = right["image_id"].str.extract(r"album(\d+)")[0].astype(int)
    right[["t.a", "t.b"]] = [[1.0, 0.0] if LABELS[n] == "a" else [0.0, 1.0] for n in numbers]
    tables = {"m": right, "n": read_oof(settings, Runs(settings), "n")}
    assert Judge(settings, Runs(settings), tables=tables).is_flawless(["m"])
    right.loc[numbers == 0, ["t.a", "t.b"]] = [0.0, 1.0]
    assert not Judge(settings, Runs(settings), tables=tables).is_flawless(["m"])
