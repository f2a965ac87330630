"""The wheel of this project, built once and unpacked as pip would lay it into site-packages."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from pipeline.storage import PROJECT


def unpack_wheel(folder: Path) -> Path:
    """Builds the wheel and unpacks it; the folder to put on PYTHONPATH."""
    dist = str(folder / "dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def call_installed(
    site: Path, *words: str, folder: Path, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """`face-pipeline WORDS` in a folder, with the unpacked wheel as the only `pipeline`.

    `before` are words of a command that runs it.
    """
    entry = "from pipeline.__main__ import command; command()"
    return subprocess.run(
        [*before, sys.executable, "-c", entry, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
