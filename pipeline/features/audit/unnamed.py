"""The leak probe where not everybody is named: split runs it, before a GPU is paid for."""

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.images_table import read_labelled
from pipeline.faces.crop_store import open_crops
from pipeline.features.audit.leaks import probe_leaks
from pipeline.features.audit.probing import draw_groups, probe_features
from pipeline.folds.joined_people import join_groups
from pipeline.models.pretrained import has_weights_here
from pipeline.people.lookalikes import BACKBONE, lookalike_groups
from pipeline.storage import Runs


def probe_without_names(settings: Experiment, runs: Runs) -> list[str]:
    """What look-alikes in two folds are worth to a simple model, in sentences; a sentence why not
    where the weights it needs are not on this machine."""
    audit = settings.audit
    for backbone in (BACKBONE, audit.backbone):
        if backbone is not None and not has_weights_here(backbone):
            return [f"leak probe: left out, {backbone} has no weights on this machine"]
    labelled = read_labelled(runs)
    units = labelled["person_id"].astype(str).to_numpy()
    chosen = draw_groups(units, number=audit.images, seed=audit.seed)
    sample = labelled.iloc[chosen].reset_index(drop=True)
    features = probe_features(settings, open_crops(runs.crops), sample)
    people = join_lookalikes(settings, runs, sample, units[chosen])
    return probe_leaks(settings, runs, sample, features, people=people)[1]


def join_lookalikes(
    settings: Experiment, runs: Runs, images: pd.DataFrame, people: np.ndarray
) -> np.ndarray:
    """The people (n,) of these images, joined where their faces look alike; as they are where
    the folds have joined them already."""
    if settings.folds.lookalikes is not None:
        return people
    return join_groups(people, lookalike_groups(settings, runs, images["image_id"]))
