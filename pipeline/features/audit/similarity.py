"""How alike a trained member finds the two images of a pair."""

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.cells import member_cells, trained_members
from pipeline.storage import Runs


def embedding_cosines(
    settings: Experiment, runs: Runs, images: pd.DataFrame, table: pd.DataFrame
) -> np.ndarray:
    """The cosine (p,) of each pair's embeddings, NaN without a trained member and for pairs beyond
    as many images as the probe looks at.

    Both images are looked at by one cell, the first member's first: two cells' features can't
    be compared. They are centred on the mean of the images seen.
    """
    cosines = np.full(len(table), np.nan)
    members = trained_members(settings, runs)
    if not members or not len(table):
        return cosines
    from pipeline.people.embeddings import cell_features

    some = table.head(settings.audit.images // 2)
    places = np.unique(some[["left", "right"]].to_numpy())
    cell = member_cells(settings, members[0])[0]
    features = cell_features(settings, runs, cell, images["row"].to_numpy()[places])
    features = features - features.mean(axis=0)
    features = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    left, right = (features[np.searchsorted(places, some[side])] for side in ("left", "right"))
    cosines[: len(some)] = np.clip((left * right).sum(axis=1), -1.0, 1.0)
    return cosines
