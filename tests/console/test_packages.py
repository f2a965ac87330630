"""An interpreter without the packages is one sentence, before anything is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.console import packages
from pipeline.storage import PROJECT


def test_nothing_is_missing_here() -> None:
    assert packages.missing_packages() == []


def test_what_is_missing_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "NEEDED", {"os": "os", "no_such_module": "no-such-package"})
    assert packages.missing_packages() == ["no-such-package"]
    said = packages.say_missing(["timm", "facenet-pytorch"], python="/x/python")
    assert said.startswith("/x/python lacks timm, facenet-pytorch; type: /x/python -m pip install")
    assert "-r requirements.txt" in said


def test_a_bare_interpreter_gets_one_sentence(tmp_path: Path) -> None:
    """A Python that sees no site-packages, as a fresh one does."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/usr/bin/env bash\nexec "{sys.executable}" -S -E "$@"\n')
    bare.chmod(0o755)
    done = subprocess.run(
        [str(PROJECT / "run.sh"), "train"],
        env={**os.environ, "PIPELINE_PYTHON": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "lacks torch" in done.stderr and "Traceback" not in done.stderr
