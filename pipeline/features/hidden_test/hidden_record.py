"""Answers to other test images among the submissions: their file's name, and their ledger line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config import fingerprint_of
from pipeline.experiment.work import Work
from pipeline.features.hidden_test.test_part import HiddenTest
from pipeline.leaderboard.ledger import record_submission
from pipeline.storage import Runs, display_path, is_fresh, read_json, write_json


def free_path(runs: Runs, test: HiddenTest) -> Path:
    """NAME-FOLDERNAME.csv; with a few letters of the place's hash behind it where the answers to
    another place have that name already."""
    path = runs.test_submission(test.name)
    record = path.with_suffix(".json")
    if not record.is_file() or read_json(record).get("test") == str(test.place):
        return path
    return runs.test_submission(f"{test.name}-{fingerprint_of([str(test.place)])[:6]}")


def record_hidden(work: Work, path: Path, first: Path, key: Mapping[str, Any]) -> list[str]:
    """Adds the answers to the ledger with the OOF score of the contest's own submission `first`,
    which the same cells and rules made; sentences."""
    runs = work.runs
    if not is_fresh(first, key):
        return [
            f"{path.name} is not in the ledger: what it scores out of fold is known once "
            f"{display_path(first)} is made"
        ]
    known = read_json(first.with_suffix(".json"))
    record = read_json(path.with_suffix(".json"))
    record |= {name: known[name] for name in ("oof", "caveat", "decision", "parts", "data")}
    write_json(path.with_suffix(".json"), record)
    return record_submission(work.settings, runs, path, record, command=work.command)
