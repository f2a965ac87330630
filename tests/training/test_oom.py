"""What goes wrong while a cell learns: memory, a lost loss, an image, a process. Others go on."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.images.dataset import CropDataset, ImageError, make_loader, named_deaths
from pipeline.images.sampler import EpochSampler
from pipeline.models.checkpoint import load_state, save_state
from pipeline.models.network import FaceNetwork
from pipeline.storage import PROJECT
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
CROPS = np.zeros((12, 8, 8, 3), dtype=np.uint8)


def words_for(contest: Path, folder: Path, *more: str) -> list[str]:
    small = ["crop.faces=centre", "folds.num=2", "ensemble.members=[age]", "bootstrap=100"]
    one = "competition.answer={tasks: [age]}"
    return [*tiny("sample", root=contest, folder=folder), *small, one, "folds.train=[0]", *more]


def test_a_full_memory_halves_the_batches_of_its_epoch_only(
    contest: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, room = FaceNetwork.forward, [5]

    def narrow(self: FaceNetwork, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(batch) > room[0] and self.training:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, batch)

    monkeypatch.setattr(FaceNetwork, "forward", narrow)
    words = words_for(contest, tmp_path, "members.age.epochs=2")
    code, out, err = call("train", *words)
    assert code == 0, err
    said = "age/fold0-seed777: the device's memory is full; batches of 16 are learnt in 4"
    assert out.count(said) == 1, "once, though the second epoch finds the memory full again"
    memory = tmp_path / "runs/sample/age/fold0-seed777/memory.json"
    assert json.loads(memory.read_text()) == {"num_micro_batches": 4, "batch_size": 16}
    (memory.parent / "done.json").unlink()
    (memory.parent / "weights.safetensors").unlink()
    room[0] = 99  # the neighbours have gone
    code, out, err = call("train", *words)
    assert code == 0, err
    assert "memory is full" not in out and not memory.exists()


def test_a_lost_loss_stops_its_cell_and_no_other(contest: Path, tmp_path: Path, call: Call) -> None:
    lost = ["members.mask.lr=1e30", "members.mask.epochs=3", "members.mask.optimiser=sgd"]
    code, _, err = call("train", *words_for(contest, tmp_path, *lost))
    assert code == 2
    assert re.search(r"mask/fold0-seed777: the loss .* at learning rate 1e\+30; ", err), err
    assert "clip_norm: 1.0" in err
    assert "the last good state is" in err or "no epoch was finished" in err
    assert "Traceback" not in err
    for member in ("gender", "age"):
        assert (tmp_path / f"runs/sample/{member}/fold0-seed777/done.json").exists(), member
    assert not (tmp_path / "runs/sample/mask/fold0-seed777/done.json").exists()
    assert not (tmp_path / "runs/sample/scores.csv").exists()


class Broken:
    """An augmentation that raises at one seed, or whose process dies there."""

    def __init__(self, *, dies: bool) -> None:
        self.dies = dies

    def __call__(self, pixels: np.ndarray, seed: int) -> np.ndarray:
        if pixels[0, 0, 0] == 7:
            if self.dies:
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyError("kernel")
        return pixels


def loader_for(workers: int, *, dies: bool):
    crops = CROPS.copy()
    crops[9] = 7
    dataset = CropDataset(
        crops,
        rows=np.arange(12),
        size=8,
        targets={},
        augment=Broken(dies=dies),
        names=[f"person{number}.jpg" for number in range(12)],
    )
    return make_loader(dataset, EpochSampler(12, batch_size=3, seed=1), workers=workers, pin=False)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_image_that_cannot_be_made_ready_is_named(workers: int) -> None:
    loader = loader_for(workers, dies=False)
    with pytest.raises(ImageError) as caught, named_deaths(loader):
        list(loader)
    assert str(caught.value) == "image person9.jpg: KeyError: 'kernel'"


def test_a_loader_process_that_dies_is_told_with_its_image() -> None:
    loader = loader_for(2, dies=True)
    with pytest.raises(ImageError) as caught, named_deaths(loader):
        list(loader)
    assert "a loader process died at image person9.jpg" in str(caught.value)
    assert "workers=0" in str(caught.value)


def test_a_loader_process_that_dies_while_its_batch_is_taken_over_is_told() -> None:
    loader = loader_for(2, dies=False)
    with pytest.raises(ImageError) as caught, named_deaths(loader):
        next(iter(loader))
        os.kill(int(loader.dataset.at[0, 0]), signal.SIGKILL)
        raise ConnectionResetError("reset by peer")
    assert "a loader process died at" in str(caught.value)


def test_other_errors_stay_what_they_are() -> None:
    loader = loader_for(0, dies=False)
    with pytest.raises(RuntimeError, match="mat1 and mat2"), named_deaths(loader):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")


def test_weights_of_other_code_or_classes_are_refused_with_what_differs(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = words_for(contest, tmp_path)
    code, _, err = call("train", *words)
    assert code == 0, err
    path = tmp_path / "runs/sample/age/fold0-seed777/weights.safetensors"
    parts, facts = load_state(path)
    assert facts["generation"] == 1
    changed = {"generation": 2, "columns": {"age": ["age.young"]}, "fingerprint": "other"}
    for key, value in changed.items():
        save_state(path, parts, facts={**facts, key: value})
        code, _, err = call("infer", *words)
        assert code == 2
        assert f"its {key} is {value!r}, but this experiment has" in err
    for other in (["export"], ["explain"], ["predict", str(next(contest.rglob("*.jpg")))]):
        code, _, err = call(*other, *words)
        assert code == 2, other
        assert "its fingerprint is 'other', but this experiment has" in err, other
    save_state(path, parts, facts={k: v for k, v in facts.items() if k != "generation"})
    code, _, err = call("infer", *words)
    assert code == 0, err
    path.write_bytes(path.read_bytes()[:1000])
    (tmp_path / "runs/sample/age/test_views.parquet").unlink()
    code, _, err = call("infer", *words)
    assert code == 2
    assert "a damaged one" in err
    assert f"or remove {path.parent}: the same command trains that cell again" in err
    shutil.rmtree(path.parent)
    code, _, err = call("infer", *words)
    assert code == 0, err
    parts["network"] = {key: value * np.nan for key, value in parts["network"].items()}
    save_state(path, parts, facts=facts)
    (tmp_path / "runs/sample/age/test_views.parquet").unlink()
    code, _, err = call("infer", *words)
    assert code == 2
    assert "the prediction of age for " in err and "is not a finite number" in err


def test_two_runs_at_once_are_one_run(contest: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "pipeline", "train", *words_for(contest, tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(words, cwd=PROJECT, env=environment, **pipes) for _ in range(2)]
    told = [process.communicate(timeout=600) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    said = sorted((out for out, _ in told), key=lambda out: "waiting:" in out)
    assert "waiting:" not in said[0]
    assert "is being written by process" in said[1]
    assert "nothing to do" in said[1]
    runs = json.loads((tmp_path / "runs/sample/provenance.json").read_text())["runs"]
    assert len(runs) == 1, "the second trained nothing"
