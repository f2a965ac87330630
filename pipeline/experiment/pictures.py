"""The tables of images that training and inference read."""

from collections.abc import Sequence

import pandas as pd

from pipeline.config import Experiment
from pipeline.storage import REFIT, Runs, read_json, read_table, shown
from pipeline.tables import FACES, FOLDS, IMAGES, OK, check_same_ids, check_table, pick


def read_pictures(runs: Runs) -> pd.DataFrame:
    """The images table with what the crop stage found: columns row, how and face_status added."""
    images = check_table(read_table(runs.images), IMAGES)
    faces = check_table(read_table(runs.faces), FACES)
    folders = " ".join(shown(path.parent) for path in (runs.faces, runs.crops, runs.folds))
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
    """The train pictures that have a label, a crop and a fold, in the order of their ids."""
    folds = check_table(read_table(runs.folds), FOLDS)
    pictures = pick(read_pictures(runs), sorted(folds["image_id"]), what="images")
    folds = pick(folds, pictures["image_id"], what="folds")
    people = folds["person_id"].to_numpy()  # the split's word: it may have joined lookalikes
    splits = {name: folds[name].to_numpy() for name in folds if name.startswith("fold")}
    if runs.certificate.exists():  # it was written of the very folds
        proven = read_json(runs.certificate)["pictures_per_fold"]
        found = [int((splits["fold"] == fold).sum()) for fold in range(len(proven))]
        if found != proven or len(folds) != sum(proven):
            raise ValueError(
                f"{runs.folds} was edited: its folds hold {found} pictures, and {proven} when it "
                "was written; without the file the same command splits anew"
            )
    return pictures.assign(**splits, person_id=people)


def held_out(settings: Experiment, pictures: pd.DataFrame, fold: int) -> pd.Series:
    """Which of the pictures (N,) bool a fold holds out, of whichever split it is; REFIT: none."""
    if fold == REFIT:
        return pd.Series(False, index=pictures.index)
    repeat, place = divmod(fold, settings.folds.num)
    return pictures[split_column(repeat)] == place


def split_column(repeat: int) -> str:
    """The column of the folds table that a split stands in."""
    return "fold" if repeat == 0 else f"fold_{repeat}"


def read_test(runs: Runs) -> pd.DataFrame:
    """The test pictures to be answered, in the contest's order; those without a crop have row -1.
    Files that the contest does not ask for (junk, unlisted) are not among them."""
    pictures = read_pictures(runs)
    asked = (pictures["part"] == "test") & ~pictures["status"].isin(("junk", "unlisted"))
    return pictures[asked].reset_index(drop=True)


def usable(pictures: pd.DataFrame, *, reject: Sequence[str] = ()) -> pd.DataFrame:
    """The train pictures that are readable, labelled, cropped and not rejected for their faces."""
    fits = (pictures["part"] == "train") & (pictures["status"] == OK) & (pictures["row"] >= 0)
    if "no_face" in reject:
        fits &= pictures["how"] != "centre"
    if "several_faces" in reject:
        fits &= pictures["num_faces"] < 2
    return pictures[fits].reset_index(drop=True)
