"""The project's folder, paths as a user types them, and the file of fixes."""

import os
from pathlib import Path

from pipeline.console.installation import PROJECT
from pipeline.storage.digests import file_sha256

__all__ = ["PROJECT", "below_project", "display_path", "file_digest", "find_fixes"]


def below_project(path: str) -> Path:
    """The place that a path of the settings means, however it was typed."""
    return Path(os.path.normpath(PROJECT / os.path.expanduser(os.path.expandvars(path))))


def find_fixes(path: str | None, *, root: Path) -> Path | None:
    """The contest's fixes: below root, or else below the project, where they may be missing too."""
    if path is None:
        return None
    inside = root / os.path.expanduser(path)
    return inside if inside.is_file() else below_project(path)


def file_digest(path: Path | None) -> str | None:
    """What a file holds in 16 hex digits; None without a file."""
    if path is None or not path.is_file():
        return None
    return file_sha256(path)[:16]


def display_path(path: Path) -> str:
    """The path as a user would type it in the project's folder."""
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)
