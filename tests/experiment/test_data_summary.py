"""What is said of images and faces, in words instead of a table's keys."""

import pandas as pd

from pipeline.experiment.data_summary import say_faces, say_parts


def test_parts_say_what_is_not_as_it_should_be() -> None:
    rows = [
        *[("test", "ok")] * 3,
        ("test", "missing"),
        ("test", "unlisted"),
        *[("train", "ok")] * 5,
        ("train", "unlabelled"),
        ("train", "unreadable"),
        *[("train", "junk")] * 2,
        ("extra", "ok"),
    ]
    said = say_parts(pd.DataFrame(rows, columns=["part", "status"]))
    assert said == (
        "6 train images (1 of them unlabelled; left out: 2 junk, 1 unreadable), "
        "4 test images (1 of them missing; left out: 1 unlisted), 1 extra images"
    )


def test_faces_say_where_crops_come_from() -> None:
    rows = [*[("mtcnn", "ok")] * 3, ("centre", "ok"), ("", "junk"), ("", "missing")]
    said = say_faces(pd.DataFrame(rows, columns=["how", "status"]))
    assert said == (
        "a face was found in 3 images; in 1 none was found, so the centre is cut; "
        "without a crop: 1 junk, 1 missing"
    )
