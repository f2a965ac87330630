"""audit, first part: nearly the same image under two names, in two folds, in train and test."""

import numpy as np
import pandas as pd

from pipeline.experiment.tasks import contest_tasks, targets_of
from pipeline.experiment.work import Work
from pipeline.features.audit.pure.phash import (
    correlate,
    distances,
    near_duplicates,
    perceptual_hashes,
)
from pipeline.features.audit.similarity import embedding_cosines
from pipeline.folds.joined_people import join_people
from pipeline.labels.fixes import FIX_COLUMNS
from pipeline.people.features import upper_halves
from pipeline.storage import display_path, write_table

BLOCK = 1 << 16  # pairs correlated at once
PAIR_COLUMNS = ("image_id", "other", "person_id", "other_person", "fold", "other_fold", "parts")
PAIR_COLUMNS += ("leak", "distance", "correlation", "mirrored", "embedding", "differ")


def find_copies(work: Work, images: pd.DataFrame) -> pd.DataFrame:
    """All pairs of nearly the same image: their places left and right in `images`, the hashes'
    distance, the crops' correlation, and whether one is the other's mirror image. Best first."""
    upper = upper_halves(work, images["row"], said="audit: thumbnails")
    plain, mirrored = perceptual_hashes(upper)
    found = []
    for turned, others in ((False, plain), (True, mirrored)):
        pairs = near_duplicates(plain, others if turned else None)
        looks = upper[:, :, ::-1] if turned else upper
        for start in range(0, len(pairs), BLOCK):
            some = pairs[start : start + BLOCK]
            alike = correlate(upper[some[:, 0]], looks[some[:, 1]])
            near = alike >= work.settings.audit.correlation
            block = pd.DataFrame(some[near], columns=["left", "right"])
            block["distance"] = distances(plain, others, some[near])
            found.append(block.assign(correlation=alike[near], mirrored=turned))
    empty = {"left": int, "right": int, "distance": int, "correlation": float, "mirrored": bool}
    pairs = pd.concat([pd.DataFrame(columns=list(empty)).astype(empty), *found])
    pairs = pairs.sort_values(["correlation", "left", "right"], ascending=[False, True, True])
    return pairs.drop_duplicates(["left", "right"]).reset_index(drop=True)


def name_copies(work: Work, images: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The table of pairs: of different people by name, or of train and test. Leaks come first."""
    one, two = (images.iloc[pairs[side]].reset_index(drop=True) for side in ("left", "right"))
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
        differ=_differences(work, one, two, both=both.to_numpy()),
    )
    kept = table[across | (both & (table["leak"] | (one["person_id"] != two["person_id"])))]
    kept = kept.sort_values(["leak", "parts"], ascending=[False, True], kind="stable")
    return kept.assign(embedding=embedding_cosines(work, images, kept))


def joined_people(images: pd.DataFrame, pairs: pd.DataFrame, *, people: pd.Series) -> np.ndarray:
    """Who is in each image when nearly the same images show one person."""
    return join_people(people.to_numpy(), pairs["left"].to_numpy(), pairs["right"].to_numpy())


def write_joins(work: Work, images: pd.DataFrame, pairs: pd.DataFrame) -> int:
    """Writes fixes that give the people of a copied image one name, and gives their number."""
    train = pairs[(images.iloc[pairs["right"]]["part"] == "train").to_numpy()]
    joined = joined_people(images, train, people=images["person_id"])
    frame = pd.DataFrame(
        {"image_id": "", "person_id": images["person_id"], "column": "person_id", "value": joined}
    )
    frame = frame[(frame["person_id"] != joined) & (images["part"] == "train")]
    frame = frame.drop_duplicates("person_id").assign(
        reason="nearly the same image stands under both names"
    )
    write_table(work.runs.audited("people.csv"), frame[list(FIX_COLUMNS)])
    return len(frame)


def copy_lines(work: Work, images: pd.DataFrame, table: pd.DataFrame, *, joins: int) -> list[str]:
    """The findings in sentences."""
    counts = images["part"].value_counts()
    number, limit = counts.get("train", 0), work.settings.audit.correlation
    inside, across = table[table["parts"] == "train"], table[table["parts"] != "train"]
    lines, leaks = [], inside[inside["leak"]]
    if not len(inside):
        lines.append(
            f"copies: no two of {number:,} train images of different people are nearly the same"
        )
    else:
        touched = len(set(inside["image_id"]) | set(inside["other"]))
        lines.append(
            f"copies: {touched:,} of {number:,} train images are nearly the same as one under "
            f"another name: {len(inside):,} pairs in pairs.csv, the clearest in pairs.png"
        )
    seen = inside["embedding"].dropna()
    if len(seen):
        lines.append(
            f"  a trained member finds {(seen > 0.5).mean():.0%} of {len(seen):,} of them alike "
            f"(cosine of its embeddings above 0.5, median {seen.median():.2f})"
        )
    if len(leaks):
        touched = len(set(leaks["image_id"]) | set(leaks["other"]))
        lines.append(
            f"  LEAK: {len(leaks):,} of these pairs, with {touched:,} images, lie in two folds: "
            f"what is learnt by heart in one is asked in the other, and OOF scores are too high"
        )
        path = display_path(work.runs.audited("people.csv"))
        turned = int(leaks["mirrored"].sum())
        lines.append(
            f"  to mend it, in a copy of the config under a new name: folds.lookalikes: {limit:g}"
            + (f" (it misses {turned:,} mirrored pairs)" if turned else "")
            + f"; or name {path} as fixes: in the competition file ({joins:,} people join others)"
        )
    elif len(inside):
        lines.append("  no pair lies in two folds: no leak between folds")
    if len(across):
        touched, trained = across["other"].nunique(), across["image_id"].nunique()
        lines.append(
            f"  {touched:,} of {counts.get('test', 0):,} test images are nearly the same as one "
            f"of {trained:,} train images: the leaderboard will be kinder than OOF, in which "
            f"nobody is seen twice"
        )
    elif counts.get("test", 0):
        lines.append(f"  no test image (n = {counts['test']:,}) is nearly a train image")
    return lines


def _differences(
    work: Work, one: pd.DataFrame, two: pd.DataFrame, *, both: np.ndarray
) -> np.ndarray:
    """The tasks whose labels differ between the two train images of each pair, as words."""
    words = np.full(len(one), "", dtype=object)
    labelled = both & one["fold"].notna().to_numpy() & two["fold"].notna().to_numpy()
    rows = np.flatnonzero(labelled)
    if not len(rows):
        return words
    tasks = contest_tasks(work.settings)
    left, right = (targets_of(tasks, side.iloc[rows].reset_index()) for side in (one, two))
    for task in tasks:
        for row in rows[left[task.name] != right[task.name]]:
            words[row] = f"{words[row]} {task.name}".strip()
    return words
