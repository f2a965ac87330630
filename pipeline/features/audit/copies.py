"""audit, first part: near-duplicates: one image under two names, in two folds, in both parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.grouping import JOIN_LOOKALIKES
from pipeline.experiment.tasks import contest_tasks, targets_of
from pipeline.faces.crop_store import open_crops
from pipeline.features.audit.figures import show_pairs
from pipeline.features.audit.similarity import embedding_cosines
from pipeline.folds.joined_people import join_people
from pipeline.images.near_copies import find_copies
from pipeline.labels.fixes import FIX_COLUMNS
from pipeline.labels.tasks import Task
from pipeline.labels.units import Unit
from pipeline.people.features import upper_halves
from pipeline.storage import Runs, display_path, write_table

PAIR_COLUMNS = (
    *("image_id", "other", "person_id", "other_person", "fold", "other_fold", "parts"),
    *("leak", "distance", "correlation", "mirrored", "embedding", "differ"),
)


@dataclass(frozen=True)
class Copies:
    """Nearly the same images: `pairs` has all, `table` those of different people or parts."""

    pairs: pd.DataFrame  # left, right (rows of the images), distance, correlation, mirrored
    table: pd.DataFrame  # the same with PAIR_COLUMNS
    lines: list[str]  # the findings in sentences


def audit_copies(settings: Experiment, runs: Runs, images: pd.DataFrame, *, unit: Unit) -> Copies:
    """Finds copies among the images (all with a crop) and writes pairs.csv, people.csv, pairs.png.

    `unit` is what the folds keep together.
    """
    crops = open_crops(runs.crops)
    upper = upper_halves(crops, images["row"], said="audit: thumbnails")
    pairs = find_copies(upper, correlation=settings.audit.correlation)
    table = name_copies(settings, runs, images, pairs)
    write_table(runs.audited("pairs.csv"), table[list(PAIR_COLUMNS)])
    fixes = runs.audited("people.csv")
    joins = write_joins(fixes, images, table)
    lines = copy_lines(images, table, joins=joins, fixes=display_path(fixes), unit=unit)
    show_pairs(runs.audited("pairs.png"), crops, images, table, number=settings.audit.sheet)
    return Copies(pairs, table, lines)


def name_copies(
    settings: Experiment, runs: Runs, images: pd.DataFrame, pairs: pd.DataFrame
) -> pd.DataFrame:
    """The table of pairs: of different people by name, or of train and test. Leaks come first."""
    one = images.iloc[pairs["left"]].reset_index(drop=True)
    two = images.iloc[pairs["right"]].reset_index(drop=True)
    both = (one["part"] == "train") & (two["part"] == "train")
    across = (one["part"] == "train") & (two["part"] == "test")  # train stands first in images
    table = pairs.assign(
        image_id=one["image_id"],
        other=two["image_id"],
        person_id=one["person_id"],
        other_person=two["person_id"],
        fold=one["fold"],
        other_fold=two["fold"],
        parts=np.where(both, "train", "train+test"),
        leak=both & one["fold"].notna() & two["fold"].notna() & (one["fold"] != two["fold"]),
        differ=_differences(contest_tasks(settings), one, two, both=both.to_numpy()),
    )
    kept = table[across | (both & (table["leak"] | (one["person_id"] != two["person_id"])))]
    kept = kept.sort_values(["leak", "parts"], ascending=[False, True], kind="stable")
    return kept.assign(embedding=embedding_cosines(settings, runs, images, kept))


def joined_people(people: pd.Series, pairs: pd.DataFrame) -> np.ndarray:
    """Who is in each image (N,) of these people when nearly the same images show one person."""
    return join_people(people.to_numpy(), pairs["left"].to_numpy(), pairs["right"].to_numpy())


def write_joins(path: Path, images: pd.DataFrame, pairs: pd.DataFrame) -> int:
    """Writes fixes that give the people of a copied image one name; returns how many fixes."""
    train = pairs[(images.iloc[pairs["right"]]["part"] == "train").to_numpy()]
    joined = joined_people(images["person_id"], train)
    frame = pd.DataFrame(
        {"image_id": "", "person_id": images["person_id"], "column": "person_id", "value": joined}
    )
    frame = frame[(frame["person_id"] != joined) & (images["part"] == "train")]
    frame = frame.drop_duplicates("person_id").assign(
        reason="nearly the same image stands under both names"
    )
    write_table(path, frame[list(FIX_COLUMNS)])
    return len(frame)


def copy_lines(
    images: pd.DataFrame, table: pd.DataFrame, *, joins: int, fixes: str, unit: Unit
) -> list[str]:
    """The findings in sentences; `joins` person ids become others by the file of `fixes`."""
    counts = images["part"].value_counts()
    num_train, num_test = counts.get("train", 0), counts.get("test", 0)
    inside = table[table["parts"] == "train"]
    across = table[table["parts"] != "train"]
    lines = [_pairs_line(inside, num_train, unit=unit)]
    seen = inside["embedding"].dropna()
    if len(seen):
        lines.append(
            f"  a trained member finds {(seen > 0.5).mean():.0%} of {len(seen):,} of them alike "
            f"(cosine of its embeddings above 0.5, median {seen.median():.2f})"
        )
    leaks = inside[inside["leak"]]
    if len(leaks):
        lines.append(
            f"  LEAK: {len(leaks):,} of these pairs, with {_num_images(leaks):,} images, lie in "
            "two folds: what is learnt by heart in one is asked in the other, and OOF scores are "
            "too high"
        )
        lines.append(
            f"  to mend it, in a copy of the config under a new name: {JOIN_LOOKALIKES}; or name "
            f"{fixes} as fixes: in the competition file ({joins:,} person ids become others)"
        )
    elif len(inside):
        lines.append("  no pair lies in two folds: these copies are no leak between folds")
    if len(across):
        also = ", in which nobody is seen twice" if unit == "people" else ""
        lines.append(
            f"  {across['other'].nunique():,} of {num_test:,} test images are nearly the same as "
            f"one of {across['image_id'].nunique():,} train images: the leaderboard will be kinder "
            f"than OOF{also}"
        )
    elif num_test:
        lines.append(f"  no test image (n = {num_test:,}) is nearly a train image")
    return lines


def _pairs_line(inside: pd.DataFrame, num_train: int, *, unit: Unit) -> str:
    """How many train images are nearly the same as one that counts as somebody else's."""
    if not len(inside):
        of_whom = " of different people" if unit == "people" else ""
        return f"copies: no two of {num_train:,} train images{of_whom} are nearly the same"
    other = "one under another name" if unit == "people" else "another that counts apart"
    return (
        f"copies: {_num_images(inside):,} of {num_train:,} train images are nearly the same as "
        f"{other}: {len(inside):,} pairs in pairs.csv, the clearest in pairs.png"
    )


def _num_images(pairs: pd.DataFrame) -> int:
    return len(set(pairs["image_id"]) | set(pairs["other"]))


def _differences(
    tasks: Sequence[Task], one: pd.DataFrame, two: pd.DataFrame, *, both: np.ndarray
) -> np.ndarray:
    """The tasks whose labels differ between the two train images of each pair, as words."""
    words = np.full(len(one), "", dtype=object)
    labelled = both & one["fold"].notna().to_numpy() & two["fold"].notna().to_numpy()
    rows = np.flatnonzero(labelled)
    if not len(rows):
        return words
    left = targets_of(tasks, one.iloc[rows].reset_index())
    right = targets_of(tasks, two.iloc[rows].reset_index())
    for task in tasks:
        for row in rows[left[task.name] != right[task.name]]:
            words[row] = f"{words[row]} {task.name}".strip()
    return words
