import pandas as pd
import pytest

from pipeline.labels.check_labels import (
    check_labels,
    far_label_notes,
    hide_test_labels,
    mark_labelled,
)
from pipeline.labels.tasks import Task

AGE = Task("age", "regression", "age", low=0.0, high=100.0)
GENDER = Task("gender", "binary", "gender", classes=("0", "1"))


def images(ages: list[str], genders: list[str], part: str = "train") -> pd.DataFrame:
    rows = {"image_id": [f"{n}.jpg" for n in range(len(ages))], "age": ages, "gender": genders}
    return pd.DataFrame(rows).assign(part=part, status="ok", message="")


def place(row: pd.Series, column: str) -> str:
    return f"t.csv line {row.name + 2}, column {column!r}"


def test_all_wrong_labels_are_told_at_once_by_kind_with_the_first_three() -> None:
    ages = ["30", "-31", "2014", "old", "150", "101", "nan"]
    table = images(ages, ["0.0", "1", "m", "0", "0", "0", "f"])
    with pytest.raises(ValueError, match="age") as error:
        check_labels(table, [AGE, GENDER], leave_out=(), truth=False, find_place=place)
    assert str(error.value).splitlines() == [
        "t.csv line 5, column 'age': 1 label of age is not a number: 3.jpg (old); "
        "competition.fixes mends them, and tasks.age.invalid: leave_out leaves them out",
        "t.csv line 3, column 'age': 4 labels of age are outside low 0 to high 100: 1.jpg (-31), "
        "2.jpg (2014), 4.jpg (150), ...; competition.fixes mends them, and tasks.age.invalid: "
        "leave_out leaves them out",
        "t.csv line 4, column 'gender': 2 labels of gender are not one of 0, 1: 2.jpg (m), "
        "6.jpg (f); competition.fixes mends them, and tasks.gender.invalid: leave_out leaves "
        "them out",
    ]


def test_a_wrong_truth_of_a_test_image_is_told_where_it_is_used() -> None:
    table = images(["30", "200"], ["0", "1"], part="test")
    check_labels(table, [AGE], leave_out=(), truth=False, find_place=place)
    with pytest.raises(ValueError, match=r"1 label of age is outside low 0 to high 100: 1\.jpg"):
        check_labels(table, [AGE], leave_out=(), truth=True, find_place=place)


def test_a_setting_leaves_wrong_labels_out_and_counts_them() -> None:
    table = images(["30", "-31", "2014"], ["0", "1", "1"])
    frame, notes = check_labels(
        table, [AGE, GENDER], leave_out=["age"], truth=False, find_place=place
    )
    assert frame["age"].tolist() == ["30", None, None]
    assert notes == [
        "2 labels of age are outside low 0 to high 100: 1.jpg (-31), 2.jpg (2014); tasks.age "
        "leaves them out"
    ]


@pytest.mark.parametrize(
    ("partly", "statuses", "said"),
    [
        (True, ["ok", "ok", "ok", "unlabelled"], "they teach the other tasks"),
        (False, ["ok", "unlabelled", "unlabelled", "unlabelled"], "competition.partly_labelled"),
    ],
)
def test_an_image_without_one_label_teaches_the_other_tasks(
    partly: bool, statuses: list[str], said: str
) -> None:
    table = images(["30", "", "20", "nan"], ["0", "1", "", "?"])
    frame, notes = mark_labelled(table, [AGE, GENDER], partly=partly)
    assert frame["status"].tolist() == statuses
    assert [note.partition(":")[0] for note in notes] == [
        "2 of 4 train images have no age",
        "2 of 4 train images have no gender",
    ]
    assert all(said in note for note in notes)


def test_labels_of_test_images_are_no_truth_unless_the_settings_say_so() -> None:
    table = images(["30", "20"], ["", ""], part="test")
    frame, notes = hide_test_labels(table, [AGE, GENDER])
    assert frame["age"].tolist() == [None, None]
    assert notes[0].startswith("the test images have values in age; they are not used")
    assert hide_test_labels(images(["", ""], ["", ""], part="test"), [AGE, GENDER])[1] == []


def test_numbers_far_from_the_others_are_told_where_no_range_is_set() -> None:
    ages = ["30", "35", "40", "45", "50", "2014", "-31"]
    open_age = Task("age", "regression", "age")
    table = images(ages, ["0"] * 7)
    assert far_label_notes(table, [open_age, AGE, GENDER]) == [
        "2 labels of age lie far from the others: -31, 2014, where half of them are 32.5 to 47.5; "
        "tasks.age.low and .high say what can be"
    ]
    assert far_label_notes(images(ages[:5], ["0"] * 5), [open_age]) == []


def test_words_that_are_taken_for_no_label_are_named() -> None:
    smile = Task("smile", "binary", "smile", classes=("no", "yes"))
    words = ["yes", "no", "?", "?", "-", ""]
    table = pd.DataFrame(
        {
            "image_id": [f"{n}.jpg" for n in range(6)],
            "part": "train",
            "status": "ok",
            "message": "",
            "smile": words,
        }
    )
    _, (note,) = mark_labelled(table, [smile], partly=True)
    assert note == (
        "4 of 6 train images have no smile: they are not learnt from; taken for no label: 2 '?', "
        "1 '-'"
    )
