"""Which labels contradict what a model says that never saw them, and what they should be. Pure.

cleanlab (Apache-2.0 since 2.9) does the confident learning; it is optional and imported late.
"""

import numpy as np
import pandas as pd
from scipy.special import erfc

GROUPS = 5  # a number's spread is taken among images of about the same prediction
LEAST = 20  # images in such a group


def find_label_errors(probs: np.ndarray, given: np.ndarray) -> pd.DataFrame:
    """A row for each label (n,): suggested class, self_confidence, and whether it is `doubted`.

    `probs` (n, C) are out of fold. Self-confidence is the probability of the given label; doubted
    is what confident learning (Northcutt et al. 2021) takes to be wrong, judging each class by
    how sure the model usually is of it.
    """
    from cleanlab.filter import find_label_issues

    known = np.unique(given)  # a class that nobody has can't be suggested
    some = np.clip(probs[:, known], 1e-9, None)
    some = some / some.sum(axis=1, keepdims=True)
    codes = np.searchsorted(known, given)
    doubted = np.zeros(len(given), dtype=bool)
    if len(known) > 1:
        doubted = find_label_issues(codes, some, filter_by="confident_learning", n_jobs=1)
    return pd.DataFrame(
        {
            "suggested": known[some.argmax(axis=1)],
            "self_confidence": some[np.arange(len(codes)), codes],
            "doubted": doubted & (some.argmax(axis=1) != codes),
        }
    )


def find_value_errors(predicted: np.ndarray, given: np.ndarray, *, limit: float) -> pd.DataFrame:
    """The same for numbers (n,): suggested is the prediction without the model's usual error.

    A label is doubted that is `limit` robust standard deviations (1.4826 times the median absolute
    deviation) from the usual error of images of about that prediction; self-confidence is how
    rarely a normal error is so large.
    """
    order = np.argsort(predicted, kind="stable")
    error = given - predicted
    score = np.zeros(len(given))
    usual = np.zeros(len(given))
    for rows in np.array_split(order, max(1, min(GROUPS, len(given) // LEAST))):
        usual[rows] = np.median(error[rows])
        spread = 1.4826 * np.median(np.abs(error[rows] - usual[rows]))
        score[rows] = np.abs(error[rows] - usual[rows]) / max(spread, 1e-9)
    confidence = erfc(score / np.sqrt(2.0))
    suggested = predicted + usual
    return pd.DataFrame(
        {"suggested": suggested, "self_confidence": confidence, "doubted": score > limit}
    )


def pool_people(values: np.ndarray, person_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The people, sorted, and the mean (people, C) of their images' predictions (n, C)."""
    people, codes = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
    sums = np.zeros((len(people), values.shape[1]))
    np.add.at(sums, codes, values)
    return people, sums / np.bincount(codes)[:, None]
