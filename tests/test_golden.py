"""A whole contest gives what it gave before: the same folds, predictions, scores and answers.

A small sample contest is made through ./run.sh in a copy of the project (so paths, and the names
that recipes give to folders, are the same everywhere), and compared with golden.json. What no
machine may change is compared exactly: which tables there are, folds, ids, columns, row counts.
Floats are so where torch and the CPU are those that golden.json was made with; elsewhere their
range, mean and spread, and nearly all answers, have to agree.

    UPDATE_GOLDEN=1 ./run.sh test tests/test_golden.py    # results are meant to change

Nothing is imported from the project, so moved modules need no change here.
"""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

PROJECT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).with_name("golden.json")
LEFT_OUT = {"runs", "submissions", "data", "shared", "tests"}  # and what is hidden
WORDS = (
    *("competition.drawn.people=16", "competition.drawn.test_people=10", "folds.num=2"),
    # few and small steps: AdamW at the sample's rate makes 0.01 out of another CPU's last digits
    *("defaults.epochs=2", "defaults.image_size=64", "defaults.optimiser=sgd", "defaults.lr=3e-3"),
    *("members.gender.optimiser=adamw", "members.gender.lr=1e-4"),
    # a second seed, an average of weights, and networks that learn from everybody
    *("members.mask.seeds=[777,778]", "members.gender.ema=0.9"),
    *("defaults.refit=true", "defaults.best=last", "infer.use=both"),
    *("bootstrap=100", "stack.keep=point", "device=cpu", "parallel=1"),  # point: layers are kept
)
ANSWERS = ("submissions/sample.csv", "submissions/sample-stack.csv")
TABLES = ("scores.csv", "stack.csv", "*/oof.parquet", "*/*/oof.parquet", "*/oof_views.parquet")
TABLES += ("*/test.parquet", "*/test_views.parquet", "stack_oof.parquet")

TOLERANCE = 1e-3  # of a summary of predictions on another CPU
SCORE_TOLERANCE = 0.02  # of a mean of scores there: one image that flips is a step
MIN_EQUAL = 0.97  # of the answers there


def environment() -> dict[str, str]:
    """What the last digits of a float depend on."""
    import torch

    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    return {
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cpu": model[0] if model else "",
    }


def make_contest(folder: Path) -> None:
    """Copies the project's files into `folder` and makes a small contest there."""

    def left_out(inside: str, names: list[str]) -> set[str]:
        hidden = {name for name in names if name.startswith(".") or name == "__pycache__"}
        return hidden | (LEFT_OUT if Path(inside) == PROJECT else set())

    shutil.copytree(PROJECT, folder, ignore=left_out)
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PIPELINE_TRACEBACK")}
    environ |= {"PIPELINE_PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    for stages in (["crop", "train", "infer"], ["stack"]):
        command = ["./run.sh", *stages, *WORDS]
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def digest(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def describe_column(values: pd.Series) -> dict[str, Any]:
    """A float column in numbers, any other by its content."""
    if values.dtype.kind == "f":
        numbers = values.to_numpy(np.float64)
        known = numbers[np.isfinite(numbers)]
        told = [known.min(), known.mean(), known.max(), known.std()] if len(known) else []
        told = [float(f"{number:.8g}") for number in told]
        return {"type": str(values.dtype), "known": len(known), "summary": told}
    kind = str(values.dtype) if values.dtype.kind in "iub" else "text"
    return {"type": kind, "sha256": digest("\n".join(map(str, values)))}


def describe_table(path: Path) -> dict[str, Any]:
    """Rows and columns, each with its type, and one hash over every value in its order."""
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    columns = {str(name): describe_column(frame[name]) for name in frame.columns}
    content = hashlib.sha256(json.dumps([[n, c["type"]] for n, c in columns.items()]).encode())
    for name in frame.columns:
        is_float = frame[name].dtype.kind == "f"
        content.update(frame[name].to_numpy().tobytes() if is_float else b"")
        content.update(b"" if is_float else "\n".join(map(str, frame[name])).encode())
    return {"rows": len(frame), "columns": columns, "sha256": content.hexdigest()}


def describe_answers(path: Path) -> dict[str, Any]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    ids, answers = zip(*rows, strict=True)
    return {
        "sha256": digest(path.read_bytes()),
        "header": header,
        "ids": digest("\n".join(ids)),
        "answers": " ".join(answers),
    }


def describe(folder: Path) -> dict[str, Any]:
    """All that golden.json keeps of a contest made in `folder`."""
    runs = folder / "runs/sample"
    tables = sorted({path for pattern in TABLES for path in runs.glob(pattern)})
    exact = {path: digest(path.read_bytes()) for path in sorted(runs.glob("folds-*/folds.csv"))}
    every = [p for p in folder.rglob("*") if p.suffix in (".csv", ".parquet", ".npy")]
    every = [p for p in every if p.is_relative_to(runs) or p.parent == folder / "submissions"]
    return {
        "environment": environment(),
        "files": sorted(str(path.relative_to(folder)) for path in every),
        "exact": {str(path.relative_to(folder)): hash_ for path, hash_ in exact.items()},
        "answers": {name: describe_answers(folder / name) for name in ANSWERS},
        "tables": {str(path.relative_to(folder)): describe_table(path) for path in tables},
    }


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    """What differs, a sentence each."""
    same = found["environment"] == wanted["environment"]
    for name in sorted({*found["files"]} ^ {*wanted["files"]}):
        yield f"{name}: {'is new' if name in found['files'] else 'is missing'}"
    if found["exact"] != wanted["exact"]:
        yield f"folds: {found['exact']}, were {wanted['exact']}"
    for name, was in wanted["answers"].items():
        now = found["answers"][name]
        if (now["header"], now["ids"]) != (was["header"], was["ids"]):
            yield f"{name}: other ids or another header: {now['header']}, was {was['header']}"
            continue
        pairs = list(zip(now["answers"].split(), was["answers"].split(), strict=True))
        equal = sum(a == b for a, b in pairs) / len(pairs)
        if equal < MIN_EQUAL or (same and now["sha256"] != was["sha256"]):
            yield f"{name}: {equal:.2%} of the answers are as they were"
    for name, was in wanted["tables"].items():
        if name in found["tables"]:
            yield from table_differences(name, found["tables"][name], was, same=same)


def table_differences(
    name: str, now: dict[str, Any], was: dict[str, Any], *, same: bool
) -> Iterator[str]:
    if now["rows"] != was["rows"] or list(now["columns"]) != list(was["columns"]):
        yield f"{name}: {now['rows']} rows of {list(now['columns'])}, "
        yield f"{name}: were {was['rows']} rows of {list(was['columns'])}"
        return
    is_csv = name.endswith(".csv")  # scores, and what stack chose by them
    for column, old in was["columns"].items():
        new = now["columns"][column]
        facts = [{k: v for k, v in one.items() if k != "summary"} for one in (new, old)]
        told = new.get("summary"), old.get("summary")
        chosen = is_csv or column.endswith(".decided")  # may go another way on another CPU
        if facts[0] != facts[1] and (same or not chosen):
            yield f"{name}: {column} is {facts[0]}, was {facts[1]}"
        elif all(told) and not _is_near(*told, only_mean=is_csv):
            yield f"{name}: {column} has least, mean, most, spread {told[0]}, had {told[1]}"
    if same and now["sha256"] != was["sha256"]:
        yield f"{name}: a value differs"


def _is_near(now: list[float], was: list[float], *, only_mean: bool) -> bool:
    if only_mean:
        return abs(now[1] - was[1]) <= SCORE_TOLERANCE
    return np.allclose(now, was, rtol=0, atol=TOLERANCE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("golden") / "project"
    make_contest(made)
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    return describe(folder)


@pytest.fixture(scope="module")
def wanted(found: dict[str, Any]) -> dict[str, Any]:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_a_contest_gives_what_it_gave_before(found: dict, wanted: dict) -> None:
    if found["environment"] != wanted["environment"]:
        text = f"floats are compared loosely: made on {wanted['environment']}, "
        warnings.warn(text + f"this is {found['environment']}", stacklevel=1)
    assert list(differences(found, wanted)) == []


@pytest.mark.parametrize(
    ("by", "seen_here", "seen_elsewhere"), [(1e-6, True, False), (0.05, True, True)]
)
@pytest.mark.parametrize("name", ["mask/test.parquet", "gender/fold0-seed777/oof.parquet"])
def test_a_changed_prediction_is_seen(
    folder: Path, found: dict, name: str, by: float, seen_here: bool, seen_elsewhere: bool
) -> None:
    path = folder / "runs/sample" / name
    kept = path.read_bytes()
    frame = pd.read_parquet(path)
    floats = [column for column in frame.columns if frame[column].dtype.kind == "f"]
    frame.loc[frame[floats[0]].idxmax(), floats[0]] += by
    frame.to_parquet(path)
    try:
        changed = describe(folder)
    finally:
        path.write_bytes(kept)
    assert bool(list(differences(changed, found))) == seen_here
    elsewhere = {**changed, "environment": {"torch": "another"}}
    assert bool(list(differences(elsewhere, found))) == seen_elsewhere


@pytest.mark.parametrize("name", ["submissions/sample.csv", "runs/sample/scores.csv", "folds.csv"])
def test_a_changed_cell_of_a_csv_is_seen(folder: Path, found: dict, name: str) -> None:
    path = folder / name if "/" in name else next(folder.glob(f"runs/sample/*/{name}"))
    kept = path.read_bytes()
    lines = kept.decode().splitlines()
    column = (
        lines[0]
        .split(",")
        .index({"sample.csv": "ans", "scores.csv": "value"}.get(path.name, "fold"))
    )
    cells = lines[1].split(",")
    cells[column] = (
        "0.123" if cells[column].startswith("0.") else str(1 - int(cells[column] == "1"))
    )
    path.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    try:
        assert list(differences(describe(folder), found))
    finally:
        path.write_bytes(kept)
