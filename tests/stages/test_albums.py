"""A row of the answer file that stands for several images: from the images to the answers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.config import load_experiment
from pipeline.storage import Runs
from tests.album_contest import LABELS, NUMBER, SIZES, make_albums

Call = Callable[..., tuple[int, str, str]]


def test_albums_from_the_images_to_the_answers(tmp_path: Path, call: Call) -> None:
    asked = ["z", "x", "y"]
    words = make_albums(
        tmp_path, labels=LABELS, sizes=SIZES, test={"x": 3, "y": 1, "": 2, "w": 1}, sample=asked
    )
    code, _, err = call("index", *words)
    assert code == 2
    assert "1 of 3 groups of test images can't be read (1 missing); the first is 'z#none'" in err
    words.append("competition.missing_test=0.5")
    code, out, err = call("train", "infer", "stack", *words)
    assert code == 0, err
    assert "index: 2 images of test have no album, so no row asks for them" in out
    assert "sample.csv asks for 1 album ('z') without an image" in out
    assert "1 image of test are of 1 album ('w') that sample.csv does not ask for" in out
    assert "split: Checked: 24 images of 8 groups are in 2 folds" in out
    assert "evaluate: answer: images of one album are answered by their mean" in out
    assert "8 answers, one per album" in out

    runs = Runs(load_experiment("albums", words[2:], configs=tmp_path / "configs"))
    folds = pd.read_csv(runs.folds)
    folds["album"] = folds["image_id"].str.split("-").str[1]
    assert (folds.groupby("album")["fold"].nunique() == 1).all()
    for path in (runs.submission, runs.stacked):
        frame = pd.read_csv(path, dtype=str)
        assert list(frame.columns) == ["album", "label"]
        assert frame["album"].tolist() == asked
        assert frame["label"].isin(["a", "b"]).all()
    record = json.loads(runs.submission_record.read_text())
    assert record["prior_answers"] == ["z"]
    assert record["oof"]["num_images"] == 8 and record["oof"]["per"] == "album"
    assert record["parts"][0]["pooling"]["rule"] == "mean"

    oof = pd.read_csv(runs.submission.with_name("albums.oof.csv"), dtype=str)
    assert sorted(oof["album"]) == [f"album{n}" for n in range(8)]
    truth = [LABELS[int(name.removeprefix("album"))] for name in oof["album"]]
    assert record["oof"]["value"] == pytest.approx(
        reference.accuracy_score(truth, oof["label"]), abs=1e-12
    )
    # the probabilities of an album are the means of those of its images
    made = pd.read_csv(runs.submission.with_name("albums.oof-probs.csv")).set_index("image_id")
    tables = [pd.read_parquet(runs.predictions(name, "oof")) for name in ("m", "n")]
    images = pd.concat(tables)
    images["album"] = images["image_id"].str.split("-").str[1]
    by_hand = images.groupby("album")["t.b"].mean()
    np.testing.assert_allclose(made["answer.b"], by_hand[made.index], rtol=1e-6)

    code, out, err = call("compare", "m", "n", *words)
    assert code == 0, err
    assert "8 answers, one per album" in out
    code, out, err = call("predict", f"{tmp_path}/root/images/test-x-0.png", *words)
    assert code == 0, err
    assert "each image is answered by itself; the contest wants one answer per album" in out

    # the same test part as a hidden one gets the same bytes
    code, out, err = call("infer", f"test={tmp_path}/root", *words)
    assert code == 0, err
    hidden = runs.submissions / "albums-root.csv"
    assert hidden.read_bytes() == runs.submission.read_bytes()
    code, _, err = call("report", *words)
    assert code == 0, err
    code, out, err = call("submit", "albums", "competition=x", *words)
    assert (
        "columns, ids, their order and the kind of the values are those of sample.csv" in out + err
    )


def test_an_album_is_one_answer_and_has_one_label(tmp_path: Path, call: Call) -> None:
    words = make_albums(tmp_path, labels=LABELS, sizes=SIZES, test={"x": 1}, sample=["x"])
    table = tmp_path / "root/train.csv"
    table.write_text(table.read_text().replace("album1,b", "album1,a", 1))
    code, _, err = call("index", *words)
    assert code == 2
    assert "1 album has several labels of t, the first is 'album1' (a 1, b 4)" in err


def test_ids_that_are_spelt_otherwise_are_refused(tmp_path: Path, call: Call) -> None:
    words = make_albums(tmp_path, labels=LABELS, sizes=SIZES, test={"7": 1}, sample=["7.0"])
    code, _, err = call("index", *words)
    assert code == 2 and "'7.0' is '7' there" in err
    words = make_albums(tmp_path / "b", labels=LABELS, sizes=SIZES, test={"x": 1}, sample=["q"])
    code, _, err = call("index", *words)
    assert code == 2 and "ids of sample.csv" in err


def test_numbers_of_an_album_are_its_median_as_asked(tmp_path: Path, call: Call) -> None:
    labels = [str(n) for n in (1, 9, 2, 8, 3, 7, 4, 6)]
    words = make_albums(
        tmp_path,
        labels=labels,
        sizes=SIZES,
        test={"x": 3, "y": 2},
        sample=["y", "x"],
        task=NUMBER,
        answer="per: album, pooling: median",
    )
    code, out, err = call("train", "infer", *words)
    assert code == 0, err
    assert "images of one album are answered by their median, as asked (answer.pooling)" in out
    code, out, err = call("explain", "num=0", "sample=4", *words)
    assert code == 0, err
    assert "each image is looked at by itself; the contest wants one answer per album" in out
    runs = Runs(load_experiment("albums", words[2:], configs=tmp_path / "configs"))
    answers = pd.read_csv(runs.submission).set_index("album")["label"]
    assert list(answers.index) == ["y", "x"]
    medians = []
    for name in ("m", "n"):
        table = pd.read_parquet(runs.predictions(name, "test"))
        table["album"] = table["image_id"].str.split("-").str[1]
        medians.append(table.groupby(["fold", "view", "album"])["t.value"].median())
    by_hand = pd.concat(medians).groupby("album").mean()
    rounded = by_hand[answers.index].round().clip(0, 10)
    np.testing.assert_allclose(answers, rounded)
