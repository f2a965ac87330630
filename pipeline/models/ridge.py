"""Ridge regression in closed form, its strength chosen on people that it was not fitted on.

Hoerl and Kennard 1970. A class is learnt as a column of zeros and ones; one temperature then turns
the scores into probabilities (Guo et al. 2017), fitted on the same held-out scores.
"""

from collections.abc import Mapping

import numpy as np

from pipeline.models.linear_head import LinearHead, decompose, group_codes

STRENGTHS = tuple((10.0 ** np.arange(-3.0, 1.51, 0.5)).tolist())  # times the number of rows
MOST_ROWS = 400  # of a block that is left out at once; larger groups are left out in parts


def fit_ridges(
    features: np.ndarray, targets: Mapping[str, np.ndarray], *, groups: np.ndarray
) -> dict[str, LinearHead]:
    """Ridges of targets (N, K) by task on standardised features (N, D), with intercepts.

    Each task takes the strength of STRENGTHS with the least squared error when every group (N,) (a
    person) is left out in turn. All tasks and strengths share one decomposition of the features,
    which costs nearly all of the time.
    """
    x_mean = features.mean(axis=0, dtype=np.float64)
    x = features - x_mean
    values, places, directions = decompose(x)
    blocks = _blocks(groups)
    heads = {}
    for task, target in targets.items():
        y_mean = target.mean(axis=0, dtype=np.float64)
        y = target - y_mean
        found = {}
        for strength in STRENGTHS:
            shrunk = 1.0 / (values + strength * len(x))
            held_out = _leave_groups_out(y, places, shrunk, blocks) + y_mean
            found[strength] = (float(np.square(held_out - target).mean()), held_out)
        best = min(STRENGTHS, key=lambda strength: found[strength][0])
        shrunk = 1.0 / (values + best * len(x))
        weight = (directions @ (shrunk[:, None] * (places.T @ y))).T
        heads[task] = LinearHead(weight, y_mean - weight @ x_mean, best, found[best][1])
    return heads


def _leave_groups_out(
    y: np.ndarray, places: np.ndarray, shrunk: np.ndarray, blocks: list[np.ndarray]
) -> np.ndarray:
    """Scores (N, K) of every row by the ridge without the rows of its block, without refitting.

    With H the matrix that turns targets into fitted values, the residuals of a block that is left
    out are (I - H_block)^-1 times its residuals (Cook 1977). The penalty stays that of all rows.
    """
    fitted = places @ (shrunk[:, None] * (places.T @ y))
    residuals = y - fitted
    held_out = np.empty_like(y)
    for rows in blocks:
        own = places[rows]
        hat = (own * shrunk) @ own.T + 1.0 / len(y)  # the intercept's share is 1/N everywhere
        held_out[rows] = y[rows] - np.linalg.solve(np.eye(len(rows)) - hat, residuals[rows])
    return held_out


def _blocks(groups: np.ndarray) -> list[np.ndarray]:
    """The rows of every group, a very large group in parts."""
    codes = group_codes(groups)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))[:-1]
    blocks = []
    for rows in np.split(order, ends):
        blocks += np.array_split(rows, -(-len(rows) // MOST_ROWS))
    return blocks
