"""Exported files say what infer says, whatever the batch, and carry what they need to be read."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.features.export.formats import load_model, save_models
from pipeline.images.resize_matrix import resize_matrix
from pipeline.images.transform import Transform, fit_size, normalise
from pipeline.inference.choice import left_out
from pipeline.labels.tasks import Task
from pipeline.models.export_module import MemberModel, Resize
from pipeline.models.losses import LOSSES, head_shape
from pipeline.models.network import build_network, to_probs
from pipeline.storage import PROJECT, Runs
from tests.whole_runs import answerer_of, run_words


@pytest.mark.parametrize(("old", "new"), [(96, 32), (50, 33), (32, 48)])
def test_the_resize_is_opencvs(old: int, new: int) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (old, old, 3), dtype=np.uint8)
    crop = cv2.GaussianBlur(crop, (5, 5), 0)
    ours = Resize(torch.from_numpy(resize_matrix(old, new)))(torch.from_numpy(crop)[None])
    apart = np.abs(ours[0].numpy() - fit_size(crop, size=new).astype(np.float32))
    assert apart.max() <= 1.0
    assert (apart > 0).mean() < 0.02  # a tie that is rounded the other way


def test_files_say_what_infer_says(plain: Path, contest: Path, call: Callable) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    words = run_words(contest, plain)
    code, out, err = call("export", *words)
    assert code == 0, err
    folder = plain / "runs/sample/export"
    facts = json.loads((folder / "export.json").read_text())
    assert {row["name"].partition(".")[2] for row in facts["files"]} == {"onnx", "pt2", "pt"}
    assert all(row["apart"] < 1e-5 for row in facts["files"])
    assert out.count("times as fast") == 3 * 4  # three members and the ensemble
    predictor = answerer_of(words)
    crops = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    expected, _ = predictor.answer({"crops": crops})
    session = onnxruntime.InferenceSession(str(folder / "ensemble.onnx"))
    assert [o.name for o in session.get_outputs()] == facts["outputs"]["ensemble"] == ["answer"]
    assert session.get_inputs()[0].type == "tensor(uint8)"
    for num in (1, 5):
        (joint,) = session.run(None, {"crops": crops[:num]})
        np.testing.assert_allclose(joint, expected["answer"][:num], atol=1e-5)
    assert "crops" in dir() and json.loads(session.get_modelmeta().custom_metadata_map["facts"])


def head_of(loss: str, kind: str) -> Task:
    words = {
        "multiclass": ("young", "middle", "old"),
        "binary": ("no", "yes"),
        "regression": (),
        "multilabel": ("smiling", "glasses"),
    }[kind]
    edges = (30.0, 60.0) if kind == "multiclass" else ()
    return Task(f"{loss}_{kind}", kind, "x", words, edges, 0.0, 90.0, 25.0, 40.0)


def test_every_kind_of_head_is_read_alike_in_all_formats(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    forms = {
        (loss.form or kind, kind): name for name, loss in LOSSES.items() for kind in loss.kinds
    }
    pairs = [(name, kind) for (_, kind), name in forms.items()]
    tasks = {head_of(*pair).name: head_of(*pair) for pair in pairs}
    losses = {head_of(*pair).name: pair[0] for pair in pairs}
    shapes = {n: head_shape(t, loss=losses[n], bins=31, scale=30.0) for n, t in tasks.items()}
    torch.manual_seed(0)
    network = build_network("small_cnn", weights="none", heads=shapes).eval()
    with torch.no_grad():
        for parameter in network.heads.parameters():
            parameter.mul_(30.0)  # far from the middle, where wrong orders would not show
    transform = Transform(size=32, mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2))
    given = {"views": [], "to_input": partial(normalise, transform=transform), "size": 32}
    model = MemberModel([network], tasks=list(tasks.values()), losses=losses, **given).eval()
    crops = np.random.default_rng(1).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    with torch.inference_mode():
        logits = network(normalise(torch.from_numpy(crops), transform=transform))
        wanted = [to_probs(logits[n], task=t, loss=losses[n]).numpy() for n, t in tasks.items()]
    paths = [tmp_path / f"all.{ending}" for ending in ("onnx", "pt2", "pt")]
    for path in save_models(model, paths, [crops[:3]], facts="{}"):
        for num in (1, 6):
            for name, found, value in zip(
                tasks, load_model(path)([crops[:num]]), wanted, strict=True
            ):
                np.testing.assert_allclose(
                    found, value[:num], rtol=1e-4, atol=1e-4, err_msg=f"{path.name} {name}"
                )
    assert all(np.ptp(value) > 0.01 for value in wanted)


def test_an_unknown_format_is_a_sentence(plain: Path, contest: Path, call: Callable) -> None:
    code, _, err = call("export", "formats=tflite", *run_words(contest, plain))
    assert code == 2
    assert err == "error: export: formats=tflite; allowed: onnx, pt2, pt, commas between\n"


def test_an_order_among_images_is_said_to_be_left_out() -> None:
    plain = load_experiment("attribute64-lite", [], configs=PROJECT / "configs")
    assert left_out(plain, Runs(plain)) == []
    settings = load_experiment(
        "attribute64-lite", ["ensemble.method=rank"], configs=PROJECT / "configs"
    )
    (said,) = left_out(settings, Runs(settings))
    assert "answered by the mean of the members" in said
