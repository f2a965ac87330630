"""Clusters of images: planted people are found, and scipy agrees where it can hold all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from pipeline.ensembling import linkage as module
from pipeline.ensembling.linkage import fit_threshold, linkage_tree, measure_together, to_points


def plant(rng: np.random.Generator, *, sizes: list[int], noise: float, width: int = 40):
    """Points and who they are: people at random places, each image a little way off."""
    people = np.repeat(np.arange(len(sizes)), sizes)
    places = rng.normal(size=(len(sizes), width))
    points = places[people] + noise * rng.normal(size=(len(people), width))
    order = rng.permutation(len(people))
    return to_points(points[order]), people[order].astype(str)


def partition(codes: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(codes == code).tolist()) for code in np.unique(codes)}


def test_planted_people_of_any_number_of_images_are_found() -> None:
    points, people = plant(np.random.default_rng(1), sizes=[1, 2, 7, 7, 12, 1, 30, 3], noise=0.3)
    clusters = linkage_tree(points, floor=0.5).cut(0.6)
    assert partition(clusters) == partition(people)


@given(st.integers(0, 2**31 - 1), st.floats(0.05, 0.9))
@settings(max_examples=30, deadline=None)
def test_components_give_what_average_linkage_of_everything_gives(seed, threshold) -> None:
    rng = np.random.default_rng(seed)
    points, _ = plant(rng, sizes=rng.integers(1, 6, size=12).tolist(), noise=1.0, width=8)
    found = linkage_tree(points, floor=threshold).cut(threshold)
    distances = squareform(np.clip(1.0 - points.astype(np.float64) @ points.T, 0, 2), checks=False)
    whole = fcluster(linkage(distances, "average"), 1.0 - threshold, "distance")
    assert partition(found) == partition(whole)


@given(st.integers(0, 2**31 - 1), st.integers(2, 7))
@settings(max_examples=20, deadline=None)
def test_a_known_size_bounds_every_cluster(seed, size) -> None:
    points, _ = plant(np.random.default_rng(seed), sizes=[4] * 8, noise=1.5, width=6)
    tree = linkage_tree(points, floor=-1.0)
    assert np.bincount(tree.cut(-1.0, size=size)).max() <= size
    assert len(np.unique(tree.cut(-1.0))) == 1


def test_similarity_knows_no_brightness_and_no_contrast() -> None:
    images = np.random.default_rng(0).normal(size=(3, 4, 6))
    points = to_points(np.concatenate([images, 0.4 * images + 90.0]))
    np.testing.assert_allclose(np.diag(points[:3] @ points[3:].T), 1.0, atol=1e-4)


def test_what_is_too_large_is_parted_where_its_links_are_weak(monkeypatch) -> None:
    points, people = plant(np.random.default_rng(3), sizes=[6] * 10, noise=0.4)
    monkeypatch.setattr(module, "LARGEST", 12)
    tree = linkage_tree(points, floor=-0.9)
    assert max(len(branch.places) for branch in tree.branches) <= 12
    assert partition(tree.cut(0.6)) == partition(people)


def test_the_threshold_is_the_one_that_finds_most_at_the_purity_asked_for() -> None:
    rng = np.random.default_rng(4)
    trees, thresholds = [], np.linspace(-0.5, 0.95, 30)
    for _ in range(3):
        points, people = plant(rng, sizes=[5] * 20, noise=0.7, width=12)
        trees.append((linkage_tree(points, floor=-0.5), people))
    fit = fit_threshold(trees, thresholds=thresholds, min_purity=0.9)
    found = {t: measure_together([(tree.cut(t), ids) for tree, ids in trees]) for t in thresholds}
    pure = {t: f.recall for t, f in found.items() if f.num_joined and f.purity >= 0.9}
    assert fit.threshold in pure
    assert pure[fit.threshold] == max(pure.values())
    assert any(f.recall > fit.agreement.recall for f in found.values()), "some were not pure"
    strangers = [(tree, np.arange(len(ids))) for tree, ids in trees]
    assert fit_threshold(strangers, thresholds=thresholds, min_purity=0.9) is None


def test_parts_that_were_found_apart_share_no_cluster() -> None:
    part = (np.array([0, 0, 1]), np.array(["a", "a", "b"]))
    found = measure_together([part, part])
    assert (found.num_clusters, found.num_people, found.precision) == (4, 4, 1.0)


def test_a_tree_is_not_cut_below_its_floor() -> None:
    with pytest.raises(ValueError, match=r"threshold 0.3 is below the tree's floor 0.5"):
        linkage_tree(np.eye(3), floor=0.5).cut(0.3)
