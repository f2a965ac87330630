"""A member looks at each image by one cell."""

import pytest

from pipeline.config import load_experiment
from pipeline.people.embeddings import looking_cells
from pipeline.storage import PROJECT


def test_repeated_splits_and_seeds_give_one_cell_a_fold() -> None:
    """An image is held out once in every split: by two cells here, of which the first looks."""
    words = ["folds.num=3", "folds.repeats=2", "members.age.seeds=[5,6]"]
    settings = load_experiment("sample", words, configs=PROJECT / "configs")
    cells = looking_cells(settings, "age")
    assert [(cell.fold, cell.seed) for cell in cells] == [(0, 5), (1, 5), (2, 5)]


def test_without_a_fold_of_the_first_split_it_says_so() -> None:
    words = ["folds.num=3", "folds.repeats=2", "folds.train=[3,4]"]
    settings = load_experiment("sample", words, configs=PROJECT / "configs")
    with pytest.raises(ValueError, match=r"pool\.by: folds\.train names no fold of the first"):
        looking_cells(settings, "age")
