"""The people that no fold holds, how often they were looked at, and what was judged on the folds.

A score loses its worth a little with every choice that is made by it. So two things are counted
beside the folds: the experiments that were scored on them, and the openings of their lockbox. Each
experiment writes a file of its own there, so that two of them never wait for each other.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.config import Experiment, fingerprint_of
from pipeline.experiment.images_table import read_images_table
from pipeline.storage import Runs, read_json, read_table, write_json
from pipeline.tables import pick


@dataclass(frozen=True)
class FoldsUse:
    """How often a split was used to judge something."""

    experiments: int  # that have scores on it
    recipes: int  # different members of them
    openings: int  # of its lockbox, by any experiment


def read_lockbox(runs: Runs) -> pd.DataFrame:
    """The train images in the lockbox, with their crops' rows, in the order of their ids."""
    table = read_table(runs.lockbox)
    images = pick(read_images_table(runs), sorted(table["image_id"]), what="images")
    units = pick(table, images["image_id"], what="lockbox")["person_id"].to_numpy()
    return images.assign(person_id=units)  # the split's word: it may have joined lookalikes


def record_judged(runs: Runs, settings: Experiment) -> None:
    """Remembers that an experiment's members have scores on its folds."""
    found = _read_own(runs)
    members = [member.model_dump(mode="json") for member in settings.members.values()]
    recipes = {*found["recipes"], fingerprint_of(members)}
    write_json(runs.judged_by_this, {**found, "recipes": sorted(recipes)})


def record_opening(runs: Runs) -> FoldsUse:
    """Counts one more opening of the lockbox by this experiment."""
    found = _read_own(runs)
    write_json(runs.judged_by_this, {**found, "openings": found["openings"] + 1})
    return read_use(runs)


def read_use(runs: Runs) -> FoldsUse:
    """How often the experiment's folds were used so far, by all experiments."""
    return _use_of(runs.judged)


def use_by_experiment(runs: Runs, competition: str) -> dict[str, FoldsUse]:
    """By the name of each experiment of a contest how often its folds were used."""
    uses = {}
    for folder in runs.judged_folders(competition):
        use = _use_of(folder)
        for path in sorted(folder.glob("*.json")):
            uses[path.stem] = use
    return uses


def describe_use(use: FoldsUse) -> str:
    """The same in words."""
    experiments = "experiment" if use.experiments == 1 else "experiments"
    recipes = "recipe" if use.recipes == 1 else "recipes"
    return f"{use.experiments} {experiments} ({use.recipes} {recipes}) judged on these folds so far"


def describe_openings(use: FoldsUse) -> str:
    """How often the lockbox was looked at, in words."""
    return "opened once" if use.openings == 1 else f"opened {use.openings} times"


def read_lockbox_scores(runs: Runs, *, experiment: str | None = None) -> list[dict]:
    """The scores that `./run.sh lockbox` wrote last of this experiment, or of another one; none
    before.

    Each has source (`ensemble`, `stack`), answer, lockbox and oof: metric, value, low, high,
    num_images, num_people, unit.
    """
    path = runs.lockbox_scores
    if experiment is not None:
        path = runs.of_experiment(experiment) / path.name
    return read_json(path)["scores"] if path.exists() else []


def _use_of(folder: Path) -> FoldsUse:
    every = [read_json(path) for path in sorted(folder.glob("*.json"))]
    recipes = set()
    for found in every:
        recipes.update(found["recipes"])
    return FoldsUse(
        experiments=sum(bool(found["recipes"]) for found in every),
        recipes=len(recipes),
        openings=sum(found["openings"] for found in every),
    )


def _read_own(runs: Runs) -> dict:
    path = runs.judged_by_this
    return read_json(path) if path.exists() else {"recipes": [], "openings": 0}
