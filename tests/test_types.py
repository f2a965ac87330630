"""mypy finds nothing in the package."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def test_mypy_finds_nothing() -> None:
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "pipeline"]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=600
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stdout + done.stderr
