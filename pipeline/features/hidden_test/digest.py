"""Digests of a bundle's files: a broken upload is seen before anything is answered."""

import json
from pathlib import Path

from pipeline.storage.digests import file_sha256

NAME = "digest.json"


def write_digest(folder: Path) -> int:
    """Writes the sha256 of every file below the folder, and gives their number."""
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != NAME:
            digests[path.relative_to(folder).as_posix()] = file_sha256(path)
    (folder / NAME).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    return len(digests)


def check_digest(folder: Path) -> int:
    """The number of files, once all are as they were bundled.

    Raises ValueError naming the first that is missing or other. Files that came besides are no
    fault: hosts of data sets add their own.
    """
    digests = json.loads((folder / NAME).read_text(encoding="utf-8"))
    for name, wanted in digests.items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{path} is not there; upload the whole bundle again")
        if file_sha256(path) != wanted:
            raise ValueError(f"{path} is not as it was bundled; upload the whole bundle again")
    return len(digests)
