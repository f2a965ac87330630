"""What tests of several rooms share: a small drawn contest, the front door as a function."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.console.once import forget_said

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")


settings.register_profile("patient", deadline=None)  # a busy machine is not a failing test


settings.load_profile("patient")


# what makes any experiment small enough for a test: a tiny real network, no pretrained weights
TINY = ("crop.size=32", "bootstrap=100", "device=cpu", "parallel=1")
TINY_MEMBER = {
    "backbone": "test_resnet",
    "weights": "none",
    "image_size": 32,
    "epochs": 1,
    "batch_size": 16,
    "freeze": 0,
    "repeats": 1,
}


@pytest.fixture(scope="session")
def contest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a small drawn contest in the P-stage layout: 12 people to learn, 3 to answer."""
    from pipeline.sample.contest import draw_contest

    root = tmp_path_factory.mktemp("contest") / "root"
    draw_contest(root, num_people=12, num_test_people=3, seed=5)
    return root


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    """Each test is as a command of its own: what an earlier one said is said in full again."""
    forget_said()


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The front door as a function of words: its exit code, what it printed, and its errors."""
    from pipeline.__main__ import main

    def run(*words: str) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def tiny(config: str, *, root: Path, folder: Path) -> list[str]:
    """Overrides that turn a shipped experiment into one of seconds, kept in `folder`."""
    from pipeline.config import load_experiment
    from pipeline.storage import PROJECT

    members = load_experiment(config, [], configs=PROJECT / "configs").members
    small = [f"members.{m}.{key}={value}" for m in members for key, value in TINY_MEMBER.items()]
    places = [f"root={root}", f"runs={folder}/runs", f"submissions={folder}/submissions"]
    return ["-c", config, *TINY, *small, *places]


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real contests in FACES_DATA, or shared/data beside the project, or a skip."""
    from pipeline.storage import PROJECT

    folder = Path(os.environ.get("FACES_DATA", PROJECT.parent / "shared/data"))
    if not (folder / "utkface").is_dir():
        pytest.skip("no real contests here; FACES_DATA names their folder")
    return folder


@pytest.fixture(scope="session")
def plain(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run, one job after another in one process."""
    from pipeline.__main__ import main
    from tests.whole_runs import run_words

    folder = tmp_path_factory.mktemp("plain")
    assert main(["crop", "train", "infer", *run_words(contest, folder)]) == 0
    return folder
