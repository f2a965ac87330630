"""Auto judges what the contest judges: an answer of several images is one row."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import load_experiment
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
