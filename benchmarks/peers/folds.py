"""The plain ways to folds, how unevenly they come out, and random populations to try them on."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd


def grouped_folds(
    people: np.ndarray, labels: pd.DataFrame, *, num_folds: int, seed: int
) -> np.ndarray:
    """scikit-learn's StratifiedGroupKFold on the labels' product, the only label it takes."""
    from sklearn.model_selection import StratifiedGroupKFold

    codes, folds = _product(labels), np.full(len(people), -1)
    maker = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with fewer people than folds
        for fold, (_, held) in enumerate(maker.split(np.zeros(len(people)), codes, people)):
            folds[held] = fold
    return folds


def iterative_folds(
    people: np.ndarray, labels: pd.DataFrame, *, num_folds: int, seed: int
) -> np.ndarray:
    """iterative-stratification on one row a person, with each label's most frequent value."""
    from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

    rows = labels.astype(str).groupby(people).agg(lambda part: part.value_counts().index[0])
    codes = pd.get_dummies(rows).to_numpy().astype(int)
    folds = pd.Series(-1, index=rows.index)
    maker = MultilabelStratifiedKFold(num_folds, shuffle=True, random_state=seed)
    for fold, (_, held) in enumerate(maker.split(codes, codes)):
        folds.iloc[held] = fold
    return folds.loc[people].to_numpy()


def worst_cell(folds: np.ndarray, labels: pd.DataFrame, *, num_folds: int) -> float:
    """The largest distance of a label value's share in a fold from 1 / num_folds."""
    return max(_deviation(labels[name].to_numpy(), folds, num_folds) for name in labels)


def draw_population(seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Random people (N,) and their images' labels: 40 to 600 of them, even or very uneven."""
    rng = np.random.default_rng(seed)
    num = int(rng.integers(40, 600))
    sizes = 1 + rng.negative_binomial(1.2, 0.2, size=num) if seed % 2 else np.full(num, 7)
    people = np.repeat(np.arange(num), sizes)

    def draw(number: int, evenness: float) -> np.ndarray:
        return rng.choice(number, size=num, p=rng.dirichlet(np.full(number, evenness)))[people]

    labels = {"gender": draw(2, 5.0), "age": draw(3, 1.0), "race": draw(5, 1.0)}
    labels["mask"] = rng.choice(3, size=len(people), p=[5 / 7, 1 / 7, 1 / 7])
    order = rng.permutation(len(people))
    return people[order], pd.DataFrame(labels).iloc[order].reset_index(drop=True)


def crosses(people: np.ndarray, folds: np.ndarray) -> int:
    """How many people are in more than one fold."""
    return int((pd.Series(folds).groupby(np.asarray(people)).nunique() > 1).sum())


def _product(labels: pd.DataFrame) -> np.ndarray:
    columns: Sequence[str] = list(labels.columns)
    return labels.groupby(columns, sort=True, observed=True).ngroup().to_numpy()


def _deviation(codes: np.ndarray, folds: np.ndarray, num_folds: int) -> float:
    counts = pd.crosstab(codes, folds).reindex(columns=range(num_folds), fill_value=0)
    return float((counts.div(counts.sum(axis=1), axis=0) - 1 / num_folds).abs().max().max())
