"""A contest in which some images lack the label of one task: they teach the other one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error

Call = Callable[..., tuple[int, str, str]]
NUM = 32

CONFIG = """
competition: {contest}
crop: {{faces: given, size: 16}}
folds: {{num: 2, balance: [kind, size]}}
bootstrap: 100
device: cpu
parallel: 1
runs: {folder}/runs
submissions: {folder}/submissions
defaults: {{backbone: small_cnn, weights: none, image_size: 16, epochs: 2, batch_size: 8}}
members:
  both:
    tasks: {{kind: {{class_weights: balanced}}, size: {{loss: l1, bin_weights: 3}}, smile: {{}}}}
    mix: {{name: mixup, p: 0.5}}
    sampler: balanced
    balance_on: kind
  student: {{tasks: {{kind: {{}}, smile: {{}}}}, distil: {{by: [both], share: 0.5}}}}
"""
CONTEST = """
layout: table
root: {folder}/root
table: {{train: train.csv, images: images, id: file, person: person, test: test.csv}}
partly_labelled: learn
tasks:
  kind: {{kind: multiclass, classes: [a, b, c]}}
  size: {{kind: regression, low: 0, high: 10, scale: 10, metric: mae}}
  smile: {{kind: binary, classes: ["no", "yes"], metric: accuracy}}
answer: {{tasks: [kind, size, smile], combine: columns}}
submission: {{id: file, value: label}}
"""


def make(folder: Path) -> tuple[list[str], pd.DataFrame]:
    """Words for the contest, and its table: each task lacks the labels of every fourth image."""
    root, configs = folder / "root", folder / "configs"
    (root / "images").mkdir(parents=True)
    configs.mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for number in range(NUM + 4):
        pixels = rng.integers(255, size=(20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"{number}.png")
        row = {"file": f"{number}.png", "person": f"p{number // 2}"}
        row |= {"kind": "abc"[number % 3], "size": float(rng.integers(10))}
        row["smile"] = "yes" if rng.random() < 0.5 else "no"
        for place, task in enumerate(("kind", "size", "smile")):
            if number % 4 == place:
                row[task] = None
        rows.append(row)
    table = pd.DataFrame(rows)
    table[:NUM].to_csv(root / "train.csv", index=False)
    table[NUM:][["file", "person"]].to_csv(root / "test.csv", index=False)
    (configs / "contest.yaml").write_text(CONTEST.format(folder=folder))
    (configs / "partly.yaml").write_text(
        CONFIG.format(folder=folder, contest=configs / "contest.yaml")
    )
    return ["-c", str(configs / "partly.yaml")], table[:NUM]


def test_every_labelled_task_teaches_and_is_scored(tmp_path: Path, call: Call) -> None:
    words, table = make(tmp_path)
    code, _, err = call("evaluate", "infer", *words)
    assert code == 0, err
    run = tmp_path / "runs/partly"
    cells = sorted((run / "both").glob("fold*/oof.parquet"))
    oof = pd.concat([pd.read_parquet(cell) for cell in cells]).set_index("image_id")
    assert len(oof) == NUM, "all of them are answered out of fold"
    assert np.isfinite(oof.select_dtypes("number")).all().all()
    truth = table.set_index("file").loc[[name.split("/")[-1] for name in oof.index]]
    scores = pd.read_csv(run / "scores.csv")

    def score(task: str, metric: str) -> float:
        rows = scores[(scores["task"] == task) & (scores["metric"] == metric)]
        rows = rows[(rows["source"] == "both") & (rows["fold"].astype(str) == "all")]
        return rows["value"].item()

    known = truth["kind"].notna().to_numpy()
    answers = np.array(list("abc"))[oof[["kind.a", "kind.b", "kind.c"]].to_numpy().argmax(axis=1)]
    expected = f1_score(truth["kind"][known], answers[known], average="macro")
    assert np.isclose(score("kind", "macro_f1"), expected)
    known = truth["size"].notna().to_numpy()
    expected = mean_absolute_error(truth["size"][known], oof["size.value"][known].clip(0, 10))
    assert np.isclose(score("size", "mae"), expected)
    known = truth["smile"].notna().to_numpy()
    smiles = np.where(oof["smile.score"] >= 0.5, "yes", "no")
    expected = accuracy_score(truth["smile"][known], smiles[known])
    assert np.isclose(score("smile", "accuracy"), expected)
    submission = pd.read_csv(tmp_path / "submissions/partly.csv")
    assert len(submission) == 4 and submission.notna().all().all()
