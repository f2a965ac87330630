"""The Kaggle CLI as a program: whether it can be used, and one call of it; called by submit.

Credentials are looked for, never read, and never shown.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.console.requirements import say_pip
from pipeline.storage import PROJECT

PATIENCE = 900  # seconds for an upload
SECRETS = ("KAGGLE_KEY", "KAGGLE_API_TOKEN")


def send(command: list[str]) -> str:
    """What the Kaggle CLI prints for a command, run in the project's folder.

    Raises ValueError with its last line when it fails.
    """
    try:
        done = subprocess.run(
            [find_program() or command[0], *command[1:]],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"submit: kaggle gave no answer in {PATIENCE // 60} minutes; look at the contest's page"
            " before sending again"
        ) from None
    said = _without_secrets(f"{done.stdout}\n{done.stderr}").strip()
    if done.returncode:
        last = said.splitlines()[-1] if said else "it says nothing"
        raise ValueError(f"submit: kaggle did not take it (exit {done.returncode}): {last}")
    return said


def find_lack() -> str:
    """What the Kaggle CLI lacks here, as a sentence; '' when it can be used."""
    if find_program() is None:
        return f"the Kaggle CLI is not installed ({say_pip()} install kaggle)"
    variables = os.environ
    has_pair = variables.get("KAGGLE_USERNAME") and variables.get("KAGGLE_KEY")
    if variables.get("KAGGLE_API_TOKEN") or has_pair:
        return ""
    folders = [Path.home() / ".kaggle", Path.home() / ".config/kaggle"]
    if variables.get("KAGGLE_CONFIG_DIR"):
        folders.insert(0, Path(variables["KAGGLE_CONFIG_DIR"]))
    names = ("kaggle.json", "access_token", "credentials.json")
    if any((folder / name).is_file() for folder in folders for name in names):
        return ""
    return f"the Kaggle CLI is installed but not configured ({find_program()} auth login)"


def find_program() -> str | None:
    """The Kaggle CLI: on the path, or beside the interpreter; None when it is in neither."""
    places = [os.environ.get("PATH", ""), str(Path(sys.executable).parent)]
    return shutil.which("kaggle", path=os.pathsep.join(places))


def _without_secrets(text: str) -> str:
    for name in SECRETS:
        if os.environ.get(name):
            text = text.replace(os.environ[name], "***")
    return text
