"""Which images stay together, which of them are locked away, and the fold of each; for split."""

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.config.preprocessing import Folds
from pipeline.experiment.images_table import split_column
from pipeline.folds.assignment import AssignedFolds, search_folds
from pipeline.folds.joined_people import join_groups
from pipeline.folds.lockbox import draw_lockbox, keep_lockbox
from pipeline.folds.reuse import reuse_folds
from pipeline.labels.answer_groups import GROUP, is_grouped
from pipeline.people.lookalikes import describe_lookalikes, lookalike_groups
from pipeline.preprocessing.fold_labels import folds_of_column
from pipeline.storage import Runs, read_table
from pipeline.tables import FOLDS, check_table


def keep_together(settings: Experiment, runs: Runs, images: pd.DataFrame) -> np.ndarray:
    """What stays together (n,), by a name: the contest's people, joined where faces look alike if
    asked, and where they are of one file."""
    people = images["person_id"].fillna(images["image_id"]).astype(str).to_numpy()
    if images["path"].duplicated().any():  # several faces of one file: they share its background
        people = join_groups(people, pd.factorize(images["path"])[0])
    if is_grouped(images):  # what is answered together stays together
        people = join_groups(people, pd.factorize(images[GROUP])[0])
    similarity = settings.folds.lookalikes
    if similarity is None:
        return people
    groups = lookalike_groups(settings, runs, images["image_id"], similarity=similarity)
    joined = join_groups(people, groups)
    print(f"split: {describe_lookalikes(people, joined, similarity=similarity)}")
    return joined


def lock_away(folds: Folds, runs: Runs, units: np.ndarray, labels: pd.DataFrame) -> np.ndarray:
    """Which images (n,) bool no fold may hold."""
    if not folds.lockbox:
        return np.zeros(len(units), dtype=bool)
    if runs.fixes is not None and runs.unfixed_lockbox.exists():
        return keep_lockbox(units, set(read_table(runs.unfixed_lockbox)["person_id"]))
    return draw_lockbox(units, labels, share=folds.lockbox, seed=folds.seed)


def assign_split(
    folds: Folds,
    runs: Runs,
    images: pd.DataFrame,
    units: np.ndarray,
    labels: pd.DataFrame,
    *,
    repeat: int,
) -> AssignedFolds:
    """The fold (n,) of each image in one split, the `repeat`-th from 0; units stay together.

    Folds that were made before labels were fixed are kept, so that scores compare.
    """
    if folds.by == "column":
        assert folds.column is not None  # the settings see to it
        found = folds_of_column(images, column=folds.column, num_folds=folds.num)
        return AssignedFolds(found, start="")
    if folds.by == "person" and runs.fixes is not None and runs.unfixed_folds.exists():
        before = check_table(read_table(runs.unfixed_folds), FOLDS)
        earlier = dict(zip(before["person_id"], before[split_column(repeat)], strict=True))
        print("split: fixes mend labels, so the folds from before them stay, and scores compare")
        return AssignedFolds(reuse_folds(units.tolist(), earlier, num_folds=folds.num), start="")
    seed = folds.seed + repeat
    return search_folds(units, labels, num_folds=folds.num, seed=seed, by=folds.by)
