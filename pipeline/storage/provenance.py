"""Provenance: what a run was made with."""

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import distributions
from typing import Any

from pipeline.console.installation import CODE, IS_INSTALLED


def now() -> str:
    """The time in UTC, as `2026-01-31T12:00:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def provenance(command: list[str], *, device: str) -> dict[str, Any]:
    """What a run was made with: command, time, code state, interpreter, packages, hardware."""
    packages = {item.metadata["Name"]: item.version for item in distributions()}
    return {
        "command": command,
        "started": now(),
        "git": _git("rev-parse", "HEAD"),
        "git_dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "python": sys.version.split()[0],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "device": device,
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def _git(*words: str) -> str | None:
    """What git says of the clone; None where there is no git, no repository, or no clone: the
    folder in which an installed program works may be a repository of something else."""
    if IS_INSTALLED:
        return None
    try:
        command = ["git", "-C", str(CODE.parent), *words]
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
