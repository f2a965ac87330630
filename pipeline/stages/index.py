"""index: the contest's own tables and folders become the images table, one row an image."""

import pandas as pd

from pipeline.experiment.settings_guard import table_digests
from pipeline.experiment.work import Work
from pipeline.labels.layouts import read_csv
from pipeline.preprocessing.measure_images import (
    add_groups,
    check_labels,
    measure_all,
    mend,
    read_images,
)
from pipeline.storage import display_path, write_json, write_table
from pipeline.tables import IMAGES, OK, check_same_ids, check_table


def check(work: Work) -> None:
    """Raises ValueError when the contest's folder is not there, or the file of its fixes."""
    contest = work.settings.competition
    if contest.drawn is None and not work.runs.root.is_dir():
        raise ValueError(
            f"root: no folder {work.runs.root}; say where the images of {contest.name} lie with "
            "root=/path/to/folder"
        )
    if work.runs.fixes is not None and not work.runs.fixes.is_file():
        raise ValueError(
            f"competition.fixes: no file {contest.fixes!r} in {work.runs.root} or in the project"
        )


def run(work: Work) -> None:
    write_json(work.runs.tables, table_digests(work))  # before they are read, and before the index
    frame = measure_all(work, add_groups(work, mend(work, read_images(work))))
    usable = (frame["part"] == "train") & (frame["status"] == OK)
    if not usable.any():
        raise ValueError(_say_unusable(work, frame))
    check_labels(work, frame[usable])
    _check_sample(work, frame)
    write_table(work.runs.images, check_table(frame, IMAGES))
    counts = frame.groupby(["part", "status"]).size()
    said = ", ".join(f"{part} {status}: {count}" for (part, status), count in counts.items())
    people = frame.loc[usable, "person_id"].nunique()
    print(f"index: {said}; {people} people in train; wrote {display_path(work.runs.images)}")


def _say_unusable(work: Work, frame: pd.DataFrame) -> str:
    """Why there is nothing to learn from: which status how many rows have, and the first row."""
    train, root = frame[frame["part"] == "train"], work.runs.root
    if not len(train):
        return f"{root}: the train table has no rows"
    found = train["status"].value_counts().items()
    counts = ", ".join(f"{count} {status}" for status, count in found)
    first = train.iloc[0]
    return (
        f"{root}: no train image that can be read and has its labels ({counts}); the first is "
        f"{root / first['path']}: {first['message']}; do the layout's images: and path: fit?"
    )


def _check_sample(work: Work, frame: pd.DataFrame) -> None:
    """Raises ValueError when the contest's sample file asks for other ids than the test part."""
    options, test = work.settings.competition.submission, frame[frame["part"] == "test"]
    if options.sample is None or not len(test):
        return
    sample = read_csv(work.runs.root / options.sample, needs=(options.id,))
    asked = test.loc[~test["status"].isin(["junk", "unlisted"]), "image_id"]
    check_same_ids(sample[options.id], asked, what=f"ids of {options.sample}")
