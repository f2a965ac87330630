import pandas as pd
import pytest

from pipeline.tables import FOLDS, check_same_ids, check_table, pick

GOOD = pd.DataFrame({"image_id": ["a", "b"], "person_id": ["p", "q"], "fold": [0, 1]})


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (GOOD.drop(columns="fold"), "no column 'fold'"),
        (GOOD.assign(image_id=["a", "a"]), "'a'.* more than one row"),
        (GOOD.assign(image_id=["a", None]), "row 1 has no image_id"),
    ],
)
def test_a_broken_table_is_named(frame: pd.DataFrame, says: str) -> None:
    with pytest.raises(ValueError, match=f"folds: .*{says}"):
        check_table(frame, FOLDS)


def test_ids_must_be_the_same_set() -> None:
    check_same_ids(["b", "a"], ["a", "b"], what="t")
    with pytest.raises(ValueError, match="1 ids are missing, the first is 'b'"):
        check_same_ids(["a"], ["a", "b"], what="t")
    with pytest.raises(ValueError, match="1 ids too many, the first is 'c'"):
        check_same_ids(["a", "b", "c"], ["a", "b"], what="t")


def test_rows_are_picked_by_key_not_by_order() -> None:
    assert pick(GOOD, ["b", "a"], what="t")["fold"].tolist() == [1, 0]
    with pytest.raises(ValueError, match="'z'"):
        pick(GOOD, ["a", "z"], what="t")
