"""Who is in which image: found where nobody says, taken where the contest does, or left alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.ensembling.person_pooling import measure_clusters
from pipeline.experiment.grouping import describe_grouping, grouping_facts
from pipeline.experiment.images_table import read_labelled, read_test
from pipeline.experiment.work import Work
from pipeline.people.clustering import keep_names
from pipeline.people.people import clusters_of, find_people, test_people
from pipeline.storage import PROJECT, Runs, read_json, write_json, write_table
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
test_people.__test__ = False  # a function of the stage, not a test


@pytest.fixture(scope="module")
def split_run(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The words of the sample contest, cropped and split."""
    from pipeline.__main__ import main

    words = tiny("sample", root=contest, folder=tmp_path_factory.mktemp("people"))
    assert main(["split", *words]) == 0
    return words


def make_work(words: list[str], *more: str) -> Work:
    settings = load_experiment("sample", [*words[2:], *more], configs=PROJECT / "configs")
    return Work(settings, Runs(settings), ["./run.sh"])


def test_people_are_found_within_folds_without_their_names(split_run: list[str]) -> None:
    work = make_work(split_run, "pool.use=on", "pool.threshold=0.92")
    labelled, found = read_labelled(work.runs), find_people(work.settings, work.runs)
    clusters = clusters_of(found["oof"].table, labelled["image_id"])
    for fold in labelled["fold"].unique():  # nobody is found across folds
        inside = (labelled["fold"] == fold).to_numpy()
        assert not set(clusters[inside]) & set(clusters[~inside])
    agreement = measure_clusters(clusters, labelled["person_id"].astype(str).to_numpy())
    assert found["oof"].facts["oof"]["precision"] == pytest.approx(agreement.precision)
    assert found["oof"].facts["oof"]["purity"] == pytest.approx(agreement.purity)
    assert agreement.recall > 0.05
    assert agreement.precision > 0.6  # by chance 0.22
    tested = test_people(work.settings, work.runs)
    assert tested["image_id"].tolist() == read_test(work.runs)["image_id"].tolist()
    assert 3 <= tested["cluster"].nunique() < 21
    at = work.runs.people("test").stat().st_mtime_ns
    pd.testing.assert_frame_equal(test_people(work.settings, work.runs), tested)
    assert work.runs.people("test").stat().st_mtime_ns == at, "found once"


def test_clusters_that_are_not_pure_are_not_used(split_run: list[str]) -> None:
    # a similarity at which everybody is one person
    for use, used in (("auto", False), ("on", True)):
        work = make_work(split_run, "pool.threshold=0.0", f"pool.use={use}")
        found = find_people(work.settings, work.runs)["oof"]
        assert found.used is used
        assert found.table["cluster"].duplicated().any() == used
    work = make_work(split_run, "pool.threshold=0.0")
    assert "below pool.min_purity 0.98" in find_people(work.settings, work.runs)["test"].said
    work = make_work(split_run, "pool.use=off")
    off = find_people(work.settings, work.runs)
    assert off["test"].said == "people: off (pool.use)"
    assert not off["test"].table["cluster"].duplicated().any()


def test_the_contests_own_word_is_taken(split_run: list[str], tmp_path: Path) -> None:
    work = make_work(split_run)
    images = pd.read_parquet(work.runs.images)
    is_test = images["part"] == "test"
    names = np.resize(["x", "y", "z"], is_test.sum())
    images["person_id"] = images["person_id"].astype(object)
    images.loc[is_test, "person_id"] = names
    named = make_work(split_run, f"runs={tmp_path}/runs")
    for path, other in (
        (work.runs.faces, named.runs.faces),
        (work.runs.folds, named.runs.folds),
    ):
        write_table(other, pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path))
    write_table(named.runs.images, images)
    assert test_people(named.settings, named.runs)["cluster"].nunique() == 3
    labelled = read_labelled(named.runs)
    clusters = clusters_of(
        find_people(named.settings, named.runs)["oof"].table, labelled["image_id"]
    )
    agreement = measure_clusters(clusters, labelled["person_id"].astype(str).to_numpy())
    assert (agreement.precision, agreement.recall) == (1.0, 1.0)


def test_nothing_is_fitted_where_nobody_comes_twice(split_run: list[str], tmp_path: Path) -> None:
    work, other = make_work(split_run), make_work(split_run, f"runs={tmp_path}/runs")
    folds = pd.read_csv(work.runs.folds).drop_duplicates("person_id")
    write_table(other.runs.folds, folds)
    for name in ("images", "faces"):
        write_table(getattr(other.runs, name), pd.read_parquet(getattr(work.runs, name)))
    found = find_people(other.settings, other.runs)["test"]
    assert not found.used
    assert "no two train images are of one person" in found.said


def test_nothing_is_fitted_on_people_who_are_not_named(
    split_run: list[str], tmp_path: Path
) -> None:
    """Look-alikes that split joined are no people whose images are known to be theirs."""
    work, other = make_work(split_run), make_work(split_run, f"runs={tmp_path}/runs")
    folds = pd.read_csv(work.runs.folds)
    write_table(other.runs.folds, folds)
    for name in ("images", "faces"):
        write_table(getattr(other.runs, name), pd.read_parquet(getattr(work.runs, name)))
    alone = folds.assign(person_id=folds["image_id"])
    facts = grouping_facts(describe_grouping(alone, folds["person_id"], lookalikes=0.7))
    write_json(other.runs.certificate, {**read_json(work.runs.certificate), "grouping": facts})
    found = find_people(other.settings, other.runs)["test"]
    assert not found.used
    assert "not every train image names its person" in found.said


def test_a_named_test_image_stays_with_its_name(split_run: list[str]) -> None:
    test = pd.DataFrame({"image_id": list("abcd"), "person_id": ["ann", None, "ann", "d"]})
    found = keep_names(test, np.array([7, 7, 8, 9]))
    assert found[0] == found[2] and len(set(found)) == 3
