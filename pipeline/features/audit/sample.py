"""The images that audit looks at: all with a crop, and the sample that its probes see."""

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.grouping import named
from pipeline.experiment.images_table import read_images_table
from pipeline.features.audit.probing import Sample, draw_groups, probe_features
from pipeline.storage import Runs, read_table
from pipeline.tables import FACES, check_table, pick


def audited_images(settings: Experiment, runs: Runs) -> pd.DataFrame:
    """Every cropped image but those of the lockbox, train first: the images and faces columns, the
    fold (NaN without one), `person_id` as the contest has it (the image_id where nobody is named),
    `split_person` as the folds do."""
    images = read_images_table(runs)
    faces = pick(check_table(read_table(runs.faces), FACES), images["image_id"], what="faces")
    for name in ("probability", "x1", "y1", "x2", "y2"):
        images[name] = faces[name].to_numpy()
    images = images[images["row"] >= 0]
    if settings.folds.lockbox:
        images = images[~images["image_id"].isin(read_table(runs.lockbox)["image_id"])]
    order = (images["part"] == "test").to_numpy().argsort(kind="stable")
    images = images.iloc[order].reset_index(drop=True)
    # an id that is only the image's own must not meet that of a test image
    known = images["person_id"].where(named(images), images["image_id"])
    folds = read_table(runs.folds).set_index("image_id")
    split = images["image_id"].map(folds["person_id"])
    return images.assign(
        person_id=known.astype(str),
        split_person=split.where(split.notna(), known).astype(str),
        fold=images["image_id"].map(folds["fold"]).astype(float),
    )


def draw_sample(
    settings: Experiment, crops: np.ndarray, images: pd.DataFrame, people: np.ndarray
) -> Sample:
    """Of each part whole people, as many images as the settings say, with their features."""
    audit = settings.audit
    has_fold = images["fold"].notna().to_numpy()
    is_test = (images["part"] == "test").to_numpy()
    places = []
    for part in (has_fold, is_test):
        where = np.flatnonzero(part)
        chosen = draw_groups(people[where], number=audit.images, seed=audit.seed)
        places.append(where[chosen])
    chosen = np.sort(np.concatenate(places))
    return Sample(chosen, probe_features(settings, crops, images.iloc[chosen]))


def labelled_part(
    sample: Sample, images: pd.DataFrame, labelled: pd.DataFrame, people: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """What of the sample has labels and folds: these rows of `labelled` in their order, their
    features (n, d) and who is in them (n,), of the `people` of all images."""
    place = pd.Series(np.arange(len(images)), index=images["image_id"])
    places = place[labelled["image_id"]].to_numpy()
    is_sampled = np.isin(places, sample.places)
    rows = np.searchsorted(sample.places, places[is_sampled])
    known = people[places[is_sampled]]
    return labelled[is_sampled].reset_index(drop=True), sample.features[rows], known
