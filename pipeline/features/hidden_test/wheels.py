"""Wheels of what a Kaggle image lacks, fetched by pip for a bundle."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path


def fetch_wheels(names: Sequence[str], folder: Path) -> list[Path]:
    """The wheels of these packages in the versions that are installed here, written to `folder`.

    Raises ValueError where pip can't fetch them, as without a network.
    """
    wanted = [f"{name}=={distribution(name).version}" for name in names]
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-deps", "--quiet", "--retries", "1", "--timeout", "20"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = lines[-1].removeprefix("ERROR: ") if lines else f"it ended with {done.returncode}"
        raise ValueError(
            f"bundle wheels=true: pip can't fetch {' and '.join(wanted)} ({reason}); without a "
            "network the same command without wheels=true copies the installed packages"
        )
    return sorted(folder.glob("*.whl"))
