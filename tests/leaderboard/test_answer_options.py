"""Bounds, sum 1 and decimals of what is written; every score is of the written values."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.config import write_settings
from pipeline.stages import compare, ensemble, evaluate
from tests.hand_made import AGE, NUM, SEX, make_work
from tests.leaderboard.test_submission import YEARS_TASK, noisy, record_of, with_sample

RNG = np.random.default_rng(5)
LOG_LOSS = {"kind": "multiclass", "classes": ["m", "f"], "column": "sex", "metric": "log_loss"}
SAMPLE = "name,m,f\nt1,0.5,0.5\nt0,0.5,0.5\n"


def two_columns() -> pd.DataFrame:
    score = noisy(SEX) ** 3
    return pd.DataFrame({"sex.m": 1 - score, "sex.f": score})


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"clip": [0.2, 0.7]}, lambda p: p.clip(0.2, 0.7)),
        ({"clip": [0.05, 0.95], "round": 2}, lambda p: p.clip(0.05, 0.95).round(2)),
        (
            {"clip": [0.2, 0.7], "normalise": True},
            lambda p: p.clip(0.2, 0.7) / p.clip(0.2, 0.7).sum(axis=1, keepdims=True),
        ),
    ],
)
def test_probabilities_are_written_and_scored_as_asked(
    tmp_path: Path, options: dict, wanted, capsys
) -> None:
    table = two_columns()
    work = make_work(
        tmp_path,
        tasks={"sex": LOG_LOSS},
        answer={"tasks": ["sex"]},
        tables={"a": table, "b": table},
        submission={**with_sample(tmp_path, SAMPLE), **options},
    )
    ensemble.run(work)
    file = pd.read_csv(work.runs.submission)
    np.testing.assert_allclose(file[["m", "f"]], wanted(table.to_numpy())[:2], atol=1e-12)
    written = wanted(table.to_numpy())
    expected = reference.log_loss(SEX, written / written.sum(axis=1, keepdims=True))
    assert record_of(work)["oof"]["value"] == pytest.approx(expected, rel=1e-9)
    evaluate.run(work)
    out = capsys.readouterr().out
    assert "answer is scored as the file holds it:" in out
    scores = pd.read_csv(work.runs.scores).query("source == 'all members' and fold == 'all'")
    assert scores["value"].iloc[0] == pytest.approx(expected, rel=1e-9)


def test_numbers_are_compared_as_they_are_written(tmp_path: Path) -> None:
    tables = {}
    for name, spread in (("a", 4), ("b", 6)):
        tables[name] = pd.DataFrame({"years.value": AGE + RNG.normal(0, spread, NUM)})
    work = make_work(
        tmp_path,
        tasks={"years": YEARS_TASK},
        answer={"tasks": ["years"]},
        tables=tables,
        submission={"round": 0, "clip": [15, 70]},
    )
    work.runs.settings.parent.mkdir(exist_ok=True, parents=True)
    work.runs.settings.write_text(write_settings(work.settings))
    compare.run(replace(work, words=("a", "b"), names_config=True))
    scores = pd.read_csv(next((tmp_path / "runs/compare").rglob("scores.csv")))
    scores = scores.query("fold == 'all' and task == 'answer'").set_index("source")["value"]
    for name, table in tables.items():
        answers = table["years.value"].clip(0, 99).clip(15, 70).round()
        expected = reference.mean_absolute_error(AGE, answers)
        assert scores[f"hand/{name}"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"value": "label", "round": 2}, "submission.round: the file holds classes"),
    ],
)
def test_what_can_not_be_is_a_sentence(tmp_path: Path, options: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make_work(
            tmp_path,
            tasks={"sex": LOG_LOSS},
            answer={"tasks": ["sex"]},
            tables={"a": two_columns()},
            submission=options,
        )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"clip": [0.9, 0.1]}, "the lower bound comes first"),
        ({"clip": [2, 3]}, "submission.clip: 2..3 lies outside of 0..1"),
        ({"value": "index", "normalise": False, "metric": "accuracy", "round": 1}, "classes"),
    ],
)
def test_bounds_and_decimals_need_numbers(tmp_path: Path, options: dict, says: str) -> None:
    metric = options.pop("metric", "log_loss")
    options.pop("value", None)
    work = make_work(
        tmp_path,
        tasks={"sex": {**LOG_LOSS, "metric": metric}},
        answer={"tasks": ["sex"]},
        tables={"a": two_columns()},
        submission=options,
    )
    with pytest.raises(ValueError, match=says):
        ensemble.check(work)
