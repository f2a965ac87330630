"""Offsets of class log-probabilities that serve a metric better than the likeliest class. Pure.

Macro-F1 weighs a class of ten images as much as one of a thousand, the likeliest class does not.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.labels.answers import split_classes

_LEAST = 1e-12
_PASSES = 10


def decide_with(probs: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The class (N,) with the highest log-probability plus offset (C,); the first of equal ones."""
    return (np.log(np.clip(probs, _LEAST, None)) + offsets).argmax(axis=1)


def class_groups(sizes: Sequence[int]) -> np.ndarray:
    """Which combined classes (groups, C) an offset of each class of each task moves together.

    For one task every class is a group. A task's first class needs none: only distances count.
    """
    codes = split_classes(np.arange(int(np.prod(sizes))), sizes=sizes)
    groups = [code == c for code, size in zip(codes, sizes, strict=True) for c in range(1, size)]
    return np.array(groups)


def fit_offsets(
    probs: np.ndarray,
    truth: np.ndarray,
    *,
    metric: str,
    groups: np.ndarray | None = None,
    most: float = 2.0,
    least_gain: float = 1e-9,
) -> np.ndarray:
    """The offsets (C,) with the best `macro_f1` or `accuracy` on these rows, by coordinate search.

    Each group of classes (groups, C) is moved in turn, exactly to the best place within +-`most`
    of log-probability: of equally good stretches the one nearest to where it stood, its middle.
    Starting from none, so never worse on these rows than the likeliest class.
    """
    logs = np.log(np.clip(probs, _LEAST, None))
    groups = np.eye(probs.shape[1], dtype=bool) if groups is None else groups
    truth, offsets = np.asarray(truth, dtype=np.int64), np.zeros(len(groups))
    best = _values(*_counts(truth, logs.argmax(axis=1), probs.shape[1]), metric)
    for _ in range(_PASSES):
        start = best
        for place, group in enumerate(groups):
            shifted = logs + offsets @ groups
            step, value = _search(shifted, truth, group, metric, offsets[place], most)
            if value > best + least_gain:
                best = value
                offsets[place] += step
        if best <= start + least_gain:
            break
    return offsets @ groups


def _search(
    logs: np.ndarray, truth: np.ndarray, group: np.ndarray, metric: str, stands: float, most: float
) -> tuple[float, float]:
    """The best step of one group, and the metric there: every place where an answer turns is seen.

    A row turns to the group's likeliest class when the step is above what the rest leads by.
    """
    inside, outside = np.flatnonzero(group), np.flatnonzero(~group)
    if not len(outside):
        return 0.0, -np.inf
    to, since = inside[logs[:, inside].argmax(1)], outside[logs[:, outside].argmax(1)]
    rows, num = np.arange(len(truth)), logs.shape[1]
    turns = logs[rows, since] - logs[rows, to]
    order = np.argsort(turns, kind="stable")
    turns, to, since, true = turns[order], to[order], since[order], truth[order]
    hits, sizes = _counts(true, since, num)  # a step of minus infinity: nobody in the group
    gained, moved = (np.zeros((len(rows) + 1, num)) for _ in range(2))
    gained[rows + 1, to] += to == true
    gained[rows + 1, since] -= since == true
    moved[rows + 1, to] += 1
    moved[rows + 1, since] -= 1
    values = _values(hits + gained.cumsum(0), sizes + moved.cumsum(0), metric)
    # values[k] holds for steps between turns[k - 1] and turns[k]
    ends = np.concatenate([[-most - stands], np.clip(turns, -most - stands, most - stands)])
    ends = np.append(ends, most - stands)
    wide = ends[1:] - ends[:-1] > 1e-6  # a stretch without width is no decision
    values = np.where(wide, values, -np.inf)
    middles = (ends[1:] + ends[:-1]) / 2.0
    good = np.flatnonzero(values >= values.max() - 1e-12)
    chosen = good[np.abs(middles[good]).argmin()]
    return float(middles[chosen]), float(values[chosen])


def _counts(truth: np.ndarray, answer: np.ndarray, num: int) -> tuple[np.ndarray, np.ndarray]:
    """Hits (C,), and true plus answered (C,), of each class."""
    hits = np.bincount(truth[truth == answer], minlength=num)
    return hits, np.bincount(truth, minlength=num) + np.bincount(answer, minlength=num)


def _values(hits: np.ndarray, sizes: np.ndarray, metric: str) -> np.ndarray:
    """Macro-F1 over classes that are true or answered, or accuracy, of counts (..., C)."""
    if metric == "accuracy":
        return hits.sum(axis=-1) / (sizes.sum(axis=-1) / 2.0)
    values = np.divide(2.0 * hits, sizes, out=np.full(sizes.shape, np.nan), where=sizes > 0)
    return np.nanmean(values, axis=-1)
