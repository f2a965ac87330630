"""Who is probably the same person where the contest does not say: images that look alike."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

BLOCK = 2048  # images compared with all others at once: bounds the memory


def group_lookalikes(
    thumbnails: np.ndarray, person_ids: np.ndarray, *, correlation: float
) -> np.ndarray:
    """The person ids (n,), with everybody joined who has an image like an image of another.

    Two images are alike when their thumbnails (n, d) correlate above `correlation`. A joined
    group takes its first person id in sorted order. Compares all pairs: n = 100,000 takes minutes.
    """
    rows = _standard(thumbnails)
    left, right = [], []
    for start in range(0, len(rows), BLOCK):
        near = np.argwhere(rows[start : start + BLOCK] @ rows.T > correlation)
        left.append(near[:, 0] + start)
        right.append(near[:, 1])
    return join_people(person_ids, np.concatenate(left), np.concatenate(right))


def join_people(person_ids: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The person ids (n,), with the people joined whose images left[i] and right[i] link."""
    names, people = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
    pairs = (people[left], people[right])
    links = coo_array((np.ones(len(left), dtype=bool), pairs), shape=(len(names),) * 2)
    _, group = connected_components(links, directed=False)
    first = np.full(group.max() + 1, len(names))
    np.minimum.at(first, group, np.arange(len(names)))
    return names[first[group[people]]]


def correlate(thumbnails: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The correlation (p,) of each thumbnail (p, d) with the other in its place."""
    return np.einsum("pd,pd->p", _standard(thumbnails), _standard(others))


def _standard(thumbnails: np.ndarray) -> np.ndarray:
    rows = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows
