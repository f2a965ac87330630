"""A whole run in small that several tests of the stages compare theirs with."""

from pathlib import Path

import pytest

from tests.whole_runs import run_words


@pytest.fixture(scope="session")
def plain(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run, one job after another in one process."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("plain")
    assert main(["crop", "train", "infer", *run_words(contest, folder)]) == 0
    return folder
