from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import predict_cells
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.storage import PROJECT, Cell, Runs
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
SAME_CROPS = "crop.margin=0.25"


@pytest.fixture(scope="module")
def trained(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny sample experiment trained on one fold."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("transfer")
    words = tiny("sample", root=contest, folder=folder)
    assert main(["train", *words, SAME_CROPS, "folds.train=[0]"]) == 0
    return folder


def target_words(contest: Path, folder: Path) -> list[str]:
    return [*tiny("masks-lite", root=contest, folder=folder), "transfer.source=sample"]


def test_weights_answer_images_of_another_contest_as_they_answered_their_own(
    trained: Path, contest: Path, call: Call
) -> None:
    words = [*target_words(contest, trained), SAME_CROPS, "folds.num=3"]
    code, out, err = call("transfer", *words)
    assert code == 0, err
    assert "transfer: sample/age on masks: age macro_f1" in out
    scores = pd.read_csv(trained / "runs/masks-lite/transfer-sample.csv")
    assert set(scores["source"]) == {"sample/mask", "sample/gender", "sample/age"}
    assert scores["num_people"].eq(12).all()

    works = []
    for name in ("sample", "masks-lite"):
        overrides = tiny(name, root=contest, folder=trained)[2:]
        extra = [SAME_CROPS, "folds.num=3", "folds.train=[0]"]
        settings = load_experiment(name, [*overrides, *extra], configs=PROJECT / "configs")
        works.append(Work(settings=settings, runs=Runs(settings), command=[]))
    cell = Cell("mask", 0, 777)
    own = pd.read_parquet(works[0].runs.oof(cell)).set_index("image_id")
    images = read_labelled(works[1].runs)
    held = images[images["image_id"].isin(own.index)].reset_index(drop=True)
    found = predict_cells(
        works[0].runs,
        member_context(works[0].settings, "mask"),
        [cell],
        held,
        crops=open_crops(works[1].runs.crops),
        settings=works[0].settings,
        what="test",
        device=torch.device("cpu"),
        precision="float32",
    )
    found = found[found["view"] == "identity"].set_index("image_id").loc[own.index]
    columns = ["mask.worn", "mask.incorrect", "mask.none"]
    np.testing.assert_allclose(found[columns], own[columns], atol=1e-5)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("crop.margin=0.4", "give both the same crop settings"),
        ("transfer.source=absent", "no trained experiment 'absent'"),
        ("transfer.source=null", "say which experiment's weights"),
    ],
)
def test_what_cannot_be_transferred_is_one_sentence(
    extra: str, says: str, trained: Path, contest: Path, call: Call
) -> None:
    code, _, err = call("transfer", *target_words(contest, trained), extra)
    assert code == 2
    assert says in err


def test_weights_are_not_scored_on_the_images_they_learnt_from(
    trained: Path, contest: Path, call: Call
) -> None:
    words = tiny("sample", root=contest, folder=trained)
    code, _, err = call("transfer", *words, SAME_CROPS, "folds.train=[0]", "transfer.source=sample")
    assert code == 2
    assert "sample learnt from the images of sample itself" in err
