"""The shared folder runs on its own: no other folder of the project, no torch, the same answers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.images.read import read_image
from tests.whole_runs import answerer_of, run_words

ALONE = """
import json, pathlib, sys
class Closed:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "timm", "facenet_pytorch", "albumentations"):
            raise ImportError(name)
sys.meta_path.insert(0, Closed())
import app
faces = app.predict(app.read(pathlib.Path(sys.argv[1])))
print(json.dumps([{"box": f.box, "answers": f.answers,
                   "probs": {s.task: s.probs for s in f.said}} for f in faces]))
"""


def test_it_runs_alone_and_says_the_same(
    plain: Path, contest: Path, tmp_path: Path, call: Callable
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    words, folder = run_words(contest, plain), plain / "runs/sample/share"
    left = folder / "weights/gone/fold0-seed777.safetensors"  # of a member of an earlier share
    left.parent.mkdir(parents=True)
    left.touch()
    code, out, err = call("share", *words)
    assert code == 0, err
    assert "nothing was sent" in out
    alone = tmp_path / "elsewhere"
    folder.rename(alone)
    image = next((contest / "eval/images").glob("*.jpg"))
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(image)],
        cwd=alone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    (face,) = answerer_of(words)(read_image(image))
    np.testing.assert_allclose(found["box"], face.box, atol=0.1)
    assert found["answers"] == face.answers
    for said in face.said:
        theirs = [found["probs"][said.task][word] for word in said.probs]
        np.testing.assert_allclose(theirs, list(said.probs.values()), atol=1e-3)
    card = (alone / "README.md").read_text()
    assert "| all members | answer | macro_f1 |" in card and "## Limits" in card
    assert "Largest gap" in card or "no two groups" in card
    assert str(contest) not in (alone / "config.json").read_text()
    assert len(list((alone / "weights").rglob("*.safetensors"))) == 6


@pytest.mark.parametrize("name", ["faces", "a/b/c", "/b"])
def test_a_push_to_nowhere_is_a_sentence(
    name: str, plain: Path, contest: Path, call: Callable
) -> None:
    pytest.importorskip("onnxscript")
    code, _, err = call("share", f"push={name}", *run_words(contest, plain))
    assert code == 2
    assert f"push={name} must be USER/NAME" in err
