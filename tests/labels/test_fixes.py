"""Fixes are laid, counted, and refused with their line when they can't be."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.labels.fixes import apply_fixes, read_fixes
from pipeline.labels.tasks import Task

TASKS = (
    Task("gender", "multiclass", "gender", classes=("male", "female")),
    Task("years", "regression", "age"),
)


def images() -> pd.DataFrame:
    rows = [
        ("a1", "ann", "ok", "male", "20"),
        ("a2", "ann", "ok", "male", "20"),
        ("._a", "ann", "junk", "male", "20"),
        ("b1", "bob", "unlabelled", "", "41"),
        ("c1", "cid", "ok", "male", "33"),
    ]
    frame = pd.DataFrame(rows, columns=["image_id", "person_id", "status", "gender", "age"])
    return frame.assign(path="x.jpg", part="train", message="")


def lay(tmp_path: Path, text: str) -> tuple[pd.DataFrame, str]:
    path = tmp_path / "fixes.csv"
    path.write_text(text)
    frame, laid = apply_fixes(images(), read_fixes(path), tasks=TASKS, source="fixes.csv")
    return frame.set_index("image_id"), str(laid)


def test_fixes_change_people_and_images_and_are_counted(tmp_path: Path) -> None:
    frame, said = lay(
        tmp_path,
        "image_id,person_id,column,value,reason\n"
        ",ann,gender,female,seen\n"
        "a2,,age,21,birthday\n"
        "b1,,gender,male,seen\n"
        "c1,,age,,nobody knows\n",
    )
    assert said == "4 fixes laid over 4 images: gender 2, age 2"
    assert frame["gender"].to_dict() == {
        "a1": "female", "a2": "female", "._a": "male", "b1": "male", "c1": "male"
    }  # fmt: skip
    assert frame.loc[["a1", "a2"], "age"].tolist() == ["20", "21"]
    assert frame.at["b1", "status"] == "ok"  # has what it lacked
    assert (frame.at["c1", "status"], frame.at["c1", "message"]) == (
        "unlabelled", "no value in age"
    )  # fmt: skip
    assert frame.at["._a", "status"] == "junk"


def test_one_id_column_is_enough_and_a_person_can_be_mended(tmp_path: Path) -> None:
    text = "image_id,column,value,reason\nc1,person_id,ann,the same woman\n"
    frame, said = lay(tmp_path, text)
    assert frame.at["c1", "person_id"] == "ann"
    assert said == "1 fix laid over 1 image: person_id 1"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("zed,,age,3,x", "fixes.csv line 2: no train image whose image_id is 'zed'"),
        (",zed,age,3,x", "fixes.csv line 2: no train image whose person_id is 'zed'"),
        ("._a,,age,3,x", "fixes.csv line 2: no train image whose image_id is '._a'"),
        ("a1,,gendre,male,x", "line 2: no column 'gendre'; did you mean 'gender'?"),
        ("a1,,path,y.jpg,x", "line 2: no column 'path'"),
        ("a1,,gender,man,x", "line 2: a1: gender is 'man'; the classes of task gender are male"),
        ("a1,,age,old,x", "line 2: a1: age is 'old', not a number"),
        ("a1,ann,age,3,x", "line 2: needs an image_id or a person_id, and not both"),
        (",,age,3,x", "line 2: needs an image_id or a person_id, and not both"),
        ("a1,,age,3,", "line 2: needs a reason"),
        ("a1,,age,3,x\na1,,age,4,y", "line 3: age of 'a1' is mended in line 2"),
        ("a1,,person_id,,x", "line 2: an image needs a person_id"),
    ],
)
def test_a_fix_that_can_t_be_laid_is_named_with_its_line(
    tmp_path: Path, line: str, says: str
) -> None:
    with pytest.raises(ValueError, match=r"fixes\.csv") as error:
        lay(tmp_path, f"image_id,person_id,column,value,reason\n{line}\n")
    assert says in str(error.value)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2") as error:
        lay(tmp_path, "image_id,column,value,reason\nzed,age,3,x\na1,aeg,3,x\n")
    assert len(str(error.value).splitlines()) == 2
