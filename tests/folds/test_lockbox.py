import numpy as np
import pandas as pd
import pytest

from pipeline.folds.lockbox import draw_lockbox, keep_lockbox


def draw_people(num_people: int) -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(num_people)
    people = np.repeat(np.arange(num_people), 5)
    gender = rng.integers(2, size=num_people)[people]
    return people, pd.DataFrame({"gender": gender, "mask": rng.integers(3, size=len(people))})


@pytest.mark.parametrize(("num_people", "share"), [(200, 0.15), (60, 0.2), (11, 0.15)])
def test_it_holds_whole_people_about_the_share_and_every_label(num_people, share) -> None:
    people, labels = draw_people(num_people)
    held = draw_lockbox(people, labels, share=share, seed=3)
    assert not set(people[held]) & set(people[~held])
    assert abs(held.mean() - share) < 0.5 / num_people + 0.02
    if num_people >= 60:  # as balanced as folds are
        for name in labels:
            assert set(labels[name][held]) == set(labels[name])
        assert abs(labels["gender"][held].mean() - labels["gender"].mean()) < 0.02
    order = np.random.default_rng(0).permutation(len(people))
    again = draw_lockbox(people[order], labels.iloc[order], share=share, seed=3)
    assert (again == held[order]).all()


def test_it_stays_as_it_was_when_labels_are_mended() -> None:
    people = np.array(["a", "b", "b", "c", "new"])
    assert keep_lockbox(people, {"b", "gone"}).tolist() == [False, True, True, False, False]


def test_too_few_people_are_refused() -> None:
    people, labels = draw_people(3)
    with pytest.raises(ValueError, match=r"folds\.lockbox: 0.1 of 3 people, images or groups is"):
        draw_lockbox(people, labels, share=0.1, seed=0)
