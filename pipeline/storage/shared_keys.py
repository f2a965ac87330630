"""What the folders that experiments share are named after: a changed recipe makes a new folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import Experiment, fingerprint_of
from pipeline.config.index_key import index_key, label_key, task_key
from pipeline.config.preprocessing import Crop
from pipeline.storage.project import display_path, file_digest


@dataclass(frozen=True)
class SharedKeys:
    """The fingerprint in the name of each shared folder."""

    images: str
    faces: str
    crops: str
    own_crops: dict[str, str]  # by member, of those whose crops are not the experiment's
    folds: str
    unfixed_folds: str  # of the labels as they were before `fixes` changed them


def shared_keys(experiment: Experiment, *, root: Path, fixes: Path | None) -> SharedKeys:
    """The keys of an experiment's data; `fixes` is the file of fixes, where the contest names one.

    Fixes change labels, never where a face is: boxes and crops stay when fixes change. A file that
    is named and not there has keys of its own, so nothing made without it is taken for it.
    """
    contest = experiment.competition
    index = index_key(contest, root=display_path(root))
    labels = dict(index)
    if fixes is not None:
        labels["fixes"] = file_digest(fixes)
    labels |= label_key(contest)

    crop = experiment.crop
    detector: dict[str, Any] = {"faces": crop.faces}
    if crop.faces == "detect":
        detector |= {"min_face": crop.min_face, "thresholds": crop.thresholds}
    boxes = {"index": index, "detector": detector}
    own_crops = {}
    for name in experiment.members:
        own = experiment.member_crop(name)
        if own != crop:
            own_crops[name] = _crops_key(boxes, own)

    folds = experiment.folds
    left_out = {"train"}
    if folds.repeats == 1:
        left_out.add("repeats")
    if not folds.lockbox:  # contests without one keep their folders
        left_out.add("lockbox")
    split: dict[str, Any] = {
        "boxes": boxes,
        "tasks": {name: task_key(task) for name, task in contest.tasks.items()},
        "folds": folds.model_dump(exclude=left_out),
        "reject": sorted(crop.reject),
    }
    unfixed = fingerprint_of(split)
    if fixes is not None:
        split["fixes"] = file_digest(fixes)
    return SharedKeys(
        images=fingerprint_of(labels),
        faces=fingerprint_of(boxes),
        crops=_crops_key(boxes, crop),
        own_crops=own_crops,
        folds=fingerprint_of(split),
        unfixed_folds=unfixed,
    )


def _crops_key(boxes: dict[str, Any], crop: Crop) -> str:
    """Of the crops that are cut around these boxes."""
    cut: list[Any] = [crop.margin, crop.fallback, crop.size]
    if crop.align:  # crops that are not aligned keep their folders
        cut.append("aligned")
    return fingerprint_of({"boxes": boxes, "cut": cut})


def crop_recipe(crop: Crop) -> str:
    """Names how faces are cut, whatever the size of the crops."""
    cut: list[Any] = [crop.faces, crop.margin, crop.fallback]
    if crop.align:
        cut.append("aligned")
    return fingerprint_of(cut)
