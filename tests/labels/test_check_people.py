import pandas as pd

from pipeline.labels.check_people import person_notes, same_id_notes
from pipeline.labels.tasks import Task

GENDER = Task("gender", "binary", "gender", classes=("0", "1"), constant=True)


def people(names: list[str | None], labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"person_id": names, "gender": labels, "part": "train", "status": "ok", "image_id": "x"}
    )


def test_a_constant_label_that_differs_is_told_with_names_and_counts() -> None:
    table = people(["ann", "ann", "ann", "bob", "bob", "cid"], ["0", "1", "1", "1", "1.0", "0"])
    assert person_notes(table, [GENDER]) == [
        "tasks.gender is constant, but 1 person has several values of gender: ann (0 1, 1 2); "
        "competition.fixes can mend them"
    ]


def test_a_person_with_many_images_is_told() -> None:
    names = ["anonymous"] * 8 + [f"p{number}" for number in range(20)]
    (note,) = person_notes(people(names, ["0"] * 28), [GENDER])
    assert note.startswith("person 'anonymous' has 8 of 28 images")
    assert "table.unknown" in note


def test_a_person_in_two_spellings_is_told() -> None:
    (note,) = person_notes(people(["Ann", "ann ", "7", "7.0", "bob"], ["0"] * 5), [GENDER])
    assert note.startswith("2 people are spelt in several ways")
    assert "'Ann' and 'ann '" in note


def test_an_id_that_stands_for_two_is_told() -> None:
    table = pd.DataFrame({"person_id": ["1", "1", "2", "1"], "entry": ["a", "a", "c", "b"]})
    (note,) = same_id_notes(table, what="folders")
    assert note.startswith("1 id stands for several folders, the first is 1: a, b;")
