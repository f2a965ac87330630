"""Exported files say what infer says, whatever the batch, and carry what they need to be read."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pipeline.images.resizing import resize_matrix
from pipeline.images.transform import fit_size
from pipeline.learning.whole import Resize
from tests.stages.test_predict import answerer_of, trained_words


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
    words = trained_words(contest, plain)
    code, out, err = call("export", *words)
    assert code == 0, err
    folder = plain / "runs/sample/export"
    facts = json.loads((folder / "export.json").read_text())
    assert {row["name"].partition(".")[2] for row in facts["files"]} == {"onnx", "pt2", "pt"}
    assert all(row["apart"] < 1e-5 for row in facts["files"])
    assert out.count("times as fast") == 3 * 4  # three members and the ensemble
    answerer = answerer_of(words)
    crops = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    expected, _ = answerer.answer(crops)
    session = onnxruntime.InferenceSession(str(folder / "ensemble.onnx"))
    assert [o.name for o in session.get_outputs()] == facts["outputs"]["ensemble"] == ["answer"]
    assert session.get_inputs()[0].type == "tensor(uint8)"
    for num in (1, 5):
        (joint,) = session.run(None, {"crops": crops[:num]})
        np.testing.assert_allclose(joint, expected["answer"][:num], atol=1e-5)
    assert "crops" in dir() and json.loads(session.get_modelmeta().custom_metadata_map["facts"])


def test_an_unknown_format_is_a_sentence(plain: Path, contest: Path, call: Callable) -> None:
    code, _, err = call("export", "formats=tflite", *trained_words(contest, plain))
    assert code == 2
    assert err == "error: export: formats=tflite; allowed: onnx, pt2, pt, commas between\n"
