"""distil: a student learns what others answer, honestly, and is put beside the ensemble."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.config import load_experiment
from pipeline.experiment.cells import all_cells
from pipeline.experiment.images_table import held_out, read_labelled
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import predict_cells
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.labels.tasks import Task
from pipeline.storage import PROJECT, REFIT, Cell, Runs
from pipeline.training.cell_jobs import cell_needs
from pipeline.training.distillation import distillation_targets, mix_targets
from tests.conftest import TINY_MEMBER, tiny

Call = Callable[..., tuple[int, str, str]]
COLUMNS = ["gender.male", "gender.female"]


def student(text: str = "{tasks: {gender: {}}, distil: {by: [gender]}}") -> list[str]:
    small = [f"members.student.{key}={value}" for key, value in TINY_MEMBER.items()]
    return [f"members.student={text}", *small]


def test_a_student_is_taught_by_those_who_held_out_the_same_fold(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = [*tiny("sample", root=contest, folder=tmp_path), *student(), "folds.num=2"]
    code, out, err = call("distil", *words)
    assert code == 0, err
    assert (
        "distil: 8 of 8 cells of sample are not trained (mask 2, gender 2, age 2, student 2)" in out
    )
    assert "compare: sample/student: member" in out
    assert "distil: 2 networks" in out and "in place of 6 networks" in out
    settings = load_experiment("sample", words[2:], configs=PROJECT / "configs")
    work = Work(settings, Runs(settings), [])
    run, images = tmp_path / "runs/sample", read_labelled(work.runs)
    cpu = {"device": torch.device("cpu"), "precision": "float32"}
    for fold in (0, 1):
        cell, teacher = Cell("student", fold, 777), Cell("gender", fold, 777)
        train = images[~held_out(settings, images, fold)].reset_index(drop=True)
        nothing = np.zeros(len(train), int)
        told = distillation_targets(
            work.settings, work.runs, cell, train, {"gender": nothing}, **cpu
        )["gender"]
        said = predict_cells(
            work.runs,
            member_context(settings, "gender"),
            [teacher],
            train,
            crops=open_crops(work.runs.crops),
            settings=settings,
            what="",
            **cpu,
        )
        said = said.groupby("image_id")[COLUMNS].mean().loc[train["image_id"]]
        np.testing.assert_allclose(told, said, atol=1e-6)
    everybody = Cell("student", REFIT, 777)
    told = distillation_targets(
        work.settings, work.runs, everybody, images, {"gender": np.zeros(len(images), int)}, **cpu
    )
    oof = [pd.read_parquet(run / f"gender/fold{fold}-seed777/oof.parquet") for fold in (0, 1)]
    said = pd.concat(oof).set_index("image_id").loc[images["image_id"], COLUMNS]
    np.testing.assert_allclose(told["gender"], said, atol=1e-6)
    # the same recipe and seed with labels learnt something else
    one, other = (run / f"{m}/fold0-seed777/weights.safetensors" for m in ("student", "gender"))
    assert one.read_bytes() != other.read_bytes()
    rows = pd.read_csv(run.parent / "compare/sample--sample.student/differences.csv")
    assert set(rows["task"]) == {"gender"}
    scores = pd.read_csv(run / "scores.csv")
    whole = scores[(scores["fold"] == "all") & (scores["metric"] == "macro_f1")]
    value = {row.source: row.value for row in whole[whole["task"] == "gender"].itertuples()}
    assert rows["difference"].item() == pytest.approx(value["student"] - value["gender"])
    assert "student" not in settings.answering
    image = next((contest / "eval/images").glob("*.jpg"))
    code, _, err = call("predict", image, "by=student", *words)
    assert code == 0, err
    assert "gender.male" in pd.read_csv(run / "predict/faces.csv")


def test_answers_are_mixed_with_labels_by_hand() -> None:
    task = Task(name="age", kind="multiclass", column="age", classes=("young", "old"))
    told = np.array([[0.9, 0.1], [0.2, 0.8]])
    mixed = mix_targets(np.array([1, 1]), told, task=task, share=0.5)
    np.testing.assert_allclose(mixed, [[0.45, 0.55], [0.1, 0.9]], atol=1e-7)
    years = Task(name="years", kind="regression", column="years")
    mixed = mix_targets(np.array([30.0, 40.0]), np.array([[34.0], [40.0]]), task=years, share=0.25)
    np.testing.assert_allclose(mixed, [31.0, 40.0])
    assert mixed.dtype == np.float32


def test_teachers_come_first_and_a_refit_has_all_of_them() -> None:
    words = [*student(), "members.student.refit=true"]
    settings = load_experiment("sample", words, configs=PROJECT / "configs")
    cells = all_cells(settings)
    teachers = [Cell("gender", fold, 777) for fold in range(3)]
    for cell in (c for c in cells if c.member == "student"):
        wanted = teachers if cell.fold == REFIT else [Cell("gender", cell.fold, 777)]
        assert set(wanted) <= set(cell_needs(settings, cell))
        assert cells.index(cell) > max(cells.index(teacher) for teacher in teachers)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "distil: no member is a student; write one into members: of the config"),
        (student("{tasks: {age: {}}, distil: {by: [agee]}}"), "did you mean 'age'?"),
        (student("{tasks: {age: {}}, distil: {by: [gender]}}"), "none of gender predicts age"),
        (student("{tasks: {gender: {}}, distil: {by: [student]}}"), "student learns from student"),
        (
            [*student(), "members.student.refit=true", "folds.train=[0]"],
            "a refit is told what every fold answers, so no folds.train",
        ),
        (
            student("{tasks: {age: {loss: distribution, span: [0, 100]}}, distil: {by: [age]}}"),
            "age is taught as probabilities of classes, so without span",
        ),
        (
            [
                "members.whole={tasks: {answer: {}}}",
                *student("{tasks: {answer: {}}, distil: {by: [whole, mask, gender, age]}}"),
            ],
            "members.student.distil.by: mask has no head 'answer' as others have",
        ),
    ],
)
def test_what_can_not_be_is_said_before_anything_starts(
    words: list[str], said: str, call: Call
) -> None:
    code, _, err = call("distil", *words)
    assert code == 2
    assert said in err, err


def test_where_a_label_is_missing_the_teachers_answer_alone() -> None:
    task = Task(name="age", kind="multiclass", column="age", classes=("young", "old"))
    told = np.array([[0.9, 0.1], [0.2, 0.8]])
    mixed = mix_targets(np.array([-1, 1]), told, task=task, share=0.5)
    np.testing.assert_allclose(mixed, [[0.9, 0.1], [0.1, 0.9]], atol=1e-7)
    years = Task(name="years", kind="regression", column="years")
    mixed = mix_targets(np.array([np.nan, 40.0]), told[:, :1], task=years, share=0.5)
    np.testing.assert_allclose(mixed, [0.9, 20.1], atol=1e-6)
