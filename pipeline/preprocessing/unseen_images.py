"""Images of the contest that can't be seen: how many are allowed, and what is said of them."""

from math import ceil
from pathlib import Path

import pandas as pd

from pipeline.console.installation import COMMAND
from pipeline.labels.answer_groups import is_grouped, lost_groups
from pipeline.labels.find_files import LOST, say_what_lies_there

UNSEEN = (*LOST, "unreadable")  # statuses of a test image that will be answered without a look


def check_test_images(images: pd.DataFrame, *, root: Path, most: float) -> str:
    """'' or a sentence about test images that can't be seen, where they are a share up to `most`.

    Raises ValueError, with the first path and what lies there instead, where they are more.
    """
    test = images[(images["part"] == "test") & ~images["status"].isin(("junk", "unlisted"))]
    what = "test images"
    if is_grouped(test):  # a group is answered from those of its images that are there
        test = lost_groups(test, test["status"].isin(UNSEEN).to_numpy())
        what = "groups of test images"
    unseen = test[test["status"].isin(UNSEEN)]
    if not len(unseen):
        return ""
    first = unseen.iloc[0]
    counts = unseen["status"].value_counts()
    kinds = ", ".join(f"{count} {status}" for status, count in counts.items())
    said = (
        f"{len(unseen)} of {len(test)} {what} can't be read ({kinds}); the first is "
        f"'{first['path'] or first['image_id']}': {first['message']}"
    )
    if len(unseen) > most * len(test):
        raise ValueError(
            f"{root}: {said}; {say_what_lies_there(root, first['path'])}; "
            f"{_say_way_on(len(unseen), len(test))}"
        )
    return f"{said}; they are answered without a look (competition.missing_test {most:g})"


def _say_way_on(unseen: int, of: int) -> str:
    """The setting that answers test images which can't be seen, their share rounded up."""
    places = 2
    while ceil(unseen / of * 10**places) < 10:  # two digits that say something
        places += 1
    steps = ceil(unseen / of * 10**places)
    while unseen > steps / 10**places * of:  # 29 of 100 are more than 0.29 * 100
        steps += 1
    said = (
        f"competition.missing_test: {steps / 10**places:g} would answer such images with what is "
        "most likely without a look"
    )
    if unseen < of:
        return said
    return (
        f"{said}; where they come later (a hidden test), {COMMAND} infer -c NAME test=FOLDER "
        "answers them with the networks that were trained"
    )


def missing_train_note(images: pd.DataFrame) -> list[str]:
    """A sentence about train images that are not there, with the first path."""
    train = images[images["part"] == "train"]
    lost = train[train["status"].isin(UNSEEN)]
    if not len(lost):
        return []
    first = lost.iloc[0]
    verb = "is" if len(lost) == 1 else "are"
    return [
        f"{len(lost)} of {len(train)} train images can't be read and {verb} left out, the first is "
        f"{first['path']!r}: {first['message']}"
    ]
