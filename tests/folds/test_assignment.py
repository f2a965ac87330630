"""Folds keep people whole, are even, do not depend on row order, and say no in plain words."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.folds.assignment import assign_folds, search_folds

FEW = settings(deadline=None, max_examples=15, derandomize=True)


def draw_population(seed: int, *, num_people: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Return person ids and labels in mixed-up order: odd seeds have uneven people."""
    rng = np.random.default_rng(seed)
    sizes = 1 + rng.negative_binomial(1.2, 0.2, num_people) if seed % 2 else 7
    people = np.repeat(np.arange(num_people), sizes)

    def constant(num_values: int) -> np.ndarray:
        shares = rng.dirichlet(np.ones(num_values))
        return rng.choice(num_values, size=num_people, p=shares)[people]

    labels = pd.DataFrame(
        {
            "gender": constant(2),
            "age": np.array(["<30", "30-59", ">=60"])[constant(3)],
            "race": constant(5),
            "mask": rng.choice(3, size=len(people), p=[5 / 7, 1 / 7, 1 / 7]),
        }
    )
    order = rng.permutation(len(people))
    return people[order], labels.iloc[order].reset_index(drop=True)


def worst_cell(folds: np.ndarray, labels: pd.DataFrame, num_folds: int) -> float:
    """Return the largest distance of any label value's share in a fold from 1 / num_folds."""
    worst = 0.0
    for name in labels:
        found = pd.crosstab(labels[name], folds).reindex(columns=range(num_folds), fill_value=0)
        shares = found.div(found.sum(axis=1), axis=0)
        worst = max(worst, float((shares - 1 / num_folds).abs().max(axis=None)))
    return worst


@FEW
@given(seed=st.integers(0, 10_000), num_folds=st.integers(2, 8), num_people=st.integers(8, 60))
def test_person_never_crosses_and_no_fold_is_empty(seed, num_folds, num_people):
    people, labels = draw_population(seed, num_people=num_people)
    folds = assign_folds(people, labels, num_folds=num_folds, seed=seed)
    assert folds.shape == people.shape and np.issubdtype(folds.dtype, np.integer)
    assert set(folds) == set(range(num_folds))
    assert pd.Series(folds).groupby(people).nunique().max() == 1


@FEW
@given(seed=st.integers(0, 10_000), num_folds=st.integers(2, 6), num_people=st.integers(6, 30))
def test_every_class_is_in_every_fold_when_possible(seed, num_folds, num_people):
    """With two labels constant within people it is always possible (König's edge colouring).

    A few people have most images: counts alone would give them folds of their own.
    """
    rng = np.random.default_rng(seed)
    sizes = np.ceil(2 * rng.pareto(0.7, num_people)).clip(1, 200).astype(int)
    people = np.repeat(np.arange(num_people), sizes)
    labels = pd.DataFrame({name: rng.integers(0, 3, num_people)[people] for name in "ab"})
    folds = assign_folds(people, labels, num_folds=num_folds, seed=seed)
    for name in labels:
        for value in labels[name].unique():
            has = (labels[name] == value).to_numpy()
            if len(set(people[has])) >= num_folds:
                assert set(folds[has]) == set(range(num_folds)), (name, value)


@FEW
@given(seed=st.integers(0, 10_000))
def test_row_order_does_not_matter(seed):
    people, labels = draw_population(seed, num_people=40)
    folds = assign_folds(people, labels, num_folds=5, seed=3)
    order = np.random.default_rng(seed).permutation(len(people))
    again = assign_folds(people[order], labels.iloc[order], num_folds=5, seed=3)
    assert np.array_equal(again, folds[order])


def test_seed_decides():
    people, labels = draw_population(1, num_people=80)
    first, same, other = (assign_folds(people, labels, num_folds=5, seed=s) for s in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_better_start_is_taken_and_named(monkeypatch):
    """Where iterative stratification starts better it is taken; both starts occur among these."""
    pytest.importorskip("iterstrat")
    from pipeline.folds import search

    starts = []
    for seed in range(12):
        people, labels = draw_population(seed, num_people=20)
        found = search_folds(people, labels, num_folds=5, seed=seed)
        starts.append(found.start)
    assert set(starts) == {search.GREEDY, search.ITERATIVE}
    monkeypatch.setattr(search, "MAX_ITERATIVE", 0)  # so many people that it would take long
    assert search_folds(people, labels, num_folds=5, seed=0).start == search.GREEDY


@pytest.mark.parametrize("seed", range(5))
def test_not_worse_than_peers(seed):
    stratifiers = pytest.importorskip("iterstrat.ml_stratifiers")
    people, labels = draw_population(seed, num_people=150)
    ours = worst_cell(assign_folds(people, labels, num_folds=5, seed=seed), labels, 5)

    joint = labels.groupby(list(labels)).ngroup()
    by_group = np.empty(len(people), dtype=int)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of rare classes
        for fold, (_, held) in enumerate(splitter.split(joint, joint, people)):
            by_group[held] = fold
    assert ours <= worst_cell(by_group, labels, 5) + 1e-5

    majority = labels.groupby(people).agg(lambda column: column.mode().iloc[0])
    answers = pd.get_dummies(majority.astype(str)).to_numpy(dtype=int)
    by_person = pd.Series(0, index=majority.index)
    splitter = stratifiers.MultilabelStratifiedKFold(5, shuffle=True, random_state=seed)
    for fold, (_, held) in enumerate(splitter.split(answers, answers)):
        by_person.iloc[held] = fold
    assert ours <= worst_cell(by_person.loc[people].to_numpy(), labels, 5) + 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_best_of_all_splits_of_few_people(seed):
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(7), rng.integers(1, 8, size=7))
    labels = pd.DataFrame({name: rng.integers(0, 2, 7)[people] for name in "ab"})
    images = labels.assign(images=0)
    possible = [np.array((0, *rest))[people] for rest in product(range(2), repeat=6)]
    best = min(
        worst_cell(folds, images, 2)
        for folds in possible
        if len(set(folds)) == 2 and _is_everywhere(folds, people, labels)
    )
    folds = assign_folds(people, labels, num_folds=2, seed=seed)
    assert worst_cell(folds, images, 2) == pytest.approx(best, abs=1e-5)


def test_by_label_splits_people_and_is_even():
    people, labels = draw_population(2, num_people=60)
    folds = assign_folds(people, labels, num_folds=5, seed=0, by="label")
    assert pd.Series(folds).groupby(people).nunique().max() > 1
    for name in labels:
        found = pd.crosstab(labels[name], folds)
        assert (found.max(axis=1) - found.min(axis=1)).max() <= 2
    order = np.random.default_rng(0).permutation(len(people))
    again = assign_folds(people[order], labels.iloc[order], num_folds=5, seed=0, by="label")
    rows, shuffled = labels.assign(p=people, f=folds), labels.iloc[order].assign(p=people[order])
    everything = list(rows)
    pd.testing.assert_frame_equal(
        rows.sort_values(everything, ignore_index=True),
        shuffled.assign(f=again).sort_values(everything, ignore_index=True),
    )


def test_numbers_and_text_of_one_person_id_stay_together():
    people = np.array([1, "1", 2, "2", 3, "3"], dtype=object)
    folds = assign_folds(people, pd.DataFrame({"a": [0, 1] * 3}), num_folds=3, seed=0)
    assert folds[0] == folds[1] and folds[2] == folds[3] and folds[4] == folds[5]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_folds": 1}, "1 folds were asked for; at least 2"),
        ({"num_folds": 4}, "4 folds were asked for and there are 3 people"),
        ({"num_folds": 7, "by": "label"}, "7 folds were asked for and there are 6 images"),
        ({"by": "faces"}, "by person or label, not by 'faces'"),
        ({"person_ids": ["a", "a", "b", None, "c", "c"]}, "'person_id' is null for 1 of 6"),
        ({"labels": pd.DataFrame({"mask": [0, 1, 2, 0, np.nan, 1]})}, "'mask' is null for 1 of 6"),
        ({"labels": pd.DataFrame({"mask": [0, 1]})}, "labels has 2 rows for 6 images"),
    ],
)
def test_refusals_are_sentences(change, words):
    asked = {
        "person_ids": list("aabbcc"),
        "labels": pd.DataFrame({"mask": [0, 1, 2, 0, 1, 2]}),
        "num_folds": 2,
        "seed": 0,
    } | change
    with pytest.raises(ValueError, match=words):
        assign_folds(asked.pop("person_ids"), asked.pop("labels"), **asked)


def test_number_that_is_not_binned_is_refused():
    ages = pd.DataFrame({"occlusion": np.linspace(0, 1, 1200)})
    with pytest.raises(ValueError, match=r"'occlusion' has 1200 different values.*bins"):
        assign_folds(np.arange(1200), ages, num_folds=5, seed=0)


def _is_everywhere(folds: np.ndarray, people: np.ndarray, labels: pd.DataFrame) -> bool:
    return all(
        set(folds[labels[name] == value]) == {0, 1}
        for name in labels
        for value in labels[name].unique()
        if len(set(people[labels[name] == value])) >= 2
    )
