"""Pseudo-labels: from cells that held out the same fold, in one command, the same bytes again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.experiment.cells import all_cells, teacher_cells
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import load_cell
from pipeline.experiment.work import Work
from pipeline.labels.tasks import Task
from pipeline.people.embeddings import member_embeddings
from pipeline.people.people import find_people
from pipeline.storage import PROJECT, REFIT, Cell, Runs
from pipeline.training.pseudo_labels import join_targets
from tests.conftest import TINY_MEMBER, tiny
from tests.contests import make_contest

Call = Callable[..., tuple[int, str, str]]
TAUGHT = "{tasks: {age: {}}, seeds: [777, 778], pseudo: {by: [age], confidence: 0.34, share: 0.5}}"
COLUMNS = ["age.<30", "age.30-60", "age.>=60"]


def taught(pseudo: str = TAUGHT) -> list[str]:
    small = [f"members.taught.{key}={value}" for key, value in TINY_MEMBER.items()]
    return [f"members.taught={pseudo}", *small]


def test_labels_come_from_the_cell_of_the_same_fold_alone(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = [*tiny("sample", root=contest, folder=tmp_path), *taught(), "pool.use=off"]
    words += ["folds.train=[0, 1]", "members.taught.seeds=[777]"]
    code, out, err = call("train", "infer", *words)
    assert code == 0, err
    assert "taught/fold0-seed777: " in out
    run = tmp_path / "runs/sample"
    seen = pd.read_parquet(run / "age/test_views.parquet").drop(columns="view")
    for fold in (0, 1):
        own = seen[seen["fold"] == fold].groupby("image_id")[COLUMNS].mean()
        told = pd.read_parquet(run / f"taught/fold{fold}-seed777/pseudo.parquet")
        assert len(told) == 21  # every test image, 3 people with 7
        said = told.set_index("image_id").loc[own.index, COLUMNS]
        np.testing.assert_allclose(said, own, atol=1e-6)
        other = seen[seen["fold"] != fold].groupby("image_id")[COLUMNS].mean()
        assert np.abs(said.to_numpy() - other.to_numpy()).max() > 1e-4
        assert 0 < told["chosen"].sum() <= 10
    # the OOF table holds nobody but the people of the fold
    oof = pd.read_parquet(run / "taught/fold0-seed777/oof.parquet")
    assert not oof["image_id"].isin(told["image_id"]).any()
    assert set(oof["image_id"]) == set(
        pd.read_parquet(run / "age/fold0-seed777/oof.parquet")["image_id"]
    )
    check_embeddings(tiny("sample", root=contest, folder=tmp_path))
    # again from what is there: the same labels, the same weights
    cell = run / "taught/fold1-seed777"
    before = (cell / "weights.safetensors").read_bytes()
    for name in ("weights.safetensors", "done.json", "pseudo.parquet", "oof.parquet"):
        (cell / name).unlink()
    assert call("train", *words)[0] == 0
    assert (cell / "weights.safetensors").read_bytes() == before


def check_embeddings(words: list[str]) -> None:
    """A head on the embedding of a held-out image says what the OOF table says."""
    words = [*words[2:], "folds.train=[0, 1]", "pool.by=age", "pool.use=on"]
    given = load_experiment("sample", words, configs=PROJECT / "configs")
    work = Work(given, Runs(given), ["./run.sh"])
    found = member_embeddings(work.settings, work.runs, "age", "oof")
    for fold in (0, 1):
        cell = Cell("age", fold, 777)
        oof = pd.read_parquet(work.runs.oof(cell)).set_index("image_id")
        seen = found[found["fold"] == fold].set_index("image_id").loc[oof.index, "embedding"]
        head = load_cell(
            work.runs, member_context(work.settings, cell.member), cell, device=torch.device("cpu")
        ).heads["age"]
        with torch.inference_mode():
            probs = head(torch.from_numpy(np.stack(seen.tolist()))).softmax(dim=1).numpy()
        np.testing.assert_allclose(probs, oof[COLUMNS], atol=1e-5)
    people = find_people(work.settings, work.runs)  # told apart by what the member sees
    assert set(people["oof"].table["image_id"]) == set(found["image_id"])
    assert len(people["test"].table) == 21
    assert set(member_embeddings(work.settings, work.runs, "age", "test")["fold"]) == {0}


@pytest.fixture
def settings():
    words = [*taught(), "members.age.refit=true", "members.taught.refit=true"]
    return load_experiment("sample", words, configs=PROJECT / "configs")


def test_teachers_are_trained_first_and_hold_out_the_same_fold(settings) -> None:
    turned = dict(reversed(settings.members.items()))
    assert next(iter(turned)) == "taught"
    cells = all_cells(settings.model_copy(update={"members": turned}))
    members = [cell.member for cell in cells]
    assert members.index("taught") > max(i for i, name in enumerate(members) if name == "age")
    assert len(cells) == len(all_cells(settings))
    for fold in range(3):
        for seed in (777, 778):
            assert teacher_cells(settings, Cell("taught", fold, seed)) == [Cell("age", fold, 777)]
    everybody = teacher_cells(settings, Cell("taught", REFIT, 777))
    assert everybody == [Cell("age", fold, 777) for fold in range(3)]
    assert teacher_cells(settings, Cell("age", 0, 777)) == []


@pytest.mark.parametrize(
    ("config", "words", "said"),
    [
        ("sample", ["members.age.pseudo={by: [agee]}"], "no member 'agee'; did you mean 'age'?"),
        ("sample", ["members.age.pseudo={by: [gender]}"], "none of gender predicts age"),
        (
            "sample",
            [
                "members.more={tasks: {age: {}}, pseudo: {by: [taught]}}",
                *taught("{tasks: {age: {}}, pseudo: {by: [more]}}"),
            ],
            "members.more.pseudo.by: taught learns from more itself",
        ),
        ("sample", [*taught(), "members.taught.sampler=balanced"], "needs sampler: shuffled"),
        ("sample", [*taught(), "pool.by=age"], "people are told apart by crops"),
        ("sample", ["pool.by=agee"], "pool.by: found 'agee'; did you mean 'age'?"),
        (
            "age-afad-lite",
            ["members.taught={tasks: {age: {}}, pseudo: {by: [forms]}}"],
            "has no test images",
        ),
        (
            "occlusion-lite",
            ["members.taught={tasks: {occlusion: {}}, pseudo: {by: [gap]}}"],
            "occlusion is a number; say how far its teachers may differ",
        ),
        (
            "occlusion-lite",
            ["members.taught={tasks: {occlusion: {}}, pseudo: {by: [gap], spread: 0.1}}"],
            "one network agrees with itself",
        ),
    ],
)
def test_what_can_not_be_is_said_before_anything_starts(
    config: str, words: list[str], said: str, call: Call
) -> None:
    code, _, err = call("train", "-c", config, *words)
    assert code == 2
    assert said in err, err


def test_numbers_are_taught_in_two_rounds_by_cells_of_the_same_fold(
    tmp_path: Path, call: Call
) -> None:
    root = make_contest("table", tmp_path / "contest")
    words = tiny("occlusion-lite", root=root, folder=tmp_path)
    small = {**TINY_MEMBER, "augment": "[]"}
    for name, by in (("first", "[weighted, blocks]"), ("second", "[first, weighted]")):
        pseudo = f"{{by: {by}, spread: 1.0, share: 0.5}}"
        words.append(f"members.{name}={{tasks: {{occlusion: {{}}}}, pseudo: {pseudo}}}")
        words += [f"members.{name}.{key}={value}" for key, value in small.items()]
    code, out, err = call("train", *words, "folds.train=[0]")
    assert code == 0, err
    assert "second/fold0-seed777: 3 of 6 test images with labels by first, weighted" in out
    told = pd.read_parquet(tmp_path / "runs/occlusion-lite/second/fold0-seed777/pseudo.parquet")
    assert told["occlusion.value"].between(0.0, 1.0).all() and told["chosen"].sum() == 3
    settings = load_experiment("occlusion-lite", words[2:], configs=PROJECT / "configs")
    order = [cell.member for cell in all_cells(settings)]
    assert order.index("second") > order.index("first") > order.index("weighted")
    assert teacher_cells(settings, Cell("second", 1, 777)) == [
        Cell("first", 1, 777),
        Cell("weighted", 1, 777),
    ]


def test_labels_join_targets_in_one_form() -> None:
    numbers = np.array([20.0, np.nan], dtype=np.float32)
    years = Task(name="age", kind="regression", column="age", scale=100.0)
    joined = join_targets(numbers, np.array([[31.5]], dtype=np.float32), task=years, soft=False)
    np.testing.assert_array_equal(joined, [20.0, np.nan, 31.5])
    task = Task(name="age", kind="multiclass", column="age", classes=("young", "old"))
    told = np.array([[0.9, 0.1], [0.2, 0.8]], dtype=np.float32)
    codes, shares = np.array([1, 0]), np.array([[0.5, 0.5], [1.0, 0.0]], dtype=np.float32)
    ones = [[0.0, 1.0], [1.0, 0.0]]
    assert join_targets(codes, told, task=task, soft=False).tolist() == [1, 0, 0, 1]
    np.testing.assert_array_equal(join_targets(codes, told, task=task, soft=True), [*ones, *told])
    hard = join_targets(shares, told, task=task, soft=False)
    np.testing.assert_array_equal(hard, [*shares, [1.0, 0.0], [0.0, 1.0]])
    assert hard.dtype == np.float32
    partly = join_targets(np.array([1, -1]), told, task=task, soft=True)
    np.testing.assert_array_equal(partly, [[0.0, 1.0], [np.nan, np.nan], *told])
    smile = Task(name="smile", kind="binary", column="smile", classes=("no", "yes"))
    seen = np.array([[0.97], [0.04]], dtype=np.float32)
    truth = np.array([0.0, 1.0], dtype=np.float32)
    np.testing.assert_allclose(join_targets(truth, seen, task=smile, soft=False), [0, 1, 1, 0])
    np.testing.assert_allclose(join_targets(truth, seen, task=smile, soft=True), [0, 1, 0.97, 0.04])
