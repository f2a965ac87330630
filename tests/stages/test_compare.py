"""compare on tables made by hand: no image, no network."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.stages import compare, split
from pipeline.storage import read_table, write_table
from tests.hand_made import (
    AGE,
    FOLD,
    FOLDS,
    NUM,
    OLD,
    OLDS,
    RNG,
    SEX,
    SEXES,
    YEARS_TASK,
    YES_TASK,
    copy_as,
    make_work,
    places,
    product,
    store,
)

Call = Callable[..., tuple[int, str, str]]


def test_an_ensemble_and_a_joint_member_meet_in_the_answer(tmp_path: Path, call: Call) -> None:
    work = product(tmp_path)
    code, out, err = call("compare", "hand", "hand/j", *places(tmp_path))
    assert code == 0, err
    joint = read_table(work.runs.predictions("j", "oof")).set_index("image_id")
    joint = joint.loc[[f"i{i}" for i in range(NUM)]].drop(columns=["fold", "seed", "view"])
    pairs = [
        read_table(work.runs.predictions(name, "oof"))
        .set_index("image_id")
        .loc[joint.index]
        .drop(columns=["fold", "seed", "view"])
        .to_numpy()
        .argmax(1)
        for name in ("s", "o")
    ]
    truth = SEX * 2 + OLD
    right = [pairs[0] * 2 + pairs[1] == truth, joint.to_numpy().argmax(1) == truth]
    folder = tmp_path / "runs/compare/hand--hand.j"
    scores = pd.read_csv(folder / "scores.csv").set_index(["source", "task", "fold"])["value"]
    for name, hits in zip(("hand", "hand/j"), right, strict=True):
        assert scores[(name, "answer", "all")] == pytest.approx(hits.mean())
        for fold in range(FOLDS):
            expected = hits[fold == FOLD].mean()
            assert scores[(name, "answer", str(fold))] == pytest.approx(expected)
    counts = pd.read_csv(folder / "by-attribute.csv")
    counts = counts[counts["question"] == "answer"].set_index(["attribute", "value"])
    for key, here in (
        (("all", "all"), np.ones(NUM, dtype=bool)),
        (("sex", "f"), SEX == 1),
        (("old", "<40"), OLD == 0),
    ):
        assert counts.loc[key, "first_nearer"] == (right[0] & ~right[1] & here).sum()
        assert counts.loc[key, "second_nearer"] == (right[1] & ~right[0] & here).sum()
    rows = pd.read_csv(folder / "disagreements.csv")
    rows = rows[rows["question"] == "answer"]
    assert set(rows["image_id"]) == {f"i{i}" for i in np.flatnonzero(right[0] != right[1])}
    for row in rows.itertuples():
        assert (row.nearer == "hand") == bool(right[0][int(row.image_id[1:])])
        assert (
            row.truth == f"{SEXES[SEX[int(row.image_id[1:])]]}/{OLDS[OLD[int(row.image_id[1:])]]}"
        )
    assert (np.diff(rows["gap"]) <= 1e-12).all()
    assert "hand is better than hand/j by" in out
    assert "over folds p =" in out


def test_of_its_own_experiment_a_part_needs_no_first_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = replace(product(tmp_path), words=("two", "j", "s", "hand"))
    compare.check(work)
    compare.run(work)
    out = capsys.readouterr().out
    assert "hand/two: mean of s, o, views identity" in out
    assert "hand/s: member" in out
    assert "hand and hand/two score the same in every draw" in out
    scores = pd.read_csv(work.runs.compared("hand.two--hand.j--hand.s--hand", "scores.csv"))
    assert set(scores.loc[scores["task"] == "sex", "source"]) == {
        "hand/two",
        "hand/j",
        "hand/s",
        "hand",
    }
    assert "hand/s" not in set(scores.loc[scores["task"] == "answer", "source"])


def test_numbers_are_compared_by_their_distance(tmp_path: Path, call: Call) -> None:
    near, far = AGE + RNG.normal(0, 3, NUM), AGE + RNG.normal(0, 9, NUM)
    tables = {name: pd.DataFrame({"years.value": v}) for name, v in (("a", near), ("b", far))}
    store(
        make_work(tmp_path, tasks={"years": YEARS_TASK}, answer={"tasks": ["years"]}, tables=tables)
    )
    code, out, err = call("compare", "hand/a", "hand/b", *places(tmp_path))
    assert code == 0, err
    errors = [reference.mean_absolute_error(AGE, v.clip(0, 99)) for v in (near, far)]
    rows = pd.read_csv(tmp_path / "runs/compare/hand.a--hand.b/differences.csv")
    assert rows.loc[0, "difference"] == pytest.approx(errors[0] - errors[1])
    assert "hand/a is better than hand/b by" in out
    assert ": distinguishable" in out
    assert "alone is nearer the truth" in out


def test_more_than_four_are_compared_with_the_first_only(tmp_path: Path, call: Call) -> None:
    errors = {"a": 3, "b": 4, "c": 5, "d": 6, "e": 7}
    tables = {
        name: pd.DataFrame({"years.value": AGE + RNG.normal(0, error, NUM)})
        for name, error in errors.items()
    }
    store(
        make_work(tmp_path, tasks={"years": YEARS_TASK}, answer={"tasks": ["years"]}, tables=tables)
    )
    for names, pairs in (
        ("abcd", ["ab", "ac", "ad", "bc", "bd", "cd"]),
        ("badce", ["ba", "bd", "bc", "be"]),
    ):
        words = [f"hand/{name}" for name in names]
        code, out, err = call("compare", *words, *places(tmp_path))
        assert code == 0, err
        rows = pd.read_csv(
            tmp_path / f"runs/compare/{'--'.join(words).replace('/', '.')}/differences.csv"
        )
        found = rows["first"].str[-1] + rows["second"].str[-1]
        assert found.tolist() == pairs
        assert ("each with hand/b only; for another pair name those two" in out) == (len(names) > 4)


def test_a_score_is_compared_as_the_ensemble_decides(tmp_path: Path, call: Call) -> None:
    """A threshold from OOF makes the ensemble better than its only member at 0.5."""
    scores = np.clip(0.2 + 0.1 * (SEX - 0.5) + RNG.normal(0, 0.02, NUM), 0, 1)
    store(
        make_work(
            tmp_path,
            tasks={"yes": YES_TASK},
            answer={"tasks": ["yes"]},
            tables={"only": pd.DataFrame({"yes.score": scores})},
            ensemble={"threshold": "oof"},
        )
    )
    code, out, err = call("compare", "hand/only", "hand", *places(tmp_path))
    assert code == 0, err
    rows = pd.read_csv(tmp_path / "runs/compare/hand.only--hand/differences.csv")
    assert rows.loc[0, "difference"] > 0.4
    assert "hand is better than hand/only" in out


def test_other_folds_other_people_and_fewer_images_are_refused(tmp_path: Path, call: Call) -> None:
    work = product(tmp_path)
    folds = read_table(work.runs.folds)
    for name, seed, frame, says in (
        ("turned", 1, folds.assign(fold=(FOLD + 1) % FOLDS), "the fold of 120 images differs"),
        ("others", 2, folds.assign(person_id="x"), "the person of 120 images differs"),
        ("fewer", 3, folds[folds["image_id"] != "i7"], "an image that fewer does not"),
    ):
        other = copy_as(work, name, folds=work.settings.folds.model_copy(update={"seed": seed}))
        write_table(other.runs.folds, frame)
        code, _, err = call("compare", "hand", name, *places(tmp_path))
        assert code == 2
        assert says in err
        assert "the first is 'i" in err
    part = work.settings.folds.model_copy(update={"train": (0, 1)})
    copy_as(work, "half", folds=part)
    code, _, err = call("compare", "hand", "half", *places(tmp_path))
    assert code == 2
    assert "hand answers 60 images that half does not" in err
    assert not (tmp_path / "runs/compare").exists()


def test_mended_labels_judge_and_can_be_turned_off(tmp_path: Path, call: Call) -> None:
    """The second experiment has 10 other labels; by its own it is right there, by the old wrong."""
    work = product(tmp_path)
    contest = work.settings.competition.model_copy(update={"fixes": "fixes.csv"})
    (tmp_path / "fixes.csv").write_text("image_id,column,value,reason\n")
    mended = copy_as(work, "mended", competition=contest)
    images = read_table(work.runs.images)
    turned = images["image_id"].isin([f"i{i}" for i in range(10)])
    images.loc[turned, "sex"] = images.loc[turned, "sex"].map({"m": "f", "f": "m"})
    write_table(mended.runs.images, images)
    split.run(mended)
    assert mended.runs.folds != work.runs.folds
    assert read_table(mended.runs.folds).equals(read_table(work.runs.folds))
    code, out, err = call("compare", "hand/s", "mended/s", *places(tmp_path))
    assert code == 0, err
    assert "the labels of hand differ in 10 images (the first is i0); those of mended judge" in out
    folder = tmp_path / "runs/compare/hand.s--mended.s"
    by_mended = pd.read_csv(folder / "scores.csv")["value"].iloc[-1]
    code, _, err = call("compare", "hand/s", "mended/s", "labels=hand", *places(tmp_path))
    assert code == 0, err
    assert pd.read_csv(folder / "scores.csv")["value"].iloc[-1] != pytest.approx(by_mended)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["hand"], "needs two or more different names"),
        (["hand", "hadn"], "nothing trained is called 'hadn'; did you mean 'hand'?"),
        (["hand", "hand/jj"], "hand has no 'jj'"),
        (["hand/s", "hand/o"], "nothing in common: hand/s answers sex; hand/o answers old"),
        (["hand", "hand/j", "labels=x"], "labels='x'; it can be one of: hand"),
    ],
)
def test_what_cannot_be_compared_is_said(
    tmp_path: Path, call: Call, words: list[str], says: str
) -> None:
    product(tmp_path)
    code, _, err = call("compare", *words, *places(tmp_path))
    assert code == 2
    assert says in err
    assert "Traceback" not in err


def test_what_is_not_trained_is_said(tmp_path: Path, call: Call) -> None:
    work = product(tmp_path)
    (work.runs.experiment / "o/fold1-seed777/oof.parquet").unlink()
    code, _, err = call("compare", "hand", "hand/j", *places(tmp_path))
    assert code == 2
    assert (
        f"o/fold1-seed777/oof.parquet is not there; first ./run.sh train -c {work.runs.settings}"
        in err
    )


def test_without_infer_the_images_are_taken_as_they_are(tmp_path: Path, call: Call) -> None:
    work = product(tmp_path)
    work.runs.predictions("j", "oof").unlink()
    code, out, err = call("compare", "hand", "hand/j", *places(tmp_path))
    assert code == 0, err
    assert "on the images as they are, for not all of them have run infer" in out


def test_a_stack_is_compared_by_its_nested_answers(tmp_path: Path, call: Call) -> None:
    work = product(tmp_path)
    code, _, err = call("compare", "hand", "hand-stack", *places(tmp_path))
    assert code == 2
    assert f"not there yet; first ./run.sh stack -c {work.runs.settings}" in err
    truth = SEX * 2 + OLD
    words = ["m/<40", "m/>=40", "f/<40", "f/>=40"]
    joint = pd.DataFrame(np.eye(4)[truth], columns=[f"answer.{word}" for word in words])
    frame = pd.DataFrame({"image_id": [f"i{i}" for i in range(NUM)]}).join(joint)
    write_table(work.runs.stack("stack_oof.parquet"), frame.assign(**{"answer.decided": truth}))
    code, out, err = call("compare", "hand", "hand-stack", *places(tmp_path))
    assert code == 0, err
    scores = pd.read_csv(tmp_path / "runs/compare/hand--hand-stack/scores.csv")
    perfect = scores[(scores["source"] == "hand-stack") & (scores["fold"] == "all")]
    assert perfect["value"].tolist() == [1.0, 1.0, 1.0]  # the answer, sex, old
    assert "hand-stack is better than hand by" in out
