"""Face competition pipeline: images of faces in, leaderboard CSV out.

In a notebook: `from pipeline import load_run, run`.
"""

import os
from importlib import import_module
from typing import Any

from pipeline.console.version import VERSION

__version__ = VERSION
# else albumentations asks a server for news whenever it is imported
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
FOR_NOTEBOOKS = ("Run", "load_run", "run")  # of pipeline.api, imported when they are first used


def __getattr__(name: str) -> Any:
    if name in FOR_NOTEBOOKS:
        return getattr(import_module("pipeline.api"), name)
    raise AttributeError(f"pipeline has no {name!r}; it has {', '.join(FOR_NOTEBOOKS)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *FOR_NOTEBOOKS])
