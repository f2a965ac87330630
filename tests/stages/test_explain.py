"""explain on a tiny contest: unchanged images score as evaluate says; sheets are drawn."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The experiment's folder of a tiny sample of which two folds of one task are trained."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("explained")
    words = [*tiny("sample", root=contest, folder=folder), "folds.num=2", "members.gender.epochs=6"]
    assert main(["train", *words]) == 0
    return folder / "runs/sample", words


def test_unchanged_images_score_as_in_evaluate_and_worse_ones_change_answers(
    trained, call: Call
) -> None:
    run, words = trained
    code, out, err = call("explain", *words, "member=gender", "num=0", "sample=9999")
    assert code == 0, err
    assert "sensitivity.csv" in out
    table = pd.read_csv(run / "explain/sensitivity.csv")
    scores = pd.read_csv(run / "scores.csv")
    key = scores[["source", "task", "metric", "fold"]].agg(" ".join, axis=1)
    (whole,) = scores[key == "gender gender macro_f1 all"].itertuples()
    neutral = {"brightness": 1, "blur": 0, "rotation": 0, "JPEG quality": 100, "resolution": 100}
    neutral |= {"occluding patch": 0, "crop margin": 0}
    assert set(table["factor"]) == set(neutral)
    for factor, level in neutral.items():
        (row,) = table[(table["factor"] == factor) & (table["level"] == level)].itertuples()
        assert (row.value, row.low, row.high) == pytest.approx((whole.value, whole.low, whole.high))
        assert row.changed == 0
        assert (row.num_images, row.num_people) == (84, 12)
        others = table[(table["factor"] == factor) & (table["level"] != level)]
        assert others["changed"].between(0, 1).all()
    assert table["changed"].max() > 0
    with Image.open(run / "explain/sensitivity-gender.png") as image:
        assert np.asarray(image.convert("L")).std() > 5
    code, _, err = call("report", *words)
    assert code == 0, err
    assert "Most answers change at" in (run / "report.html").read_text()


def test_heatmaps_of_the_worst_and_of_chosen_images(trained, call: Call) -> None:
    pytest.importorskip("pytorch_grad_cam", reason="pip install -r requirements-explain.txt")
    run, words = trained
    images = pd.read_parquet(next(run.glob("images-*/images.parquet")))
    images = images[images["status"].isin(["ok", "unlabelled"])]
    ids = [images.loc[images["part"] == part, "image_id"].iloc[0] for part in ("train", "test")]
    code, _, err = call("explain", *words, f"images={','.join(ids)}", "member=mask")
    assert code == 0, err
    with Image.open(run / "explain/heatmap-mask-mask.png") as image:
        assert np.asarray(image.convert("L")).std() > 5
    code, _, err = call("explain", *words, f"images={ids[0]}x")
    assert code == 2
    assert f"did you mean {ids[0]!r}" in err


def test_words_that_mean_nothing_are_one_sentence(trained, call: Call) -> None:
    _, words = trained
    for word, said in (
        ("member=maks", "did you mean 'mask'"),
        ("num=many", "must be a whole number"),
    ):
        code, _, err = call("explain", *words, word)
        assert code == 2
        assert said in err
