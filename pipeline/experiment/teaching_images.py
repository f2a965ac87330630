"""The images that a cell learns from: the contest's own beside its fold, and other data's."""

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.images_table import (
    EXTRA,
    held_out,
    read_all_images,
    read_labelled,
    split_column,
    usable,
)
from pipeline.experiment.tasks import member_tasks, targets_of
from pipeline.labels.tasks import is_labelled
from pipeline.storage import Runs, read_table

NO_FOLD = -1  # the fold of an image of other data: no fold holds it out


def read_teaching(settings: Experiment, runs: Runs) -> pd.DataFrame:
    """The labelled images as `read_labelled` has them, and behind them those of other data.

    These are in no fold. Where the contest names the same person, they have the person's name of
    the folds, and so has who is on a copy of the contest's images; images of people in the lockbox
    and copies of test images are left out.
    """
    labelled = read_labelled(runs)
    if not settings.competition.extra:
        return labelled
    every = read_all_images(runs)
    extra = usable(every, reject=settings.crop.reject, part=EXTRA)
    person_of = every.set_index("image_id")["person_id"]
    extra = _without_copies(runs, extra, person_of=person_of)
    if settings.folds.lockbox:
        locked = person_of[read_table(runs.lockbox)["image_id"]]
        extra = extra[~extra["person_id"].isin(set(locked))].reset_index(drop=True)
    # the split may have joined people who look alike, under the name of one of them
    own_names = person_of[labelled["image_id"]]
    joined = dict(zip(own_names, labelled["person_id"], strict=True))
    people = extra["person_id"].map(joined)
    splits = {split_column(repeat): NO_FOLD for repeat in range(settings.folds.repeats)}
    extra = extra.assign(**splits, person_id=people.where(people.notna(), extra["person_id"]))
    return pd.concat([labelled, extra], ignore_index=True)


def _without_copies(runs: Runs, extra: pd.DataFrame, *, person_of: pd.Series) -> pd.DataFrame:
    """The images of other data without copies of test images; whoever is on a copy of a train image
    has the contest's name. A copy of two people's images is left out: either may be held out."""
    if not runs.extra_copies.exists():  # of folds that were made before copies were looked for
        return extra
    copies = read_table(runs.extra_copies)
    away = set(copies.loc[copies["part"] == "test", "image_id"])
    own = copies[copies["part"] == "train"]
    shown = own.assign(
        known=own["image_id"].map(person_of), name=own["other"].astype(str).map(person_of)
    )
    names = shown.groupby("known")["name"].agg(["first", "nunique"])
    people_there = set(person_of[own["other"].astype(str)])
    other_name = names.index.isin(people_there) & (names.index != names["first"])
    several = set(names.index[(names["nunique"] > 1) | other_name])
    kept = extra[~extra["image_id"].isin(away) & ~extra["person_id"].isin(several)]
    people = kept["person_id"].map(names["first"])
    renamed = people.where(people.notna(), kept["person_id"])
    return kept.assign(person_id=renamed).reset_index(drop=True)


def count_unnamed_extra(runs: Runs) -> int:
    """How many images of other data do not name their person: each is a person of its own."""
    extra = usable(read_all_images(runs), part=EXTRA)
    return int((extra["person_id"] == extra["image_id"]).sum())


def is_taught(settings: Experiment, member: str, images: pd.DataFrame, *, fold: int) -> pd.Series:
    """Which of the images (N,) bool, as `read_teaching` has them, a member's cell of a fold learns.

    All that the fold does not hold out; but of other data only those that have a label of the
    member's tasks, and whose person the fold does not hold out.
    """
    held = held_out(settings, images, fold)
    is_extra = images["part"] == EXTRA
    if not is_extra.any():
        return ~held
    left_out = is_extra & images["person_id"].isin(set(images.loc[held, "person_id"]))
    left_out[is_extra] |= ~has_label(settings, member, images[is_extra])
    return ~held & ~left_out


def has_label(settings: Experiment, member: str, images: pd.DataFrame) -> np.ndarray:
    """Which of the images (N,) bool have a label of one of the member's tasks."""
    tasks = member_tasks(settings, settings.members[member])
    found = np.zeros(len(images), dtype=bool)
    for target in targets_of(tasks, images).values():
        found |= is_labelled(target)
    return found
