"""Which images are answered together, and the one row of each group."""

import numpy as np
import pandas as pd
import pytest

from pipeline.labels.answer_groups import (
    GROUP,
    ask_for_groups,
    group_rows,
    lost_groups,
    name_groups,
)
from pipeline.labels.tasks import Task

SEX = Task(name="sex", kind="multiclass", column="sex", classes=("m", "f"))
AGE = Task(name="age", kind="regression", column="age")


def images(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """A row for each (path, part, album)."""
    frame = pd.DataFrame(rows, columns=["path", "part", "album"])
    frame = frame.assign(image_id=frame["path"], person_id=None, status="ok", message="")
    return frame.replace({"album": {"": None}})


def test_a_column_or_the_folder_names_the_group() -> None:
    frame = images(("a/7/x.jpg", "train", "k"), ("a/8/y.jpg", "test", "l"))
    found, notes = name_groups(frame, per="album")
    assert (found[GROUP].tolist(), notes) == (["k", "l"], [])
    found, _ = name_groups(frame, per="folder")
    assert found[GROUP].tolist() == ["7", "8"]
    with pytest.raises(ValueError, match="no column 'video'; it has album"):
        name_groups(frame, per="video")
    with pytest.raises(ValueError, match="no test image has a value in 'album'"):
        name_groups(frame.assign(album=["k", None]), per="album")


def test_images_of_no_group_are_alone_in_train_and_not_asked_for_in_test() -> None:
    frame = images(("a", "train", ""), ("b", "train", "k"), ("c", "test", ""), ("d", "test", "l"))
    found, notes = name_groups(frame, per="album")
    assert found[GROUP].fillna("?").tolist() == ["a", "k", "?", "l"]
    assert found["status"].tolist() == ["ok", "ok", "unlisted", "ok"]
    assert notes == [
        "1 image of train have no album: each is a group of its own",
        "1 image of test have no album, so no row asks for them: the first is 'c'",
    ]


def test_the_sample_file_asks_for_groups() -> None:
    frame = images(("a", "train", "k"), ("b", "test", "l"), ("c", "test", "m")).assign(width=5)
    frame, _ = name_groups(frame, per="album")
    found, notes = ask_for_groups(frame, ["n", "l"], per="album", source="s.csv")
    rows = found.set_index("image_id")
    assert rows.loc["n#none", ["status", GROUP, "part", "width"]].tolist() == [
        "missing",
        "n",
        "test",
        0,
    ]
    assert rows.loc["c", "status"] == "unlisted"
    assert len(notes) == 2


def test_a_groups_label_is_the_one_that_its_images_have() -> None:
    frame = images(
        *[(name, "train", album) for name, album in zip("abcdef", "kklllm", strict=True)]
    )
    frame, _ = name_groups(frame, per="album")
    frame = frame.assign(row=[4, -1, 2, 3, 0, -1], sex=["m", "m", "f", None, "f", None])
    frame["age"] = ["30", "40", "7", "7.0", None, None]
    rows = group_rows(frame, [SEX, AGE])
    assert rows["image_id"].tolist() == ["k", "l", "m"]
    assert rows["row"].tolist() == [4, 3, -1]
    assert rows["sex"].fillna("?").tolist() == ["m", "f", "?"]
    assert rows["age"].fillna("?").tolist() == [35.0, "7", "?"]
    mixed = group_rows(frame.assign(sex=["m", "f", "f", "f", "f", "m"]), [SEX])
    assert mixed["sex"].fillna("?").tolist() == ["?", "f", "m"]
    lost = lost_groups(frame, np.array([True, True, True, False, True, False]))
    assert lost.set_index(GROUP)["image_id"].to_dict() == {"l": "d", "m": "f", "k": "a"}
