"""The recorded score is that of the file: written, read back, judged against scikit-learn."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.experiment.grouping import AGAIN
from pipeline.experiment.work import Work
from pipeline.stages import ensemble, evaluate
from pipeline.stages.registry import is_done
from pipeline.storage import display_path, read_table, write_table
from tests.hand_made import AGE, NUM, OLD, SEX, make_work, probs, store

RNG = np.random.default_rng(3)
AUC_TASK = {"kind": "binary", "column": "sex", "classes": ["m", "f"], "metric": "roc_auc"}
OLD_AUC = {"kind": "binary", "column": "old", "classes": ["0", "1"], "metric": "roc_auc"}
YEARS_TASK = {"kind": "regression", "column": "age", "low": 0, "high": 99, "metric": "mae"}


def noisy(truth: np.ndarray) -> np.ndarray:
    return np.clip(0.5 + 0.2 * (truth - 0.5) + RNG.normal(0, 0.15, NUM), 0, 1)


def with_sample(folder: Path, text: str) -> dict:
    (folder / "sample.csv").write_text(text)
    return {"sample": "sample.csv", "id": "name"}


def record_of(work: Work) -> dict:
    return json.loads(work.runs.submission_record.read_text())


def oof_of(work: Work) -> pd.DataFrame:
    return pd.read_csv(work.runs.submission.with_name("hand.oof.csv"))


def test_an_auc_is_of_what_the_file_holds(tmp_path: Path, capsys) -> None:
    scores = noisy(SEX)
    tables = {"a": pd.DataFrame({"yes.score": scores})}
    work = make_work(
        tmp_path,
        tasks={"yes": AUC_TASK},
        answer={"tasks": ["yes"]},
        tables=tables,
        submission=with_sample(tmp_path, "name,p\nt1,0.5\nt0,0.5\n"),
    )
    ensemble.check(work)
    ensemble.run(work)
    expected = reference.roc_auc_score(SEX, scores)
    assert record_of(work)["oof"]["value"] == pytest.approx(expected, abs=1e-12)
    frame = oof_of(work)
    assert list(frame.columns) == ["name", "p"]
    assert (
        frame["p"].to_numpy()
        == pd.Series(scores, [f"i{n}" for n in range(NUM)])[frame["name"]].to_numpy()
    ).all()
    assert pd.read_csv(work.runs.submission)["name"].tolist() == ["t1", "t0"]
    oof = work.runs.submission.with_name("hand.oof.csv")
    assert f"{display_path(oof)}, which is what the score is of" in capsys.readouterr().out


def test_decided_answers_have_the_auc_of_decided_answers(tmp_path: Path, capsys) -> None:
    scores = noisy(SEX)
    work = make_work(
        tmp_path,
        tasks={"yes": AUC_TASK},
        answer={"tasks": ["yes"]},
        tables={"a": pd.DataFrame({"yes.score": scores})},
        submission={"value": "index"},
    )
    ensemble.run(work)
    decided = reference.roc_auc_score(SEX, scores >= 0.5)
    record = record_of(work)
    assert record["oof"]["value"] == pytest.approx(decided)
    full = reference.roc_auc_score(SEX, scores)
    assert record["parts"][0]["unwritten"]["value"] == pytest.approx(full)
    ledger = pd.read_csv(work.runs.ledger)
    assert ledger["oof"].tolist() == [record["oof"]["value"]]
    out = capsys.readouterr().out
    assert f"OOF roc_auc {decided:.4f}" in out
    assert f"of the probabilities roc_auc is {full:.4f}" in out


def test_several_columns_are_probabilities_and_their_mean_is_recorded(tmp_path: Path) -> None:
    scores = pd.DataFrame({"sex.score": noisy(SEX), "old.score": noisy(OLD)})
    work = make_work(
        tmp_path,
        tasks={"sex": AUC_TASK, "old": {**OLD_AUC, "column": "sex", "classes": ["f", "m"]}},
        answer={"tasks": ["sex", "old"], "combine": "columns"},
        tables={"a": scores},
        submission=with_sample(tmp_path, "old,name,sex\n0.5,t1,0.5\n0.5,t0,0.5\n"),
    )
    ensemble.run(work)
    frame = pd.read_csv(work.runs.submission)
    assert list(frame.columns) == ["old", "name", "sex"], "the sample's own order"
    assert (frame["sex"].to_numpy() == scores["sex.score"][:2].to_numpy()).all()
    record = record_of(work)
    each = [
        reference.roc_auc_score(SEX, scores["sex.score"]),
        reference.roc_auc_score(1 - SEX, scores["old.score"]),
    ]
    assert [part["oof"]["value"] for part in record["parts"]] == pytest.approx(each)
    assert record["oof"]["mean_of"] == 2
    assert record["oof"]["value"] == pytest.approx(np.mean(each))
    assert record["oof"]["low"] < record["oof"]["value"] < record["oof"]["high"]


@pytest.mark.parametrize(("placeholder", "whole"), [("30", True), ("30.5", False)])
def test_whole_numbers_are_written_and_scored_where_the_sample_has_them(
    tmp_path: Path, placeholder: str, whole: bool
) -> None:
    years = AGE + RNG.normal(0, 4, NUM)
    work = make_work(
        tmp_path,
        tasks={"years": YEARS_TASK},
        answer={"tasks": ["years"]},
        tables={"a": pd.DataFrame({"years.value": years})},
        submission=with_sample(tmp_path, f"name,age\nt1,{placeholder}\nt0,{placeholder}\n"),
    )
    ensemble.run(work)
    answers = np.clip(years, 0, 99)
    answers = np.rint(answers) if whole else answers
    expected = reference.mean_absolute_error(AGE, answers)
    assert record_of(work)["oof"]["value"] == pytest.approx(expected, abs=1e-9)
    written = pd.read_csv(work.runs.submission)["age"].to_numpy()
    np.testing.assert_allclose(written, answers[:2])


def test_value_number_keeps_the_decimals(tmp_path: Path) -> None:
    years = AGE + 0.25
    sample = with_sample(tmp_path, "name,age\nt1,30\nt0,30\n")
    work = make_work(
        tmp_path,
        tasks={"years": YEARS_TASK},
        answer={"tasks": ["years"]},
        tables={"a": pd.DataFrame({"years.value": years})},
        submission={**sample, "value": "number"},
    )
    ensemble.run(work)
    np.testing.assert_allclose(pd.read_csv(work.runs.submission)["age"], years[:2])


def test_truth_and_probabilities_lie_beside_the_oof_answers(tmp_path: Path) -> None:
    table = probs("sex", ["m", "f"], SEX, share=0.8)
    work = make_work(
        tmp_path,
        tasks={"sex": {"kind": "multiclass", "classes": ["m", "f"], "metric": "accuracy"}},
        answer={"tasks": ["sex"]},
        tables={"a": table},
        submission=with_sample(tmp_path, "name,sex\nt1,m\nt0,m\n"),
    )
    ensemble.run(work)
    assert set(pd.read_csv(work.runs.submission)["sex"]) <= {"m", "f"}, "the sample's words"
    beside = pd.read_csv(work.runs.submission.with_name("hand.oof-probs.csv"))
    assert list(beside.columns) == [
        *("image_id", "person_id", "fold", "answer.truth", "answer.oof", "answer.m", "answer.f")
    ]
    right = (beside["answer.truth"] == beside["answer.oof"]).mean()
    assert right == pytest.approx(record_of(work)["oof"]["value"])
    merged = oof_of(work).merge(beside, left_on="name", right_on="image_id")
    assert (merged["sex"] == merged["answer.oof"]).all()


def test_placeholders_of_test_images_are_no_truth(tmp_path: Path, capsys) -> None:
    work = make_work(
        tmp_path,
        tasks={"sex": {"kind": "multiclass", "classes": ["m", "f"], "metric": "accuracy"}},
        answer={"tasks": ["sex"]},
        tables={"a": probs("sex", ["m", "f"], SEX, share=0.8)},
    )
    ensemble.run(work)
    assert "test accuracy" not in capsys.readouterr().out
    assert "test" not in record_of(work)["parts"][0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,sex\nt1,male\nt0,female\n", "holds the words male, female in sex"),
        (
            "name,sex,age\nt1,m,1\nt0,m,1\n",
            r"nothing answers .*competition\.submission\.copied=\[age\]",
        ),
        ("name,sex\nt1,7\nt0,8\n", "holds the numbers 7, 8"),
    ],
)
def test_another_sample_is_refused_before_anything_is_trained(
    tmp_path: Path, text: str, says: str
) -> None:
    work = make_work(
        tmp_path,
        tasks={"sex": {"kind": "multiclass", "classes": ["m", "f"], "metric": "accuracy"}},
        answer={"tasks": ["sex"]},
        tables={"a": probs("sex", ["m", "f"], SEX, share=0.8)},
        submission={**with_sample(tmp_path, text), "column": "sex"},
    )
    with pytest.raises(ValueError, match=says):
        ensemble.check(work)


def test_evaluate_names_its_blend_and_repeats_what_is_recorded(tmp_path: Path, capsys) -> None:
    tables = {"a": probs("sex", ["m", "f"], SEX, share=0.8)}
    task = {"kind": "multiclass", "classes": ["m", "f"], "metric": "accuracy"}
    work = make_work(tmp_path, tasks={"sex": task}, answer={"tasks": ["sex"]}, tables=tables)
    evaluate.run(work)
    out = capsys.readouterr().out
    assert "all members: the mean of a on the images as they are" in out
    assert "answered with views identity; ensemble says and records its score" in out
    ensemble.run(work)
    evaluate.run(work)
    value = record_of(work)["oof"]["value"]
    out = capsys.readouterr().out
    assert f"hand.csv by ensemble, with views identity: OOF accuracy {value:.4f}" in out


def test_where_nobody_is_named_nothing_is_said_of_people(tmp_path: Path, capsys, call) -> None:
    tables = {"a": probs("sex", ["m", "f"], SEX, share=0.8)}
    tables["b"] = probs("sex", ["m", "f"], SEX, share=0.7)
    task = {"kind": "multiclass", "classes": ["m", "f"], "metric": "accuracy"}
    work = store(make_work(tmp_path, tasks={"sex": task}, answer={"tasks": ["sex"]}, tables=tables))
    for path in (work.runs.images, work.runs.folds):
        table = read_table(path)
        write_table(path, table.assign(person_id=table["image_id"]))
    evaluate.run(work)
    ensemble.run(work)
    words = [f"runs={tmp_path}/runs", f"submissions={tmp_path}/submissions", "bootstrap=200"]
    out = capsys.readouterr().out
    for command in (["compare", "hand/a", "hand/b"], ["ledger"]):
        code, printed, err = call(*command, *words)
        assert code == 0, err
        out += printed
    caveat = "nobody is named, so every image counts as alone: scores are too good if people come"
    assert out.count(caveat) == 2, "evaluate and the other command, compare"
    assert out.count(AGAIN) == 1, "ensemble"
    for line in out.splitlines():
        if not any(word in line for word in (caveat, AGAIN, "upper bound")):
            assert "people" not in line and "person" not in line and "seen" not in line, line
    assert "* upper bound" in out
    assert pd.read_csv(work.runs.ledger)["caveat"].tolist() == ["upper bound"]


def test_a_file_that_was_changed_is_written_again_and_what_stood_there_is_kept(
    tmp_path: Path, capsys
) -> None:
    tables = {"a": probs("sex", ["m", "f"], SEX, share=0.9)}
    tasks = {"sex": {"kind": "multiclass", "column": "sex", "classes": ["m", "f"]}}
    work = store(make_work(tmp_path, tasks=tasks, answer={"tasks": ["sex"]}, tables=tables))
    ensemble.run(work)
    whole = work.runs.submission.read_bytes()
    assert is_done(work, "ensemble") and "no longer" not in capsys.readouterr().out
    work.runs.submission.write_bytes(whole[:10])
    assert not is_done(work, "ensemble")
    ensemble.run(work)
    assert "hand.csv was no longer what its record names" in capsys.readouterr().out
    assert work.runs.submission.read_bytes() == whole
    kept = work.runs.submission.parent.glob("archive/hand-*.csv")
    assert sorted(path.read_bytes() for path in kept) == sorted([whole, whole[:10]])
