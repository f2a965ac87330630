"""A contest with several labels an image, from tables made by hand: scored, stacked, handed in."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.stages import ensemble, evaluate, stack
from pipeline.storage import read_table, write_table
from tests.hand_made import NUM, make_work

WORDS = ["smile", "hat", "glasses"]
RNG = np.random.default_rng(7)
TRUTH = (RNG.random((NUM, 3)) < [0.6, 0.4, 0.2]) * 1.0
KNOWN = RNG.random((NUM, 3)) > 0.1  # not every label of an image is known


def member(*, noise: float) -> pd.DataFrame:
    probs = np.clip(0.3 + 0.25 * TRUTH + RNG.normal(0, noise, TRUTH.shape), 0.01, 0.99)
    return pd.DataFrame(probs, columns=[f"tags.{word}" for word in WORDS])


def texts() -> list[str]:
    rows = []
    for truth, known in zip(TRUTH, KNOWN, strict=True):
        marks = ["" if yes else "?" for yes in known]
        shown = [m + w for m, w, t in zip(marks, WORDS, truth, strict=True) if t or m]
        rows.append(" ".join(shown) or "none")
    return rows


def run_all(folder: Path, *, metric: str, **more) -> tuple[dict, dict, pd.DataFrame, np.ndarray]:
    task = {
        "kind": "multilabel",
        "column": "tags",
        "classes": WORDS,
        "nothing": "none",
        "metric": metric,
    }
    tables = {"a": member(noise=0.15), "b": member(noise=0.25)}
    work = make_work(
        folder, tasks={"tags": task}, answer={"tasks": ["tags"]}, tables=tables, **more
    )
    images = read_table(work.runs.images)
    words = [*texts(), "", ""]
    write_table(work.runs.images, images.assign(tags=words))
    evaluate.run(work)
    ensemble.check(work)
    ensemble.run(work)
    stack.check(work)
    stack.run(work)
    scores = pd.read_csv(work.runs.scores)
    record = json.loads(work.runs.submission_record.read_text())
    mean = (tables["a"].to_numpy() + tables["b"].to_numpy()) / 2
    written = pd.read_csv(work.runs.submission, dtype=str)
    (part,) = record["parts"]
    facts = json.loads(work.runs.stack("stack.json").read_text())
    return {"part": part, "stack": facts["parts"][0], "written": written}, record, scores, mean


def expected_of(metric: str, mean: np.ndarray) -> float:
    columns = []
    for place in range(3):
        known = KNOWN[:, place]
        truth, probs = TRUTH[known, place], mean[known, place]
        if metric == "macro_roc_auc":
            columns.append(reference.roc_auc_score(truth, probs))
        else:
            columns.append(reference.f1_score(truth, probs >= 0.5))
    return float(np.mean(columns))


def test_probabilities_judged_by_the_mean_of_columns(tmp_path: Path) -> None:
    found, _, scores, mean = run_all(tmp_path, metric="macro_roc_auc")
    expected = expected_of("macro_roc_auc", mean)
    assert found["part"]["oof"]["value"] == pytest.approx(expected)
    assert found["part"]["value"] == "probability"
    assert found["written"].columns.tolist() == ["image_id", *WORDS]
    whole = scores[scores["fold"] == "all"].set_index(["source", "metric"])["value"]
    assert whole["all members", "macro_roc_auc"] == pytest.approx(expected)
    assert {f"f1:{word}" for word in WORDS} <= set(whole["a"].index)
    assert len(found["stack"]["learnt"].get("calibration", [[0]])) >= 1


def test_words_over_their_own_thresholds_judged_by_f1(tmp_path: Path, capsys) -> None:
    found, record, _, mean = run_all(
        tmp_path,
        metric="macro_f1",
        ensemble={"threshold": "oof"},
        submission={"value": "label", "column": "tags"},
    )
    plain = expected_of("macro_f1", mean)
    part = found["part"]
    assert part["plain"]["value"] == pytest.approx(plain)
    assert part["nested"]["value"] > plain  # 0.5 is far from where labels of 0.3 and 0.55 part
    assert len(part["threshold"]) == 3
    assert all(0.3 < threshold < 0.55 for threshold in part["threshold"])
    assert "labels with a probability >= smile 0." in part["decision"]
    answers = mean[:2] >= np.array(part["threshold"])
    expected = [" ".join(np.array(WORDS)[row]) or "none" for row in answers]
    assert found["written"]["tags"].tolist() == expected
    assert "threshold chosen on the other folds" in capsys.readouterr().out
    layers = pd.read_csv(tmp_path / "runs/hand/stack.csv").set_index("name")
    assert layers.loc["decision: thresholds of labels", "nested"] > plain
    oof = pd.read_csv(tmp_path / "submissions" / record["oof_file"], dtype=str)
    assert set(" ".join(oof["tags"]).split()) <= {*WORDS, "none"}
