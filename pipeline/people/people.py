"""Who is in which image: the contest's names where it gives them, else clusters of look-alikes.

The threshold of a cluster is fitted on train people, whose identity is known. What is found among
held-out images uses a threshold of the other folds' people, so its purity is what to expect.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.fingerprints import people_key
from pipeline.people.clustering import cluster_people
from pipeline.storage import Runs, is_fresh, read_json, read_table, stamp, write_json, write_table
from pipeline.tables import pick

PARTS = ("oof", "test")


@dataclass(frozen=True)
class ImageClusters:
    """Clusters of a part's images, and whether they are good enough to be used."""

    table: pd.DataFrame  # image_id, cluster; where they are not used each image is alone
    used: bool
    said: str  # one sentence
    facts: dict  # how they were found, and how well they agree with people who are known


def test_people(settings: Experiment, runs: Runs) -> pd.DataFrame:
    """Who is in each test image: image_id, cluster; the same number for the same person."""
    return find_people(settings, runs)["test"].table


def find_people(settings: Experiment, runs: Runs) -> dict[str, ImageClusters]:
    """Both parts, `oof` and `test`; read where they were found before with these settings."""
    recipe = people_key(settings, runs)
    place = runs.people("oof").with_suffix(".json")
    if not all(is_fresh(runs.people(part), recipe) for part in PARTS):
        tables, facts = cluster_people(settings, runs)
        write_json(place, facts)
        for part, table in tables.items():
            write_table(runs.people(part), table)
            stamp(runs.people(part), recipe)
    facts = read_json(place)
    return {
        part: ImageClusters(read_table(runs.people(part)), facts["used"], facts["said"], facts)
        for part in PARTS
    }


def clusters_of(table: pd.DataFrame, image_ids: pd.Series) -> np.ndarray:
    """The clusters (N,) of these images, in this order."""
    return pick(table, image_ids, what="people")["cluster"].to_numpy()
