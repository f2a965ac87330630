import pandas as pd
import pytest

from pipeline.labels.shared_files import check_parts, merge_labels, merge_rows
from pipeline.labels.tasks import Task

BEAUTY = Task("beauty", "regression", "rating", low=1.0, high=5.0)
MOOD = Task("mood", "multiclass", "mood", classes=("sad", "glad", "none"))


def images(*rows: tuple[str, str, str | None, object, object, str]) -> pd.DataFrame:
    columns = ["image_id", "path", "person_id", "rating", "mood", "part"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(status="ok", message="")


def test_rows_of_one_file_are_one_image_with_the_mean_and_the_most_frequent_class() -> None:
    table = images(
        ("a", "1.jpg", None, "2", "glad", "train"),
        ("b", "2.jpg", None, "1", "sad", "train"),
        ("c", "x/../1.jpg", None, "5", "sad", "train"),
        ("d", "1.jpg", None, "", "sad", "train"),  # no rating: the mean is of the two others
        ("t", "1.jpg", None, None, None, "test"),
        ("u", "1.jpg", None, None, None, "test"),  # both test ids must be answered
    )
    merged, notes = merge_rows(table, [BEAUTY, MOOD])
    assert merged["image_id"].tolist() == ["a", "b", "t", "u"]
    assert merged.loc[0, ["rating", "mood", "num_rows"]].tolist() == ["3.5", "sad", 3]
    assert notes == [
        "3 train rows share 1 file, so they are 1 image: rating is their mean, mood is their most "
        "frequent class (of equally frequent ones the first in classes); where each row is a face "
        "of its own, table.box names the columns of its box",
        "1 file has rows that disagree in mood: 1.jpg (glad and sad)",
    ]


@pytest.mark.parametrize(
    ("task", "values", "expected"),
    [
        (MOOD, ["glad", "sad"], "sad"),  # as frequent: the first of the classes
        (MOOD, ["glad", "none", "none"], "none"),
        (MOOD, ["", "nan"], None),
        (BEAUTY, ["2", "abc"], "abc"),  # wrong: the check of labels names it
        (BEAUTY, ["2", "99"], "99"),
        (BEAUTY, ["4", "4"], "4"),
    ],
)
def test_one_label_of_several(task: Task, values: list[str], expected: object) -> None:
    assert merge_labels(task, pd.Series(values)) == expected


def test_rows_of_one_file_with_boxes_are_several_faces() -> None:
    table = images(
        ("a", "1.jpg", "ann", "2", "glad", "train"), ("b", "1.jpg", "bob", "1", "sad", "train")
    ).assign(box_x1=[0.0, 50.0], box_y1=0.0, box_x2=[40.0, 90.0], box_y2=40.0)
    merged, notes = merge_rows(table, [BEAUTY, MOOD])
    assert (len(merged), notes) == (2, [])


def test_rows_of_one_file_that_name_different_people_are_refused() -> None:
    table = images(
        ("a", "1.jpg", "ann", "2", "glad", "train"), ("b", "1.jpg", "bob", "1", "sad", "train")
    )
    with pytest.raises(ValueError, match=r"1 file has rows .* 1\.jpg: ann, bob; .*table\.box"):
        merge_rows(table, [BEAUTY, MOOD])


def test_a_file_in_train_and_in_test_is_refused() -> None:
    table = images(
        ("a", "1.jpg", None, "2", "glad", "train"),
        ("t", "1.jpg", None, None, None, "test"),
        ("u", "2.jpg", None, None, None, "test"),
    )
    with pytest.raises(ValueError, match=r"1 of 2 test images are train images too.*table\.split"):
        check_parts(table)
