"""A whole run in small, for tests of whether another way to launch it gives the same bytes."""

import hashlib
import json
import shutil
from pathlib import Path

from pipeline.config.experiment import STAGE_FOLDERS
from tests.conftest import tiny

CLOCKS = {"seconds", "images_per_second", "memory_mb"}


def run_words(contest: Path, folder: Path, *more: str) -> list[str]:
    """Three members on two folds, one with a refit and an average of its weights."""
    small = ["folds.num=2", "members.age.refit=true", "members.age.epochs=2", "members.age.ema=0.9"]
    small += ["members.age.best=last"]  # or its refit may have one epoch alone
    return [*tiny("sample", root=contest, folder=folder), *small, *more]


def begin_at_training(plain: Path, folder: Path) -> None:
    """Puts the images, faces, crops and folds of a run into another's folder."""
    for part in ("images", "faces", "crops", "folds"):
        (found,) = (plain / "runs/sample").glob(f"{part}-*")
        shutil.copytree(found, folder / "runs/sample" / found.name)


def digests(folder: Path) -> dict[str, str]:
    """What every weight, table and answer holds, by its path; clocks and provenance left out, and
    what later stages made of them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = str(path.relative_to(folder))
        if any(part in STAGE_FOLDERS for part in path.relative_to(folder).parts):
            continue
        if path.suffix in (".safetensors", ".parquet", ".npy", ".csv") and path.is_file():
            found[inside] = hashlib.sha256(path.read_bytes()).hexdigest()
        if path.name == "history.jsonl":
            rows = [json.loads(row) for row in path.read_text().splitlines()]
            kept = [{k: v for k, v in row.items() if k not in CLOCKS} for row in rows]
            found[inside] = json.dumps(kept)
    return found


def answerer_of(words: list[str], **options):
    """The ensemble of a run as a function of images."""
    from pipeline.config import load_experiment
    from pipeline.experiment.work import Work
    from pipeline.features.stack.predictor import load_stack_layers
    from pipeline.inference.face_predictor import FacePredictor
    from pipeline.storage import PROJECT, Runs

    settings = load_experiment(words[1], words[2:], configs=PROJECT / "configs")
    work = Work(settings=settings, runs=Runs(settings), command=[])
    return FacePredictor(
        work.settings,
        work.runs,
        **options,
        stack=load_stack_layers(work.settings, work.runs, by=options.get("by", "ensemble")),
    )
