"""Predictions of several images to one: of a person, an album, a video. Pure."""

import numpy as np

MEAN = "mean"
RULES: dict[str, tuple[str, ...]] = {  # by kind of task; the plain one first
    "multiclass": (MEAN, "log_odds", "trimmed_mean", "median"),
    "binary": (MEAN, "log_odds", "trimmed_mean", "median"),
    "multilabel": (MEAN, "log_odds", "trimmed_mean", "median"),
    "regression": (MEAN, "trimmed_mean", "median"),
}
TRIMMED = 0.25  # of the images, left out at each end
_TINY = 1e-7  # a probability of 0 in one image would forbid a class to the whole group


def pool_images(
    values: np.ndarray, codes: np.ndarray, *, num_groups: int, kind: str, rule: str
) -> np.ndarray:
    """One prediction (K, C) a group from those of its images (N, C); `codes` (N,) are 0 to K - 1.

    `mean`: of probabilities or values. `log_odds`: of log-odds of scores, of log-probabilities of
    classes. `trimmed_mean`: without the lowest and the highest quarter; `median`. Probabilities of
    classes are brought back to the sum 1. Every group needs an image.
    """
    values = np.asarray(values, dtype=np.float64)
    assert rule in RULES[kind], (rule, kind)
    if rule == MEAN:
        return _means(values, codes, num_groups)
    if rule == "log_odds":
        return _mean_log_odds(values, codes, num_groups, kind=kind)
    pooled = _trimmed(values, codes, num_groups, median=rule == "median")
    if kind == "multiclass":
        pooled += _TINY  # the median of every class can be 0
        pooled /= pooled.sum(axis=1, keepdims=True)
    return pooled


def _means(values: np.ndarray, codes: np.ndarray, num_groups: int) -> np.ndarray:
    counts = np.bincount(codes, minlength=num_groups)
    sums = [np.bincount(codes, weights=column, minlength=num_groups) for column in values.T]
    return np.stack(sums, axis=1) / counts[:, None]


def _mean_log_odds(
    values: np.ndarray, codes: np.ndarray, num_groups: int, *, kind: str
) -> np.ndarray:
    if kind in ("binary", "multilabel"):
        clipped = np.clip(values, _TINY, 1.0 - _TINY)
        odds = _means(np.log(clipped) - np.log1p(-clipped), codes, num_groups)
        return 1.0 / (1.0 + np.exp(-odds))
    logs = _means(np.log(np.clip(values, _TINY, 1.0)), codes, num_groups)
    pooled = np.exp(logs - logs.max(axis=1, keepdims=True))
    return pooled / pooled.sum(axis=1, keepdims=True)


def _trimmed(values: np.ndarray, codes: np.ndarray, num_groups: int, *, median: bool) -> np.ndarray:
    """The mean (K, C) of the middle values of each group, column by column."""
    counts = np.bincount(codes, minlength=num_groups)
    cut = (counts - 1) // 2 if median else np.floor(TRIMMED * counts).astype(np.int64)
    starts = np.cumsum(counts) - counts
    columns = []
    for column in values.T:
        order = np.lexsort((column, codes))
        groups = codes[order]
        places = np.arange(len(order)) - starts[groups]
        middle = (places >= cut[groups]) & (places < (counts - cut)[groups])
        columns.append(_means(column[order][middle][:, None], groups[middle], num_groups)[:, 0])
    return np.stack(columns, axis=1)
