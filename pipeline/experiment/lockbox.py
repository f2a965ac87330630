"""The people that no fold holds, how often they were looked at, and what was judged on the folds.

A score loses its worth a little with every choice that is made by it. So two things are counted
beside the folds: the experiments that were scored on them, and the openings of their lockbox. Each
experiment writes a file of its own there, so that two of them never wait for each other.
"""

from dataclasses import dataclass

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
    every = [read_json(path) for path in sorted(runs.judged.glob("*.json"))]
    return FoldsUse(
        experiments=sum(bool(found["recipes"]) for found in every),
        recipes=len({recipe for found in every for recipe in found["recipes"]}),
        openings=sum(found["openings"] for found in every),
    )


def describe_use(use: FoldsUse) -> str:
    """The same in words."""
    experiments = "experiment" if use.experiments == 1 else "experiments"
    recipes = "recipe" if use.recipes == 1 else "recipes"
    return f"{use.experiments} {experiments} ({use.recipes} {recipes}) judged on these folds so far"


def read_lockbox_scores(runs: Runs) -> list[dict]:
    """The scores that `./run.sh lockbox` wrote of this experiment, newest; none before.

    Each has source (`ensemble`, `stack`), answer, lockbox and oof: metric, value, low, high,
    num_images, num_people.
    """
    return read_json(runs.lockbox_scores)["scores"] if runs.lockbox_scores.exists() else []


def _read_own(runs: Runs) -> dict:
    path = runs.judged_by_this
    return read_json(path) if path.exists() else {"recipes": [], "openings": 0}
