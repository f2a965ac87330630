"""Answers pooled over the images of one person, and how well clusters match people. Pure.

`clusters` (N,) holds a number for every image; images of one number are taken for one person.
What is constant within a person (age, gender) is then answered once, from all of its images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

How = Literal["mean", "log"]
_TINY = 1e-9  # a probability of 0 would forbid a class to the whole cluster


@dataclass(frozen=True)
class Agreement:
    """Clusters against the people who really are in the images.

    `precision` and `recall` are of pairs of images. `purity` is of the images that share their
    cluster with others: the share that is of its cluster's main person; an image by itself is
    always pure and says nothing. All are NaN where there is nothing to count.
    """

    precision: float
    recall: float
    purity: float
    num_images: int
    num_joined: int  # images that share their cluster
    num_clusters: int
    num_people: int


def pool_probs(
    probs: np.ndarray, clusters: np.ndarray, *, kind: str = "multiclass", how: How = "mean"
) -> np.ndarray:
    """The predictions (N, C) of a task, each replaced by its cluster's.

    `mean` averages probabilities, scores or values; `log` averages log-probabilities (for a score
    also those of 1 - score) and brings their sum back to 1. A number is always averaged. Of several
    labels each is such a score.
    """
    if kind == "multilabel":
        columns = range(probs.shape[1])
        parts = [pool_probs(probs[:, [c]], clusters, kind="binary", how=how) for c in columns]
        return np.concatenate(parts, axis=1)
    codes = _codes(clusters, len(probs))
    if how == "mean" or kind == "regression":
        return _cluster_means(np.asarray(probs, dtype=np.float64), codes)
    full = np.concatenate([probs, 1.0 - probs], axis=1) if kind == "binary" else probs
    logs = _cluster_means(np.log(np.clip(full, _TINY, 1.0)), codes)
    pooled = np.exp(logs - logs.max(axis=1, keepdims=True))
    pooled /= pooled.sum(axis=1, keepdims=True)
    return pooled[:, :1] if kind == "binary" else pooled


def pool_answer(
    joint: np.ndarray,
    clusters: np.ndarray,
    *,
    sizes: Sequence[int],
    constant: Sequence[bool],
    how: How = "mean",
) -> np.ndarray:
    """Probabilities (N, product) of a product answer whose constant tasks are pooled.

    Written as p(constant tasks) p(the others | constant tasks), the first factor is the cluster's
    and the second stays the image's. `sizes` and `constant` are those of the answer's tasks.
    Raises ValueError when they do not fit one another.
    """
    if len(sizes) != len(constant) or joint.shape[1] != np.prod(sizes):
        raise ValueError(
            f"{joint.shape[1]} combined classes, tasks of {list(sizes)}, constant {list(constant)}"
        )
    if not any(constant):
        return np.asarray(joint, dtype=np.float64)
    boxes = np.asarray(joint, dtype=np.float64).reshape(len(joint), *sizes)
    others = tuple(axis + 1 for axis, same in enumerate(constant) if not same)
    marginal = boxes.sum(axis=others, keepdims=True)
    pooled = pool_probs(marginal.reshape(len(joint), -1), clusters, how=how)
    # where an image gives a class no chance at all, its other tasks say what they say on the whole
    general = boxes.sum(axis=tuple(a + 1 for a, same in enumerate(constant) if same), keepdims=True)
    general = general / general.sum(axis=others, keepdims=True) if others else general * 0.0 + 1.0
    share = np.where(marginal > _TINY, boxes / np.maximum(marginal, _TINY), general)
    return (share * pooled.reshape(marginal.shape)).reshape(len(joint), -1)


def measure_clusters(clusters: np.ndarray, person_ids: np.ndarray) -> Agreement:
    """How well clusters (N,) agree with the people (N,) in the images."""
    found = _codes(clusters, len(person_ids))
    people = _codes(person_ids, len(clusters))
    cells, counts = np.unique(np.stack([found, people]), axis=1, return_counts=True)
    sizes = np.bincount(found)
    main = np.zeros(len(sizes), dtype=np.int64)
    np.maximum.at(main, cells[0], counts)
    joined = sizes > 1
    both, together, same = _pairs(counts), _pairs(sizes), _pairs(np.bincount(people))
    return Agreement(
        precision=_share(both, together),
        recall=_share(both, same),
        purity=_share(main[joined].sum(), sizes[joined].sum()),
        num_images=len(found),
        num_joined=int(sizes[joined].sum()),
        num_clusters=len(sizes),
        num_people=int(people.max()) + 1 if len(people) else 0,
    )


def _codes(clusters: np.ndarray, number: int) -> np.ndarray:
    """The clusters as numbers from 0 on. Raises ValueError for another number of them."""
    if len(clusters) != number:
        raise ValueError(f"{len(clusters)} clusters for {number} images")
    return np.unique(np.asarray(clusters), return_inverse=True)[1]


def _cluster_means(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Each row of values (N, C) replaced by the mean over its cluster."""
    counts = np.bincount(codes)
    sums = np.stack([np.bincount(codes, weights=column) for column in values.T], axis=1)
    return (sums / counts[:, None])[codes]


def _pairs(counts: np.ndarray) -> int:
    counts = np.asarray(counts, dtype=np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _share(part: int, whole: int) -> float:
    return float(part) / float(whole) if whole else float("nan")
