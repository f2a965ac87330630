"""Crops of a member's own: cut in the same pass, looked at wherever the member answers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.experiment.crops import crop_names, crop_recipes
from pipeline.faces.recipe import CropRecipe
from pipeline.images.read import read_image
from pipeline.storage import PROJECT, Runs
from tests.whole_runs import answerer_of, run_words

Call = Callable[..., tuple[int, str, str]]
OWN = ["members.age.crop={margin: 0.8, size: 48}", "members.mask.crop={align: true}"]


def test_members_that_want_the_same_share_a_store(contest: Path, tmp_path: Path) -> None:
    words = [*run_words(contest, tmp_path)[2:], *OWN, "members.gender.crop={align: true}"]
    settings = load_experiment("sample", words, configs=PROJECT / "configs")
    names = crop_names(settings)
    assert names == {"mask": "crops_mask", "gender": "crops_mask", "age": "crops_age"}
    assert crop_recipes(settings, names)["crops_age"] == CropRecipe(0.8, 48)
    runs = Runs(settings)
    assert len(runs.crop_stores) == 3
    assert runs.crops_of("mask") == runs.crops_of("gender") != runs.crops_of("age")
    assert runs.crop_recipe_of("mask") != runs.crop_recipe
    plain = load_experiment("sample", words[:-3], configs=PROJECT / "configs")
    assert Runs(plain).crop_stores == [runs.crops], "the experiment's own keeps its folder"


def test_align_without_landmarks_is_refused() -> None:
    words = ["crop.faces=centre", "members.age.crop={align: true}"]
    with pytest.raises(ValueError, match=r"members.age.crop.align: needs landmarks"):
        load_experiment("sample", words, configs=PROJECT / "configs")


def test_every_way_to_answer_looks_at_the_members_own_crops(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = [*run_words(contest, tmp_path, *OWN), "folds.train=[0]", "tta=[identity]"]
    code, _, err = call("crop", "train", "infer", *words)
    assert code == 0, err
    stores = {path.parent.name: np.load(path) for path in tmp_path.glob("runs/sample/*/crops.npy")}
    assert sorted(store.shape[1] for store in stores.values()) == [32, 32, 48]
    assert len({len(store) for store in stores.values()}) == 1, "one row an image in all of them"
    assert len(list(tmp_path.glob("runs/sample/faces-*"))) == 1

    submission = pd.read_csv(tmp_path / "submissions/sample.csv").set_index("ImageID")["ans"]
    predictor = answerer_of(words)
    for image_id in submission.index[:4]:
        faces = predictor(read_image(contest / "eval/images" / image_id))
        assert faces[0].answers == {"answer": submission[image_id]}
        for said in faces[0].said:
            table = pd.read_parquet(tmp_path / f"runs/sample/{said.task}/test.parquet")
            row = table.set_index("image_id").loc[image_id]
            wanted = [row[f"{said.task}.{name}"] for name in said.probs]
            np.testing.assert_allclose(list(said.probs.values()), wanted, atol=1e-5)

    code, _, err = call("infer", f"test={contest / 'eval'}", *words)
    assert code == 0, err
    made = tmp_path / "submissions/sample-eval.csv"
    assert made.read_bytes() == (tmp_path / "submissions/sample.csv").read_bytes()

    pytest.importorskip("onnxscript")
    code, _, err = call("export", "formats=onnx,pt,pt2", *words)
    assert code == 0, err
    facts = json.loads((tmp_path / "runs/sample/export/export.json").read_text())
    shapes = {each["name"]: each["shape"] for each in facts["inputs"]}
    assert shapes == {
        "crops_mask": ["num", 32, 32, 3],
        "crops": ["num", 32, 32, 3],
        "crops_age": ["num", 48, 48, 3],
    }
    assert all(row["apart"] < 1e-5 for row in facts["files"])
