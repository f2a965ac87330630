"""Answers of several images: which images are answered together, and the one row of each group.

A group is a person, an album or a video: what one row of the answer file names. The images table
says the group of each image in its column GROUP; a contest whose answer is of one image has none.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.labels.tasks import Task, class_numbers, encode, is_missing, label_texts
from pipeline.tables import OK, check_same_ids, same_but_spelling

GROUP = "answer_per"  # the column of the images table
FOLDER = "folder"  # the word for the folder that an image lies in
SHOWN = 3  # names that a sentence shows
NOT_ASKED = ("junk", "unlisted")  # statuses of test images that want no answer


def is_grouped(images: pd.DataFrame) -> bool:
    """Whether several images are answered together."""
    return GROUP in images.columns


def say_alone(verb: str, *, per: str) -> str:
    """What a stage says that looks at single images of a contest that answers several together."""
    return f"each image is {verb} by itself; the contest wants one answer per {per}"


def name_groups(images: pd.DataFrame, *, per: str) -> tuple[pd.DataFrame, list[str]]:
    """The images table with the group of each image, and sentences about images of none.

    `per` is a column that the layout's reader has put into GROUP, another column of the table, or
    the word for an image's folder. A train image of no group is answered alone; a test image of no
    group is not asked for. Raises ValueError where nobody has a group.
    """
    groups = _values(images, per)
    known = groups.notna() & (groups.astype(str).str.strip() != "")
    test = (images["part"] == "test") & ~images["status"].isin(NOT_ASKED)
    if test.any() and not known[test].any():
        raise ValueError(
            f"answer.per: no test image has a value in {per!r}; the test table needs this column, "
            f"or answer.per: {FOLDER} takes the name of the folder that an image lies in"
        )
    train = images["part"] == "train"
    if train.any() and not known[train].any():
        raise ValueError(f"answer.per: no train image has a value in {per!r}")
    frame = images.assign(**{GROUP: groups.astype(object).where(known, None)})
    frame = frame.astype({"message": object, "status": object})
    notes = []
    alone = train & ~known & (frame["status"] == OK)
    if alone.any():
        notes.append(f"{_images(alone)} of train have no {per}: each is a group of its own")
    frame.loc[train & ~known, GROUP] = frame.loc[train & ~known, "image_id"]
    unasked = test & ~known
    if unasked.any():
        first = frame.loc[unasked, "path"].iloc[0]
        notes.append(
            f"{_images(unasked)} of test have no {per}, so no row asks for them: the first is "
            f"{first!r}"
        )
        frame.loc[unasked, ["status", "message"]] = ["unlisted", f"no value in {per}"]
    return frame, notes


def ask_for_groups(
    images: pd.DataFrame, asked: Sequence[str], *, per: str, source: str
) -> tuple[pd.DataFrame, list[str]]:
    """The images table with exactly the test groups that the sample file `source` asks for.

    A group without an image gets a row of its own, `missing`; images of a group that is not asked
    for are `unlisted`. Sentences say how many there are of both. Raises ValueError where ids are
    spelt in another way, or no group is asked for.
    """
    test = (images["part"] == "test") & ~images["status"].isin(NOT_ASKED)
    wanted, found = pd.Index(asked), pd.Index(images.loc[test, GROUP].unique())
    without, extra = wanted.difference(found, sort=False), found.difference(wanted, sort=False)
    if same_but_spelling(without, extra) or not len(found.intersection(wanted)):
        check_same_ids(asked, found, what=f"ids of {source}", other=f"{per} of the test images")
    frame, notes = images, []
    if len(extra):
        unasked = test & images[GROUP].isin(extra)
        frame = frame.astype({"message": object, "status": object})
        frame.loc[unasked, ["status", "message"]] = ["unlisted", f"{source} does not ask for it"]
        notes.append(
            f"{_images(unasked)} of test are of {_names(extra, per)} that {source} does not ask for"
        )
    if len(without):
        rows = pd.DataFrame({"image_id": [f"{name}#none" for name in without]})
        rows = rows.assign(**{GROUP: list(without), "path": "", "part": "test"})
        rows = rows.assign(status="missing", message=f"no image of this {per}", person_id=None)
        sizes = {name: 0 for name in ("width", "height") if name in frame.columns}
        frame = pd.concat([frame, rows.assign(**sizes)], ignore_index=True)
        notes.append(f"{source} asks for {_names(without, per)} without an image")
    return frame, notes


def check_group_labels(
    images: pd.DataFrame, tasks: Sequence[Task], *, per: str, truth: bool
) -> list[str]:
    """Sentences about groups whose images have several labels of an answer's task: the mean of
    numbers is theirs. Raises ValueError naming the first group with several classes."""
    parts = ("train", "test") if truth else ("train",)
    labelled = images[images["part"].isin(parts) & (images["status"] == OK)]
    notes = []
    for task in tasks:
        values = pd.Series(_comparable(task, labelled[task.column]), index=labelled.index)
        known = labelled.assign(value=values)[values.notna()]
        counts = known.groupby(["part", GROUP], sort=False)["value"].nunique()
        several = counts[counts > 1]
        if not len(several):
            continue
        part, first = several.index[0]
        rows = known[(known["part"] == part) & (known[GROUP] == first)]
        found = rows[task.column].value_counts(sort=False)
        shown = ", ".join(f"{word} {count}" for word, count in found.head(SHOWN).items())
        groups = f"1 {per} has" if len(several) == 1 else f"{len(several)} {per} have"
        said = f"{groups} several labels of {task.name}, the first is {first!r} ({shown})"
        if not _is_number(task):
            raise ValueError(
                f"answer.per: {said}; one answer needs one label: competition.fixes mends it"
            )
        notes.append(f"{said}: the truth of one is the mean of its labels")
    return notes


def group_rows(images: pd.DataFrame, tasks: Sequence[Task]) -> pd.DataFrame:
    """A row a group, in the order in which they first appear: `image_id` is the group's name.

    Its label is the one of its labelled images, the mean of numbers, and none where classes differ.
    `row` is -1 where no image has a crop. Other columns are those of its first image.
    """
    codes, names = pd.factorize(images[GROUP])
    frame = images.drop_duplicates(GROUP).reset_index(drop=True)
    frame = frame.assign(image_id=names)
    if "row" in images.columns:
        rows = pd.Series(images["row"].to_numpy()).groupby(codes).max()
        frame["row"] = rows.to_numpy()
    for task in tasks:
        if task.column in images.columns:
            frame[task.column] = _group_labels(task, images[task.column], codes, len(names))
    return frame


def lost_groups(test: pd.DataFrame, lost: np.ndarray) -> pd.DataFrame:
    """One row of each test group; it is a `lost` one (N,) bool only where all its images are."""
    order = np.argsort(lost, kind="stable")  # those that are there first
    return test.iloc[order].drop_duplicates(GROUP)


def _values(images: pd.DataFrame, per: str) -> pd.Series:
    """The group (N,) of each image as it is written."""
    if GROUP in images.columns and images[GROUP].notna().any():
        return images[GROUP]
    if per in images.columns:
        return images[per]
    if per == FOLDER:
        folders = images["path"].str.rpartition("/")[0]
        return folders.str.rpartition("/")[2]
    known = ", ".join(images.columns.difference([GROUP]))
    raise ValueError(f"answer.per: the contest has no column {per!r}; it has {known}")


def _group_labels(task: Task, values: pd.Series, codes: np.ndarray, number: int) -> list:
    """One label a group as it is written in the table, None where there is none."""
    written = values.to_numpy(dtype=object)
    same = _comparable(task, values)
    known = ~np.isnan(same)
    labels: list = [None] * number
    table = pd.DataFrame({"code": codes[known], "same": same[known], "written": written[known]})
    found = table.groupby("code")
    lowest, highest, mean = (found["same"].agg(how) for how in ("min", "max", "mean"))
    first = found["written"].first()
    for code in lowest.index:
        if lowest[code] == highest[code]:
            labels[code] = first[code]
        elif _is_number(task):
            labels[code] = float(mean[code])
    return labels


def _comparable(task: Task, values: pd.Series) -> np.ndarray:
    """Labels (N,) as numbers, equal where the labels mean the same; NaN for a missing one."""
    if _is_number(task):
        return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    if task.kind == "multilabel":
        texts = label_texts(task, encode(task, values, image_ids=values.index.to_series()))
        codes = pd.factorize(texts)[0].astype(np.float64)
        return np.where(codes < 0, np.nan, codes)
    codes = class_numbers(task, values).astype(np.float64)
    return np.where(is_missing(task, values) | (codes < 0), np.nan, codes)


def _is_number(task: Task) -> bool:
    return task.kind == "regression" or bool(task.edges)


def _images(rows: pd.Series) -> str:
    count = int(rows.sum())
    return f"{count} image{'s' * (count != 1)}"


def _names(names: pd.Index, per: str) -> str:
    shown = ", ".join(map(repr, names[:SHOWN])) + (", …" if len(names) > SHOWN else "")
    return f"{len(names)} {per} ({shown})"
