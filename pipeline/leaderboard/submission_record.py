"""The record beside a submission: what reproduce makes the submission again from."""

import json
import re
from pathlib import Path
from typing import Any

from pipeline.storage import Runs, display_path, is_fresh, read_json
from pipeline.storage.digests import file_sha256

NEEDS = ("settings", "fixes", "sha256", "method", "provenance")


def is_written(path: Path, recipe: Any) -> bool:
    """Whether a submission was made from this recipe and still holds the bytes of its record."""
    return is_fresh(path, recipe) and _holds_its_record(path)


def keep_changed(runs: Runs, path: Path, recipe: Any) -> list[str]:
    """Moves a submission that somebody changed to the archive, for it is about to be written again;
    a sentence that says so. One that another recipe made has its copy there already."""
    if not is_fresh(path, recipe) or _holds_its_record(path):
        return []
    kept = runs.archived(path, sha256=file_sha256(path))
    kept.parent.mkdir(parents=True, exist_ok=True)
    path.replace(kept)
    return [
        f"{display_path(path)} was no longer what its record names, so it is written again; what "
        f"stood there is kept as {display_path(kept)}"
    ]


def _holds_its_record(path: Path) -> bool:
    record = path.with_suffix(".json")
    return record.is_file() and read_json(record).get("sha256") == file_sha256(path)


def read_submission_record(word: str) -> tuple[Path, dict[str, Any]]:
    """The path and content of the record that a word names, itself or by its submission.

    Raises ValueError for a file that is no record, or one that does not hold all that is needed.
    """
    path = Path(word)
    path = path.with_suffix(".json") if path.suffix in (".csv", ".txt") else path
    if not path.is_file():
        raise ValueError(f"no file {path}; reproduce takes the .json beside a submission")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(
            f"{path}: holds no JSON, so it is no record of a submission; reproduce takes the .json "
            "that ensemble and stack write beside a submission"
        ) from None
    lacking = [key for key in NEEDS if not isinstance(record, dict) or key not in record]
    if lacking:
        raise ValueError(
            f"{path}: not a submission's record, or one of an older form, which does not hold all "
            f"that is needed: no {lacking[0]!r}; the same experiment run again writes a whole one"
        )
    for key in ("settings", "provenance", "sha256", "data"):
        if not _is_sound(key, record):
            raise ValueError(f"{path}: its {key!r} is not what ensemble and stack write there")
    return path, record


def _is_sound(key: str, record: dict[str, Any]) -> bool:
    """Whether a key of the record has the form in which ensemble and stack write it."""
    value = record.get(key, {})
    if key == "sha256":
        return re.fullmatch("[0-9a-f]{64}", str(value)) is not None
    if key == "settings":
        return isinstance(value, dict) and isinstance(value.get("competition"), dict)
    if key == "provenance":
        return isinstance(value, dict) and isinstance(value.get("packages", {}), dict)
    return isinstance(value, dict)


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is not as it was, in words: code, interpreter, machine, device, packages."""
    changes = []
    for key in ("git", "python", "machine"):
        if then.get(key) != now.get(key):
            changes.append(f"{key} was {then.get(key)}, is {now.get(key)}")
    if then.get("git_dirty"):
        changes.append("the code had changes that were not committed")
    packages = now["packages"]
    for name, version in then.get("packages", {}).items():
        if version != packages.get(name):
            changes.append(f"{name} was {version}, is {packages.get(name, 'not there')}")
    return changes
