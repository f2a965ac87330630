"""A share of the people that no fold holds: what is scored once, when all is chosen. Pure."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from pipeline.folds.assignment import assign_folds

MAX_PARTS = 20  # the share is rounded to a fraction with at most this denominator


def draw_lockbox(
    person_ids: Sequence | np.ndarray | pd.Series,
    labels: pd.DataFrame,
    *,
    share: float,
    seed: int,
) -> np.ndarray:
    """Which images (n,) bool lie in the lockbox: those of about `share` of the people, balanced
    on all labels as folds are.

    The people are split into as many equal parts as the share's fraction has (0.15: 3 of 20), and
    the first parts are taken. Raises ValueError where there are too few people for that.
    """
    num_people = len(set(map(str, person_ids)))
    fraction = Fraction(share).limit_denominator(MAX_PARTS)
    if num_people < fraction.denominator:  # parts of one person each
        fraction = Fraction(round(share * num_people), num_people)
    if not 0 < fraction < 1:
        raise ValueError(
            f"folds.lockbox: {share:g} of {num_people} people, images or groups is none or all of "
            "them; give a larger share, or 0 for no lockbox"
        )
    parts = assign_folds(person_ids, labels, num_folds=fraction.denominator, seed=seed)
    return parts < fraction.numerator


def keep_lockbox(person_ids: Sequence | np.ndarray | pd.Series, earlier: set[str]) -> np.ndarray:
    """Which images (n,) bool lie in the lockbox when it stays as it was: those of its people."""
    return np.isin(np.asarray(person_ids, dtype=str), sorted(earlier))
