"""evaluate and ensemble on tables made by hand: no image, no network."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.config.member import Pseudo
from pipeline.stages import ensemble, evaluate
from pipeline.storage import write_table
from tests.hand_made import (
    AGE,
    FOLD,
    FOLDS,
    NUM,
    OLD,
    OLD_TASK,
    RNG,
    SEX,
    SEX_TASK,
    YEARS_TASK,
    YES_TASK,
    make_work,
    probs,
)


def test_formulations_and_members_stand_beside_each_other(tmp_path: Path, capsys) -> None:
    sex, old = (
        probs("sex", ["m", "f"], SEX, share=0.9),
        probs("old", ["<40", ">=40"], OLD, share=0.9),
    )
    joint_words = ["m/<40", "m/>=40", "f/<40", "f/>=40"]
    joint = probs("answer", joint_words, SEX * 2 + OLD, share=0.6)
    noise = probs("sex", ["m", "f"], SEX, share=0.5)
    work = make_work(
        tmp_path,
        tasks={"sex": SEX_TASK, "old": OLD_TASK},
        answer={"tasks": ["sex", "old"], "metric": "accuracy"},
        tables={"s": sex, "o": old, "j": joint, "noise": noise},
        compare={"two": ["s", "o"], "one head": ["j"]},
        ensemble={"members": ["s", "o"]},
    )
    evaluate.run(work)
    out = capsys.readouterr().out
    scores = pd.read_csv(work.runs.scores)
    whole = scores[scores["fold"] == "all"].set_index(["source", "task", "metric"])
    right = (sex.to_numpy().argmax(1) == SEX) & (old.to_numpy().argmax(1) == OLD)
    assert whole.loc[("two", "answer", "accuracy"), "value"] == pytest.approx(right.mean())
    joint_right = joint.to_numpy().argmax(1) == SEX * 2 + OLD
    assert whole.loc[("one head", "answer", "accuracy"), "value"] == pytest.approx(
        joint_right.mean()
    )
    marginal = joint.to_numpy().reshape(NUM, 2, 2).sum(axis=2).argmax(1)
    assert whole.loc[("j", "sex", "accuracy"), "value"] == pytest.approx((marginal == SEX).mean())
    compared = pd.read_csv(work.runs.comparisons)
    row = compared[(compared["first"] == "two") & (compared["second"] == "one head")].iloc[0]
    assert row["difference"] == pytest.approx(joint_right.mean() - right.mean())
    by_fold = [joint_right[k == FOLD].mean() - right[k == FOLD].mean() for k in range(FOLDS)]
    t = np.mean(by_fold) / np.sqrt((1 / FOLDS + 1 / (FOLDS - 1)) * np.var(by_fold, ddof=1))
    assert row["t"] == pytest.approx(t)
    assert "two is better than one head by" in out
    assert "members that predict sex:" in out
    assert "2.0 M" in out
    beats = whole[whole["gain_low"] > 0]
    source, task, metric = beats["gain_low"].idxmin()
    least = beats.loc[(source, task, metric)]
    assert (
        f"the least sure one: {metric}: {source} ({task}) is better than the best answer that is "
        f"the same for every image by {least['gain']:.4f}, 95 % "
        f"from {least['gain_low']:.4f} to {least['gain_high']:.4f}" in out
    ), "the interval of the difference, not of the score"
    assert "NOT beyond one answer for all" in out  # noise knows nothing
    majority = max(SEX.mean(), 1 - SEX.mean())
    assert whole.loc[("s", "sex", "accuracy"), "constant"] == pytest.approx(majority)


def test_a_whole_answer_is_blended_with_the_product(tmp_path: Path) -> None:
    sex, old = (
        probs("sex", ["m", "f"], SEX, share=0.8),
        probs("old", ["<40", ">=40"], OLD, share=0.8),
    )
    joint_words = ["m/<40", "m/>=40", "f/<40", "f/>=40"]
    joint = probs("answer", joint_words, SEX * 2 + OLD, share=0.8)
    work = make_work(
        tmp_path,
        tasks={"sex": SEX_TASK, "old": OLD_TASK},
        answer={"tasks": ["sex", "old"]},
        tables={"s": sex, "o": old, "j": joint},
        submission={"id": "name", "value": "label"},
        truth=True,
    )
    ensemble.run(work)
    product = (sex.to_numpy()[:, :, None] * old.to_numpy()[:, None, :]).reshape(NUM, 4)
    mixed = (product + joint.to_numpy()) / 2
    record = json.loads(work.runs.submission_record.read_text())
    expected = reference.f1_score(SEX * 2 + OLD, mixed.argmax(1), average="macro")
    assert record["oof"]["value"] == pytest.approx(expected)
    answers = pd.read_csv(work.runs.submission)
    words = [joint_words[k] for k in mixed[:2].argmax(1)]
    assert answers.to_dict("list") == {"name": ["t1", "t0"], "answer": words}
    assert record["parts"][0]["test"]["num_images"] == 2  # the test images have labels here


def test_unlike_tasks_answer_in_columns(tmp_path: Path, capsys) -> None:
    sex = probs("sex", ["m", "f"], SEX, share=0.9)
    years = pd.DataFrame({"years.value": AGE + RNG.normal(0, 4, NUM)})
    work = make_work(
        tmp_path,
        tasks={"sex": SEX_TASK, "years": YEARS_TASK},
        answer={"tasks": ["sex", "years"], "combine": "columns"},
        tables={"both": sex.join(years)},
        submission={"columns": {"years": "age"}},
    )
    evaluate.run(work)
    ensemble.run(work)
    out = capsys.readouterr().out
    answers = pd.read_csv(work.runs.submission)
    assert list(answers.columns) == ["image_id", "sex", "age"]
    np.testing.assert_allclose(answers["age"], years["years.value"][:2].clip(0, 99))
    parts = json.loads(work.runs.submission_record.read_text())["parts"]
    assert [part["answer"] for part in parts] == ["sex", "years"]
    expected = np.abs(years["years.value"].clip(0, 99) - AGE).mean()
    assert parts[1]["oof"]["value"] == pytest.approx(expected)
    assert "cs5" in out


def test_a_threshold_is_chosen_and_answers_are_lines(tmp_path: Path, capsys) -> None:
    scores = np.clip(0.2 + 0.1 * (SEX - 0.5) + RNG.normal(0, 0.02, NUM), 0, 1)
    work = make_work(
        tmp_path,
        tasks={"yes": YES_TASK},
        answer={"tasks": ["yes"]},
        tables={"only": pd.DataFrame({"yes.score": scores})},
        ensemble={"threshold": "oof"},
        submission={"format": "lines"},
    )
    ensemble.run(work)
    out = capsys.readouterr().out
    assert "threshold 0.5: OOF hter 0.5000" in out
    assert "threshold chosen on the other folds: OOF hter 0.0" in out
    (part,) = json.loads(work.runs.submission_record.read_text())["parts"]
    assert 0.15 < part["threshold"] < 0.25
    assert part["oof"] == part["nested"]
    assert part["nested_gain"]["low"] > 0
    assert work.runs.submission.name == "hand.txt"
    expected = [f"{int(value)}" for value in scores[:2] >= part["threshold"]]
    assert work.runs.submission.read_text().splitlines() == expected


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"compare": {"a": ["s", "x"]}}, "compare.a: no member 'x'"),
        ({"compare": {"a": ["s"]}}, "compare.a: none of s predicts the task old"),
        ({"ensemble": {"threshold": "oof"}}, "the answer holds no task of kind binary"),
        ({"submission": {"columns": {"sex": "x"}}}, "only for answer.combine: columns"),
    ],
)
def test_what_cannot_be_answered_is_said_before_anything_starts(
    tmp_path: Path, more: dict, says: str
) -> None:
    sex, old = probs("sex", ["m", "f"], SEX, share=1), probs("old", ["<40", ">=40"], OLD, share=1)
    with pytest.raises(ValueError, match=says):
        make_work(
            tmp_path,
            tasks={"sex": SEX_TASK, "old": OLD_TASK},
            answer={"tasks": ["sex", "old"]},
            tables={"s": sex, "o": old},
            **more,
        )


def test_folds_that_are_not_those_of_the_training_are_refused(tmp_path: Path) -> None:
    tables = {"s": probs("sex", ["m", "f"], SEX, share=0.9)}
    work = make_work(tmp_path, tasks={"sex": SEX_TASK}, answer={"tasks": ["sex"]}, tables=tables)
    folds = pd.read_csv(work.runs.folds, dtype=str)
    folds.loc[folds["person_id"] == "p0", "fold"] = "1"  # was in fold 0
    write_table(work.runs.folds, folds)
    with pytest.raises(ValueError, match=r"i0: s was trained with it held out in fold 0, but"):
        evaluate.run(work)


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.97, "it has earned"), (0.5, "it has not earned")]
)
def test_a_taught_member_has_to_be_better_than_its_teacher(
    tmp_path: Path, capsys, share: float, verdict: str
) -> None:
    tables = {"s": probs("sex", ["m", "f"], SEX, share=0.7)}
    tables["taught"] = probs("sex", ["m", "f"], SEX, share=share)
    work = make_work(tmp_path, tasks={"sex": SEX_TASK}, answer={"tasks": ["sex"]}, tables=tables)
    taught = work.settings.members["taught"].model_copy(update={"pseudo": Pseudo(by=("s",))})
    members = {**work.settings.members, "taught": taught}
    work = replace(work, settings=work.settings.model_copy(update={"members": members}))
    evaluate.run(work)
    assert f"taught, taught by s: {verdict}" in (out := capsys.readouterr().out)
    assert "it is not in ensemble.members" in out
    scores = pd.read_csv(work.runs.scores).set_index(["source", "metric", "fold"])["value"]
    blended, alone = (scores[name, "accuracy", "all"] for name in ("all members", "s"))
    assert blended == alone, "who has not been named does not answer"
