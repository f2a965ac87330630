"""Clusters of the images of one person, and how well they agree with people who are known.

`people` calls this and stores what is found.
"""

from collections.abc import Iterable
from dataclasses import asdict

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.config.pool import Pool
from pipeline.ensembling.linkage import LARGEST, Fit, fit_threshold, linkage_tree, measure_together
from pipeline.ensembling.person_pooling import Agreement
from pipeline.experiment.grouping import counted_by, named, read_grouping
from pipeline.experiment.images_table import read_labelled, read_test
from pipeline.people.features import appearance_points
from pipeline.storage import Runs

THRESHOLDS = tuple(np.round(np.arange(0.50, 0.996, 0.01), 2).tolist())  # that are tried


def cluster_people(settings: Experiment, runs: Runs) -> tuple[dict[str, pd.DataFrame], dict]:
    """The clusters of both parts (by `oof` and `test`) and the facts about them.

    The contest's own names are taken where it names everybody; else look-alikes are clustered, at
    a threshold fitted on train people, who must be named for that.
    """
    pool, trained = settings.pool, settings.folds.train
    labelled = read_labelled(runs)
    test = read_test(runs)
    if trained is not None:  # only these are ever held out
        labelled = labelled[labelled["fold"].isin(trained)].reset_index(drop=True)
    alone = {"oof": _table(labelled, range(len(labelled))), "test": _table(test, range(len(test)))}
    if pool.use == "off":
        return alone, _not_used("off (pool.use)")
    train_is_named = read_grouping(runs).unit == "people"
    if train_is_named and counted_by(test) == "people":
        people = test["person_id"].nunique()
        said = f"people: the contest names {people} people in its {len(test)} test images"
        codes = {"oof": labelled["person_id"], "test": test["person_id"]}
        tables = {
            part: _table(images, pd.factorize(codes[part])[0])
            for part, images in (("oof", labelled), ("test", test))
        }
        return tables, {"used": people < len(test), "said": said}
    if not train_is_named:
        return alone, _not_used("off, not every train image names its person: nothing to fit on")
    if not labelled["person_id"].duplicated().any():
        return alone, _not_used("off, no two train images are of one person: nothing to fit on")
    return _cluster_lookalikes(settings, runs, labelled, test, alone=alone)


def _cluster_lookalikes(
    settings: Experiment,
    runs: Runs,
    labelled: pd.DataFrame,
    test: pd.DataFrame,
    *,
    alone: dict[str, pd.DataFrame],
) -> tuple[dict[str, pd.DataFrame], dict]:
    """As cluster_people, where train people are named and not all test people are."""
    pool = settings.pool
    points = appearance_points(settings, runs, labelled, part="oof")
    clusters, found, thresholds = _oof_clusters(settings.pool, labelled, points)
    facts: dict[str, object] = {"by": pool.by, "thresholds": thresholds, "oof": _plain(found)}
    fit = _fit(settings.pool, labelled, points, np.ones(len(labelled), dtype=bool))
    if fit is None:
        why = f"no similarity makes clusters of purity {pool.min_purity:g} (pool.min_purity)"
        return alone, {**facts, **_not_used(f"off, {why}")}
    if pool.use == "auto" and not found.purity >= pool.min_purity:
        why = f"{_say(found, thresholds)}, below pool.min_purity {pool.min_purity:g}"
        return alone, {**facts, **_not_used(f"off, {why}")}
    tested = keep_names(test, _test_clusters(settings, runs, test, threshold=fit.threshold))
    number = len(np.unique(tested))
    said = f"people: {_say(found, thresholds)}; {len(test)} test images in {number} clusters"
    facts |= {"threshold": fit.threshold, "test_clusters": number, "used": True, "said": said}
    return {"oof": _table(labelled, clusters), "test": _table(test, tested)}, facts


def _not_used(why: str) -> dict:
    return {"used": False, "said": f"people: {why}"}


def keep_names(test: pd.DataFrame, clusters: np.ndarray) -> np.ndarray:
    """The clusters (N,), but with the images of a named person in a cluster of their own."""
    is_named = named(test)
    names = test["person_id"].astype(str).to_numpy()
    keys = [
        ("name", names[row]) if is_named[row] else ("cluster", str(clusters[row]))
        for row in range(len(test))
    ]
    return pd.factorize(pd.Series(keys, dtype=object))[0]


def _oof_clusters(
    pool: Pool, labelled: pd.DataFrame, points: np.ndarray
) -> tuple[np.ndarray, Agreement, list[float]]:
    """Clusters (N,) within each fold at a threshold of the other folds; their agreement with who is
    there; the thresholds, 1 where none is pure enough."""
    folds = labelled["fold"].to_numpy()
    people = labelled["person_id"].astype(str).to_numpy()
    clusters = np.zeros(len(labelled), dtype=np.int64)
    thresholds, parts = [], []
    for fold in np.unique(folds):
        held = folds == fold
        fit = _fit(pool, labelled, points, ~held)
        threshold = 1.0 if fit is None else fit.threshold
        tree = linkage_tree(points[held], floor=threshold)
        found = tree.cut(threshold, size=pool.size)
        clusters[held] = found + len(labelled) * int(fold)  # nobody is found across folds
        thresholds.append(threshold)
        parts.append((found, people[held]))
    return clusters, measure_together(parts), thresholds


def _fit(pool: Pool, labelled: pd.DataFrame, points: np.ndarray, chosen: np.ndarray) -> Fit | None:
    """The threshold fitted on the chosen (N,) images: all at once, or as many people as LARGEST
    holds, because in a crowd more people look alike; in a member's eyes each fold alone, for every
    fold has eyes of its own."""
    folds = labelled["fold"].to_numpy()
    people = labelled["person_id"].astype(str).to_numpy()
    tried = THRESHOLDS if pool.threshold == "auto" else (pool.threshold,)
    crowds = [_crowd(chosen, people)]
    if pool.by != "crops":
        crowds = [chosen & (folds == fold) for fold in np.unique(folds[chosen])]
    trees = [(linkage_tree(points[crowd], floor=min(tried)), people[crowd]) for crowd in crowds]
    limit = pool.min_purity if pool.threshold == "auto" else 0.0
    return fit_threshold(trees, thresholds=tried, min_purity=limit, size=pool.size)


def _crowd(chosen: np.ndarray, people: np.ndarray) -> np.ndarray:
    """The chosen (N,) images; of more than LARGEST those of people who are drawn from them."""
    names, counts = np.unique(people[chosen], return_counts=True)
    order = np.random.default_rng(len(names)).permutation(len(names))
    drawn = order[np.cumsum(counts[order]) <= LARGEST]
    return chosen & np.isin(people, names[drawn])


def _test_clusters(
    settings: Experiment, runs: Runs, test: pd.DataFrame, *, threshold: float
) -> np.ndarray:
    """Clusters (N,) of the test images; one without a crop is by itself."""
    seen = test["row"].to_numpy() >= 0
    clusters = len(test) + np.arange(len(test))
    if seen.any():
        points = appearance_points(settings, runs, test[seen].reset_index(drop=True), part="test")
        tree = linkage_tree(points, floor=threshold)
        clusters[seen] = tree.cut(threshold, size=settings.pool.size)
    return clusters


def _table(images: pd.DataFrame, clusters: Iterable[int]) -> pd.DataFrame:
    return pd.DataFrame({"image_id": images["image_id"], "cluster": np.asarray(clusters)})


def _plain(agreement: Agreement) -> dict:
    """As JSON takes it: no NaN."""
    return {k: None if np.isnan(value) else value for k, value in asdict(agreement).items()}


def _say(found: Agreement, thresholds: list[float]) -> str:
    span = " to ".join(dict.fromkeys(f"{t:g}" for t in (min(thresholds), max(thresholds))))
    return (
        f"{found.num_joined} of {found.num_images} held-out images share a cluster (similarity "
        f"{span}) of purity {found.purity:.3f}; {found.precision:.3f} of their pairs are of one "
        f"person, {found.recall:.3f} of all such pairs are found"
    )
