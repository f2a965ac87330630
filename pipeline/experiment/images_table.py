"""The tables of images that training and inference read."""

from collections.abc import Sequence

import pandas as pd

from pipeline.config import Experiment
from pipeline.storage import REFIT, Runs, display_path, read_json, read_table
from pipeline.tables import FACES, FOLDS, IMAGES, OK, check_same_ids, check_table, pick

EXTRA = "extra"  # the part of images that only teach


def read_images_table(runs: Runs) -> pd.DataFrame:
    """The contest's images with what the crop stage found: columns row, how and face_status added.
    Images of other data (`extra`) are not among them."""
    images = read_all_images(runs)
    is_own = images["part"] != EXTRA
    return images if is_own.all() else images[is_own].reset_index(drop=True)


def read_all_images(runs: Runs) -> pd.DataFrame:
    """The same of all images, those of other data too."""
    images = check_table(read_table(runs.images), IMAGES)
    faces = check_table(read_table(runs.faces), FACES)
    folders = " ".join(display_path(path.parent) for path in (runs.faces, runs.crops, runs.folds))
    hint = f"faces of another index; what helps is to remove {folders} and what was trained on them"
    check_same_ids(faces["image_id"], images["image_id"], what=hint)
    faces = pick(faces, images["image_id"], what="faces")
    return images.assign(
        row=faces["row"].to_numpy(),
        how=faces["how"].to_numpy(),
        face_status=faces["status"].to_numpy(),
        num_faces=faces["num_faces"].to_numpy(),
    )


def read_labelled(runs: Runs) -> pd.DataFrame:
    """The train images that have a label, a crop and a fold, in the order of their ids."""
    folds = check_table(read_table(runs.folds), FOLDS)
    images = pick(read_images_table(runs), sorted(folds["image_id"]), what="images")
    folds = pick(folds, images["image_id"], what="folds")
    people = folds["person_id"].to_numpy()  # the split's word: it may have joined lookalikes
    splits = {name: folds[name].to_numpy() for name in folds if name.startswith("fold")}
    if runs.certificate.exists():  # it was written of the very folds
        proven = read_json(runs.certificate)["images_per_fold"]
        found = [int((splits["fold"] == fold).sum()) for fold in range(len(proven))]
        if found != proven or len(folds) != sum(proven):
            raise ValueError(
                f"{runs.folds} was edited: its folds hold {found} images, and {proven} when it "
                "was written; without the file the same command splits again"
            )
    return images.assign(**splits, person_id=people)


def held_out(settings: Experiment, images: pd.DataFrame, fold: int) -> pd.Series:
    """Which of the images (N,) bool a fold holds out, of whichever split it is; REFIT: none."""
    if fold == REFIT:
        return pd.Series(False, index=images.index)
    repeat, place = divmod(fold, settings.folds.num)
    return images[split_column(repeat)] == place


def held_out_anywhere(settings: Experiment, images: pd.DataFrame) -> pd.Series:
    """Which of the images (N,) bool are held out by any fold that is trained."""
    held = pd.Series(False, index=images.index)
    for fold in trained_folds(settings):
        held |= held_out(settings, images, fold)
    return held


def trained_folds(settings: Experiment) -> list[int]:
    """The folds of all splits that are trained, by number."""
    return list(settings.folds.train or range(settings.folds.total))


def scored_split(settings: Experiment) -> str:
    """The column of the folds by which scores are told apart: that of the first trained split."""
    return split_column(min(trained_folds(settings)) // settings.folds.num)


def split_column(repeat: int) -> str:
    """The column of the folds table that a split stands in."""
    return "fold" if repeat == 0 else f"fold_{repeat}"


def read_test(runs: Runs) -> pd.DataFrame:
    """The test images to be answered, in the contest's order; those without a crop have row -1.
    Files that the contest does not ask for (junk, unlisted) are not among them."""
    images = read_images_table(runs)
    asked = (images["part"] == "test") & ~images["status"].isin(("junk", "unlisted"))
    return images[asked].reset_index(drop=True)


def usable(
    images: pd.DataFrame, *, reject: Sequence[str] = (), part: str = "train"
) -> pd.DataFrame:
    """The readable, labelled, cropped images of a part that are not rejected for their faces."""
    fits = (images["part"] == part) & (images["status"] == OK) & (images["row"] >= 0)
    if "no_face" in reject:
        fits &= images["how"] != "centre"
    if "several_faces" in reject:
        fits &= images["num_faces"] < 2
    return images[fits].reset_index(drop=True)
