"""Whole runs that are killed at chosen moments and asked again, by tests/killing.py."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.storage import PROJECT

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}


def moments(number: int, *, seed: int) -> list[float]:
    """Moments all over a run; every other one of its time (negative), the rest of its writes."""
    rng = np.random.default_rng(seed)
    spread = (np.arange(number) + rng.uniform(size=number)) / number
    return [round(float(-m if i % 2 else m), 4) for i, m in enumerate(spread)]


def kill_runs(
    folder: Path,
    folders: Sequence[Path],
    *,
    words: Sequence[str],
    chains: Sequence[Sequence[float | str]],
) -> dict:
    """What killing.py tells of a whole run in the first of the folders, and of one that is killed
    at each moment of a chain in each of the others."""
    plan = {"words": list(words), "folders": list(map(str, folders))}
    (folder / "plan.json").write_text(json.dumps({**plan, "runs": list(map(list, chains))}))
    command = [sys.executable, "tests/killing.py", str(folder / "plan.json")]
    told = subprocess.run(
        command, cwd=PROJECT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    done = json.loads(told.stdout.splitlines()[-1])
    assert done["whole"][0] == 0, (folders[0] / "log").read_text()
    assert done["kills"].count(-signal.SIGKILL) >= 0.7 * len(done["kills"]), "too few hit the run"
    return done
