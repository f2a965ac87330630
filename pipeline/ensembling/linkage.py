"""Which images are of the same person, where nobody says: average linkage of points. Pure.

An image is a point (d,) of length 1, and the similarity of two is their dot product. Clusters are
joined while the mean similarity of all their pairs is at least the threshold, so every cluster
lies within a connected component of the graph of pairs that reach it: only components are ever
looked at whole, which keeps the memory small and the result exact. No number of images a person
is assumed unless a `size` is given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.ensembling.person_pooling import Agreement, measure_clusters

BLOCK = 512  # images compared with all others at once
LARGEST = 8192  # images whose pairs are held at once: 270 MB
_STEP = 0.02  # by which the floor rises within a component that is larger


@dataclass(frozen=True)
class Branch:
    """The order in which the images at `places` (n,) were joined: scipy's linkage (n - 1, 4)."""

    places: np.ndarray
    joins: np.ndarray


@dataclass(frozen=True)
class Tree:
    """All clusters down to a similarity, of which `cut` gives those at one threshold."""

    num_points: int
    floor: float
    branches: tuple[Branch, ...]

    def cut(self, threshold: float, *, size: int | None = None) -> np.ndarray:
        """Numbers (N,) of the clusters at a threshold, from 0 on in the order of their images;
        none larger than `size`. Raises ValueError for a threshold below the floor."""
        if threshold < self.floor:
            raise ValueError(f"threshold {threshold:g} is below the tree's floor {self.floor:g}")
        clusters = np.arange(self.num_points)
        for branch in self.branches:
            clusters[branch.places] = _cut(branch, limit=1.0 - threshold, size=size)
        return np.unique(clusters, return_inverse=True)[1]


@dataclass(frozen=True)
class Fit:
    """The threshold that was chosen, and how well its clusters agree with people who are known."""

    threshold: float
    agreement: Agreement


def to_points(values: np.ndarray) -> np.ndarray:
    """Values (N, ...) as points (N, d): the dot product of two is their correlation, which neither
    brightness nor contrast changes."""
    rows = values.reshape(len(values), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def linkage_tree(points: np.ndarray, *, floor: float) -> Tree:
    """The tree of points (N, d) down to a mean similarity of `floor`.

    Exact, but for components of more than LARGEST images: within these the images that are
    linked only by similarities near the floor are first parted.
    """
    points = np.asarray(points, dtype=np.float32)
    everything = np.arange(len(points))
    branches = [_grow(points, places) for places in _components(points, everything, floor=floor)]
    return Tree(len(points), floor, tuple(branches))


def fit_threshold(
    trees: Sequence[tuple[Tree, np.ndarray]],
    *,
    thresholds: Sequence[float],
    min_purity: float,
    size: int | None = None,
) -> Fit | None:
    """The threshold that finds most pairs of the same person at a purity of at least `min_purity`.

    `trees` come with the person ids (N,) of their images, which are separate within each tree.
    None when no threshold is pure enough, or none finds a pair.
    """
    coded = [(tree, np.unique(ids, return_inverse=True)[1]) for tree, ids in trees]
    best = None
    for threshold in sorted(thresholds, reverse=True):
        found = measure_together([(t.cut(threshold, size=size), ids) for t, ids in coded])
        if found.num_joined == 0 or not found.purity >= min_purity:
            continue
        if best is None or found.recall > best.agreement.recall:
            best = Fit(float(threshold), found)
    return best


def measure_together(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> Agreement:
    """The agreement of clusters with people, both found apart, each in a part of its own."""
    return measure_clusters(*(_side_by_side(column) for column in zip(*parts, strict=True)))


def _side_by_side(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The parts' names as numbers, none of which occurs in two parts."""
    codes = []
    first = 0
    for part in parts:
        codes.append(np.unique(part, return_inverse=True)[1] + first)
        first += len(part)
    return np.concatenate(codes)


def _components(points: np.ndarray, places: np.ndarray, *, floor: float) -> Iterator[np.ndarray]:
    """The places of the images that similarities above the floor link; none of one image."""
    rows = points[places]
    component = np.arange(len(rows))
    for start in range(0, len(rows), BLOCK):  # joined block by block: the pairs may be very many
        near = np.nonzero(rows[start : start + BLOCK] @ rows.T >= floor - 1e-6)
        pairs = (component[near[0] + start], component[near[1]])
        links = coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(len(rows),) * 2)
        component = connected_components(links, directed=False)[1][component]
    order = np.argsort(component, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(component[order])) + 1):
        if len(part) > LARGEST and floor < 1.0:
            yield from _components(points, places[part], floor=floor + _STEP)
        elif len(part) > 1:
            yield places[part]


def _grow(points: np.ndarray, places: np.ndarray) -> Branch:
    rows = points[places]
    upper = [1.0 - rows[i + 1 :] @ rows[i] for i in range(len(rows) - 1)]
    distances = np.clip(np.concatenate(upper).astype(np.float64), 0.0, 2.0)
    return Branch(places, linkage(distances, "average"))


def _cut(branch: Branch, *, limit: float, size: int | None) -> np.ndarray:
    """The cluster of each of the branch's images, named by the place of its first one."""
    number = len(branch.places)
    whole: list[list[int] | None] = [[i] for i in range(number)]
    names = branch.places.copy()
    for left, right, distance, count in branch.joins:
        one, other = whole[int(left)], whole[int(right)]
        fits = distance <= limit + 1e-6 and (size is None or count <= size)
        if one is None or other is None or not fits:
            whole.append(None)  # its parts stay as they are, whatever comes above
            continue
        members = one + other
        names[members] = branch.places[members].min()
        whole.append(members)
    return names
