import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.disagreements import band_numbers, count_by_group, losses, surprise
from pipeline.metrics.same_split import find_difference


def test_who_is_right_where_by_hand() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2])
    first, second = np.array([0, 0, 1, 0, 0, 0]), np.array([0, 1, 1, 1, 2, 0])
    sex = np.array(["m", "m", "m", "f", "f", "f"])
    found = count_by_group(
        losses("multiclass", truth, first), losses("multiclass", truth, second), {"sex": sex}
    )
    found = found.set_index(["attribute", "value"])
    columns = ["num", "first_nearer", "second_nearer"]
    assert found.loc[("all", "all"), columns].tolist() == [6, 1, 2]
    assert found.loc[("sex", "m"), columns].tolist() == [3, 1, 0]
    assert found.loc[("sex", "f"), columns].tolist() == [3, 0, 2]
    assert found.loc[("sex", "f"), "share"] == pytest.approx(2 / 3)
    assert found.loc[("sex", "m"), ["first_loss", "second_loss"]].tolist() == [
        0.0,
        pytest.approx(1 / 3),
    ]
    assert found.index[1] == ("sex", "f")  # the greatest share first, after all


def test_of_numbers_the_nearer_counts() -> None:
    truth = np.array([10.0, 20.0, 30.0])
    one, other = (losses("regression", truth, np.array(a)) for a in ([11.0, 25, 30], [8.0, 21, 30]))
    found = count_by_group(one, other, {}).iloc[0]
    assert (found["first_nearer"], found["second_nearer"], found["num"]) == (1, 1, 3)
    assert found["first_loss"] == pytest.approx(2.0)


def test_surprise() -> None:
    probs = np.array([[0.7, 0.3], [0.2, 0.8]])
    np.testing.assert_allclose(surprise("multiclass", np.array([0, 0]), probs), [0.3, 0.8])
    scores = np.array([[0.9], [0.9]])
    np.testing.assert_allclose(surprise("binary", np.array([1, 0]), scores), [0.1, 0.9])
    np.testing.assert_allclose(surprise("regression", np.array([1.0, 0]), scores), [0.1, 0.9])


def test_bands_hold_equally_many() -> None:
    words = band_numbers(np.arange(100))
    assert pd.Series(words).value_counts().tolist() == [25, 25, 25, 25]
    assert words[0] == "0..24.75"
    assert set(band_numbers(np.array([3, 3, 3]))) == {"3..3"}


HELD = pd.DataFrame({"image_id": ["a", "b", "c"], "person_id": ["p", "p", "q"], "fold": [0, 0, 1]})


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (HELD.iloc[::-1], ""),
        (HELD.iloc[:2], "A answers an image that B does not; the first is 'c'"),
        (HELD.iloc[:1], "A answers 2 images that B does not; the first is 'b'"),
        (
            pd.concat([HELD, HELD.iloc[:1].assign(image_id="z")]),
            "B answers an image that A does not; the first is 'z'",
        ),
        (
            HELD.assign(fold=[0, 0, 0]),
            "the fold of 1 images differs; the first is 'c', fold 1 in A and 0 in B",
        ),
        (
            HELD.assign(person_id=["p", "r", "q"]),
            "the person of 1 images differs; the first is 'b', person p in A and r in B",
        ),
    ],
)
def test_what_differs_is_named(other: pd.DataFrame, says: str) -> None:
    assert find_difference(HELD, other, names=("A", "B")) == says
