"""Words in the train table, numbers in the sample, and a file that says which is which."""

from pathlib import Path

import pytest

from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table
from tests.features.new_contest.test_understand import competition

WORDS = ["young", "middle", "old"]


def make(root: Path, *, train: list[str], sample: list[str]) -> None:
    draw(root, [*[f"train/{n}.png" for n in range(30)], *[f"test/{n}.png" for n in range(30, 36)]])
    table(root / "train.csv", "id,stage", [(f"{n}.png", train[n % 3]) for n in range(30)])
    rows = [(f"{n}.png", sample[n % 3]) for n in range(30, 36)]
    table(root / "sample_submission.csv", "id,stage", rows)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.csv", "class_id,class_name\n0,old\n1,young\n2,middle\n"),
        ("classes.csv", "name,id,about\nyoung,1,x\nold,0,y\nmiddle,2,z\n"),
        ("classes.csv", "0,old\n1,young\n2,middle\n"),
        ("classes.txt", "0 old\n1 young\n2 middle\n"),
        ("classes.txt", "old\nyoung\nmiddle\n"),
        ("classes.json", '{"old": 0, "young": 1, "middle": 2}'),
    ],
)
def test_the_classes_stand_in_the_order_of_the_file(name: str, text: str, tmp_path: Path) -> None:
    make(tmp_path, train=WORDS, sample=["0", "1", "2"])
    (tmp_path / name).write_text(text)
    made = competition(tmp_path)
    assert made["tasks"]["stage"]["classes"] == ["old", "young", "middle"]
    assert made["submission"]["value"] == "index"
    found = understand_folder(tmp_path)
    assert found.draft is not None
    assert not any("not used" in said or "really 0" in said for said in found.draft.doubts)


@pytest.mark.parametrize(
    ("train", "sample", "text", "says"),
    [
        (WORDS, ["1", "2", "3"], "i,n\n1,old\n2,young\n3,middle\n", "1 is old, 2 is young, 3 is"),
        (["0", "1", "2"], WORDS, "i,n\n0,old\n1,young\n2,middle\n", "0 is old, 1 is young, 2 is"),
        (["0", "1", "2"], WORDS, "i,n\n0,cat\n1,dog\n2,cow\n", "which is which stands in no file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_the_way(
    train: list[str], sample: list[str], text: str, says: str, tmp_path: Path
) -> None:
    make(tmp_path, train=train, sample=sample)
    (tmp_path / "classes.csv").write_text(text)
    with pytest.raises(ValueError, match=f"{says}.*in place of the"):
        understand_folder(tmp_path)
