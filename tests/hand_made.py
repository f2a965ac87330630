"""Experiments of a contest without images, from tables made by hand: no network is trained."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from pipeline.config import load_experiment, write_settings
from pipeline.experiment.fingerprints import infer_key
from pipeline.experiment.work import Work
from pipeline.storage import Cell, Runs, stamp, write_json, write_table, write_text

NUM, FOLDS = 120, 4
RNG = np.random.default_rng(0)
PEOPLE = [f"p{i // 2}" for i in range(NUM)]
FOLD = (np.arange(NUM) // 2) % FOLDS
SEX, AGE = RNG.integers(2, size=NUM), RNG.integers(10, 80, size=NUM)
OLD = (AGE >= 40).astype(int)
SEX_TASK = {"kind": "multiclass", "classes": ["m", "f"], "metric": "accuracy"}
OLD_TASK = {"kind": "multiclass", "column": "age", "edges": [40]}
YES_TASK = {"kind": "binary", "column": "sex", "classes": ["m", "f"]}
YEARS_TASK = {"kind": "regression", "column": "age", "low": 0, "high": 99}
SEXES, OLDS = ["m", "f"], ["<40", ">=40"]


def make_work(
    folder: Path, *, tasks: dict, answer: dict, tables: dict[str, pd.DataFrame], **more
) -> Work:
    """An experiment whose cells are trained and inferred: `tables` are the members' predictions."""
    configs = folder / "configs"
    (configs / "competitions").mkdir(parents=True, exist_ok=True)
    competition = {"layout": "table", "table": {}, "root": str(folder), "tasks": tasks}
    competition |= {"answer": answer, "submission": more.pop("submission", {})}
    competition["truth"] = more.pop("truth", False)
    (configs / "competitions/hand.yaml").write_text(yaml.safe_dump(competition, sort_keys=False))
    members = {
        name: {"tasks": {c.split(".")[0]: {} for c in frame.columns}, "backbone": "test_resnet"}
        for name, frame in tables.items()
    }
    places = {"runs": f"{folder}/runs", "submissions": f"{folder}/submissions"}
    experiment = {"competition": "hand", "folds": {"num": FOLDS}, "members": members}
    experiment |= {"bootstrap": 200, "device": "cpu", **places, **more}
    (configs / "hand.yaml").write_text(yaml.safe_dump(experiment, sort_keys=False))
    settings = load_experiment("hand", [], configs=configs)
    work = Work(settings=settings, runs=Runs(settings), command=[])
    _write_data(work.runs)
    for name, frame in tables.items():
        parts = {"oof": [], "test": []}
        for fold in range(FOLDS):
            cell, held = Cell(name, fold, 777), fold == FOLD
            keys = {"fold": fold, "seed": 777, "view": "identity"}
            ids = [f"i{i}" for i in np.flatnonzero(held)]
            oof = pd.DataFrame({"image_id": ids, **keys}).join(frame[held].reset_index(drop=True))
            write_table(work.runs.oof(cell), oof)
            write_json(work.runs.done(cell), {"images_per_second": 50, "num_parameters": 2_000_000})
            parts["oof"].append(oof)
            test = pd.DataFrame({"image_id": ["t1", "t0"], **keys})
            parts["test"].append(test.join(frame.iloc[:2].reset_index(drop=True)))
        for part, frames in parts.items():
            write_table(work.runs.predictions(name, part), pd.concat(frames, ignore_index=True))
            stamp(work.runs.predictions(name, part), infer_key(work.settings, name))
    return work


def _write_data(runs: Runs) -> None:
    ids = [f"i{i}" for i in range(NUM)]
    words = np.array(["m", "f"])[SEX]
    images = {"image_id": ids, "path": ids, "person_id": PEOPLE, "part": "train", "status": "ok"}
    train = pd.DataFrame({**images, "message": "", "sex": words, "age": AGE.astype(str)})
    test = train.iloc[:2].assign(image_id=["t1", "t0"], part="test", person_id=None)
    frame = pd.concat([train, test], ignore_index=True)
    write_table(runs.images, frame)
    box = dict.fromkeys(("x1", "y1", "x2", "y2", "probability", "num_faces"), 1)
    faces = pd.DataFrame({"image_id": frame["image_id"], **box, "how": "mtcnn", "status": "ok"})
    write_table(runs.faces, faces.assign(message="", row=range(len(frame))))
    write_table(runs.folds, pd.DataFrame({"image_id": ids, "person_id": PEOPLE, "fold": FOLD}))


def probs(task: str, words: list[str], truth: np.ndarray, *, share: float) -> pd.DataFrame:
    """Predictions that are right for about `share` of the images."""
    right = RNG.random(NUM) < share
    answers = np.where(right, truth, (truth + 1) % len(words))
    values = np.full((NUM, len(words)), 0.3 / max(len(words) - 1, 1))
    values[np.arange(NUM), answers] = 0.7
    return pd.DataFrame(values, columns=[f"{task}.{word}" for word in words])


def store(work: Work) -> Work:
    """Leaves the settings in the run's folder, as train does."""
    write_text(work.runs.settings, write_settings(work.settings))
    return work


def copy_as(work: Work, name: str, **changes: object) -> Work:
    """The same predictions as an experiment of another name, with other settings."""
    settings = work.settings.model_copy(update={"name": name, **changes})
    other = Work(settings=settings, runs=Runs(settings), command=[])
    shutil.copytree(work.runs.experiment, other.runs.experiment)
    return store(other)


def places(folder: Path) -> list[str]:
    return [f"runs={folder}/runs", f"submissions={folder}/submissions", "bootstrap=200"]


def product(folder: Path) -> Work:
    sex = probs("sex", SEXES, SEX, share=0.9)
    old = probs("old", OLDS, OLD, share=0.8)
    joint = probs("answer", ["m/<40", "m/>=40", "f/<40", "f/>=40"], SEX * 2 + OLD, share=0.6)
    work = make_work(
        folder,
        tasks={"sex": SEX_TASK, "old": OLD_TASK},
        answer={"tasks": ["sex", "old"], "metric": "accuracy"},
        tables={"s": sex, "o": old, "j": joint},
        compare={"two": ["s", "o"]},
        ensemble={"members": ["s", "o"]},
    )
    return store(work)
