"""The ledger's table: every submission that was made, once, and what became of it.

`ensemble` and `stack` record what they write; `ledger` and `submit` add what they learn.
"""

import hashlib
import json
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config import Experiment
from pipeline.labels.layouts import read_csv
from pipeline.metrics.metrics import is_metric
from pipeline.metrics.paired import show_number
from pipeline.storage import (
    Runs,
    atomic_write,
    display_path,
    hold_lock,
    now,
    read_table,
    write_json,
    write_table,
)
from pipeline.storage.digests import file_sha256

KEY = ("competition", "sha256")
COLUMNS = (
    *("when", "name", *KEY, "experiment", "file", "rows", "method", "members", "weights"),
    *("views", "decision", "metric", "oof", "low", "high", "images", "people"),
)
# an earlier version's ledger lacks them; a user may add more. `caveat` says of an OOF score that it
# is an upper bound; the others are filled in later
OPTIONAL = ("caveat", "score", "share", "scored", "submitted")
UPPER_BOUND = "upper bound"


def record_submission(
    settings: Experiment, runs: Runs, path: Path, record: Mapping[str, Any], *, command: list[str]
) -> list[str]:
    """Keeps a copy of a submission and its line in the ledger; sentences to print.

    `record` is what stands beside the submission: sha256, answers, oof (metric, value, low, high,
    num_images, num_people), decision, method, members, weights, views. The same answers are
    recorded once, whatever their name. Raises ValueError for a ledger that cannot be read.
    """
    sha256 = file_sha256(path)
    score = record["oof"]
    copy = runs.archived(path, sha256=sha256)
    if not copy.exists():
        with atomic_write(copy) as temporary:
            shutil.copyfile(path, temporary)
        write_json(copy.with_suffix(".json"), dict(record))
    row = {
        "when": now(),
        "name": path.stem,
        "competition": settings.competition.name,
        "sha256": sha256,
        "experiment": settings.name,
        "file": copy.relative_to(runs.submissions).as_posix(),
        "rows": record["answers"],
        "method": record["method"],
        "members": " ".join(record["members"]),
        "weights": "" if record["weights"] is None else json.dumps(record["weights"]),
        "views": " ".join(record["views"]),
        "decision": record["decision"],
        "metric": score["metric"],
        "oof": score["value"],
        "low": score["low"],
        "high": score["high"],
        "images": score["num_images"],
        "people": score["num_people"],
        "caveat": UPPER_BOUND if record.get("caveat") else "",
    }
    with ledger_open(runs, command=command) as frame:
        same = frame[(frame["sha256"] == sha256) & (frame["competition"] == row["competition"])]
        if not len(same):
            frame.loc[len(frame)] = {**dict.fromkeys(frame.columns, ""), **_as_text(row)}
    if not len(same):
        where = f"{display_path(runs.ledger)}, copy kept in {display_path(copy)}"
        return [f"{path.name} is recorded in {where}"]
    first = same.iloc[0]
    score = f", leaderboard {first['score']}" if first["score"] else ""
    return [
        f"{path.name} has the same answers as {first['name']} of {first['when']} "
        f"(OOF {show_number(float(first['oof']))}{score}): not recorded again"
    ]


def read_ledger(runs: Runs) -> pd.DataFrame:
    """All recorded submissions, every cell as text; empty when there is none.

    Raises ValueError naming the file and what is wrong in it.
    """
    path = runs.ledger
    if not path.exists():
        return pd.DataFrame(columns=[*COLUMNS, *OPTIONAL], dtype=str)
    frame = read_csv(path, needs=COLUMNS)
    for column in OPTIONAL:
        if column not in frame.columns:
            frame[column] = ""
    unknown = ~frame["metric"].map(is_metric)
    if unknown.any():
        line, found = int(unknown.to_numpy().argmax()) + 2, frame.loc[unknown, "metric"].iloc[0]
        raise ValueError(f"{display_path(path)} line {line}: no metric is called {found!r}")
    for column in ("rows", "oof", "low", "high", "images", "people", "score", "share"):
        numbers = pd.to_numeric(frame[column], errors="coerce")
        wrong = numbers.isna() & (frame[column] != "") & (frame[column] != "nan")
        if wrong.any():
            line = int(wrong.to_numpy().argmax()) + 2
            found = frame.loc[wrong, column].iloc[0]
            raise ValueError(
                f"{display_path(path)} line {line}: {column} is {found!r}, not a number"
            )
    return frame


@contextmanager
def ledger_open(runs: Runs, *, command: list[str]) -> Iterator[pd.DataFrame]:
    """The ledger to be changed in place, written when the block ends; one process at a time."""
    with hold_lock(runs.ledger_lock, command=shlex.join(command)):
        frame = read_ledger(runs)
        before = frame.copy()
        yield frame
        if not frame.equals(before):
            write_table(runs.ledger, frame)


def data_digests(runs: Runs) -> dict[str, str]:
    """The sha256 of what the index says, of the crops and of the folds, of those that are there."""
    found = {}
    if runs.images.exists():  # its content: a parquet file also names who wrote it
        text = read_table(runs.images).to_csv(index=False)
        found["images"] = hashlib.sha256(text.encode()).hexdigest()
    files = {"crops": runs.crops, "folds": runs.folds}
    return found | {name: file_sha256(path) for name, path in files.items() if path.exists()}


def _as_text(row: Mapping[str, Any]) -> dict[str, str]:
    """A number's shortest text that reads back as the same number."""
    return {
        key: repr(float(value)) if isinstance(value, float) else str(value)
        for key, value in row.items()
    }
