"""Contests whose layout and recipe the project ships: found by their files, taken with their words.

Only the root is the user's. The lite recipe is for a machine without a GPU.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.features.new_contest.survey import Survey

MOST = 0.8  # of the images whose names must fit
UTKFACE = re.compile(r"\d{1,3}_[01]_[0-4]_\d+(\.\w+)+")
CACD = re.compile(r"\d{1,3}_.*\D.*_\d{4,}\.\w+")
AFAD = re.compile(r"(AFAD-(Full|Lite)/)?\d{1,3}/(111|112)/[^/]+")
OCCLUSION = {"filename", "FaceOcclusion", "gender"}
PSTAGE = {"id", "gender", "race", "age", "path"}


@dataclass(frozen=True)
class Shipped:
    """A contest of configs/competitions, and by what it was known."""

    name: str
    title: str
    why: str


def find_shipped(survey: Survey, headers: Mapping[str, Sequence[str]]) -> Shipped | None:
    """The shipped contest that lies here; `headers` are the columns of each table by its name."""
    tables = set(survey.tables)
    if set(headers.get("train/train.csv", ())) >= PSTAGE and survey.images_below("train/images"):
        return Shipped("masks", "Naver P-stage", "train/train.csv and a folder for each person")
    splits = {f"gt_avg_{part}.csv" for part in ("train", "valid", "test")}
    if splits <= tables:
        return Shipped(
            "age-appa", "APPA-REAL", "gt_avg_train.csv, gt_avg_valid.csv, gt_avg_test.csv"
        )
    if set(headers.get("train.csv", ())) >= OCCLUSION and "test.csv" in tables:
        return Shipped("occlusion", "IDEMIA occlusion", "the columns of train.csv")
    folders = {path.partition("/")[0] for path in survey.images}
    if "label_train.txt" in tables and {"train_img", "val_img"} <= folders:
        return Shipped("attribute64", "TheraPanacea", "train_img, label_train.txt and val_img")
    if tables:
        return None
    if _most_fit(survey, AFAD, whole=True):
        return Shipped("age-afad", "AFAD", "folders <age>/<111 or 112>")
    if _most_fit(survey, UTKFACE, folder="UTKFace"):
        return Shipped("utkface", "UTKFace", "names such as 25_0_2_20170116.jpg.chip.jpg")
    if _most_fit(survey, CACD, folder="CACD2000"):
        return Shipped("age-cacd", "CACD2000", "names such as 23_First_Last_0001.jpg")
    return None


def shipped_text(shipped: Shipped, *, configs: Path, root: str, lite: bool) -> str:
    """One file of the shipped contest and its recipe, with this root."""
    contest = (configs / f"competitions/{shipped.name}.yaml").read_text(encoding="utf-8")
    recipe = configs / f"{shipped.name}{'-lite' if lite else ''}.yaml"
    contest = re.sub(r"(?m)^root: [^#\n]*?(\s*#.*)?$", f"root: {root}", contest)
    inside = "".join(f"  {line}\n" if line else "\n" for line in contest.splitlines())
    experiment = recipe.read_text(encoding="utf-8")
    return re.sub(r"(?m)^competition: .*\n", lambda _: f"competition:\n{inside}", experiment)


def _most_fit(
    survey: Survey, pattern: re.Pattern[str], *, folder: str = "", whole: bool = False
) -> bool:
    """Whether most images are called so, and lie where the layout's reader looks."""
    if not survey.images:
        return False
    fitting = 0
    for path in survey.images:
        place = PurePosixPath(path)
        if whole:
            fitting += pattern.fullmatch(path) is not None
        elif place.parent.as_posix() in (".", folder):
            fitting += pattern.fullmatch(place.name) is not None
    return fitting >= MOST * len(survey.images)
