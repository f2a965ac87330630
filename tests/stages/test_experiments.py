"""Every shipped experiment, made tiny, from its images to its checked answer file."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from pipeline.config import load_experiment
from pipeline.storage import PROJECT
from tests.conftest import tiny
from tests.contests import make_contest

EXPERIMENTS = sorted(path.stem for path in (PROJECT / "configs").glob("*.yaml"))
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def contests(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The root of a tiny drawn contest in a layout, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("contests")
    return cache(lambda layout: make_contest(layout, folder / layout))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_shipped_experiment_runs(
    name: str, contest: Path, contests: Callable[[str], Path], tmp_path: Path, call: Call
) -> None:
    """One epoch of a tiny network on one fold, and an answer for every image that needs one."""
    competition = load_experiment(name, [], configs=PROJECT / "configs").competition
    root = contest if competition.layout == "pstage" else contests(competition.layout)
    words = tiny(name, root=root, folder=tmp_path)
    code, out, err = call("crop", "train", "infer", *words, "folds.train=[0]")
    assert code == 0, err
    assert "ensemble: wrote" in out
    options = competition.submission
    if options.format == "lines":
        lines = (tmp_path / f"submissions/{name}.txt").read_text().splitlines()
        assert len(lines) == len(list((root / competition.lines.test_images).iterdir()))
        assert set(lines) <= {"0", "1"}
        return
    answers = pd.read_csv(tmp_path / f"submissions/{name}.csv")
    assert answers.notna().all(axis=None)
    if options.sample is not None:
        sample = pd.read_csv(root / options.sample)
        assert answers[options.id].tolist() == sample[options.id].tolist()
    if competition.layout == "pstage":
        assert answers["ans"].isin(range(18)).all()
    for task in set(competition.answer.tasks) & set(answers):
        if competition.tasks[task].kind == "regression":
            low, high = competition.tasks[task].low, competition.tasks[task].high
            assert answers[task].between(low, high).all()


@pytest.fixture(scope="module")
def finished(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The sample experiment, tiny, done on all folds: its folder and its words."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("finished")
    words = tiny("sample", root=contest, folder=folder)
    assert main(["crop", "train", "infer", *words]) == 0
    return folder, words


def test_asked_again_it_does_nothing(finished: tuple[Path, list[str]], call: Call) -> None:
    folder, words = finished
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    code, out, _ = call("crop", "train", "infer", *words)
    assert code == 0
    assert "nothing to do" in out
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert before == after


def test_the_oof_score_is_scikit_learn_s_on_the_stored_tables(finished) -> None:
    folder, _ = finished
    run = folder / "runs/sample"
    columns = {
        "mask": ["worn", "incorrect", "none"],
        "gender": ["male", "female"],
        "age": ["<30", "30-60", ">=60"],
    }
    images = pd.read_parquet(next(run.glob("images-*/images.parquet"))).set_index("image_id")
    picks = {}
    for task, words in columns.items():
        oof = pd.concat(pd.read_parquet(path) for path in run.glob(f"{task}/*/oof.parquet"))
        oof = oof.set_index("image_id")
        assert oof.index.is_unique
        probs = oof[[f"{task}.{word}" for word in words]]
        np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)
        picks[task] = probs.to_numpy().argmax(axis=1)
    truth = images.loc[oof.index]
    ages = truth["age"].astype(int)
    expected = (
        truth["mask"].map({"worn": 0, "incorrect": 1, "none": 2}) * 6
        + truth["gender"].map({"male": 0, "female": 1}) * 3
        + (ages >= 30).astype(int)
        + (ages >= 60).astype(int)
    )
    answer = picks["mask"] * 6 + picks["gender"] * 3 + picks["age"]
    scores = pd.read_csv(run / "scores.csv", dtype={"fold": str})
    whole = scores[(scores["source"] == "all members") & (scores["fold"] == "all")]
    found = whole.loc[whole["metric"] == "macro_f1"].iloc[0]
    assert found["value"] == pytest.approx(f1_score(expected, answer, average="macro"))
    assert found["low"] <= found["value"] <= found["high"]
    assert found["num_people"] == 12


def test_no_person_crosses_and_every_usable_image_has_a_fold(finished) -> None:
    folder, _ = finished
    folds = pd.read_csv(next((folder / "runs/sample").glob("folds-*/folds.csv")))
    assert folds.groupby("person_id")["fold"].nunique().eq(1).all()
    assert len(folds) == 12 * 7
    assert folds["fold"].isin([0, 1, 2]).all()


def test_the_test_answer_is_the_mean_over_folds_and_views(finished) -> None:
    folder, _ = finished
    run = folder / "runs/sample"
    stored = pd.read_csv(folder / "submissions/sample.csv").set_index("ImageID")["ans"]
    probs = {}
    for task in ("mask", "gender", "age"):
        frame = pd.read_parquet(run / task / "test_views.parquet")
        assert frame.groupby("image_id").size().eq(3 * 2).all()  # folds x views
        columns = [column for column in frame.columns if column.startswith(f"{task}.")]
        probs[task] = frame.groupby("image_id")[columns].mean().loc[stored.index].to_numpy()
    picks = {task: values.argmax(axis=1) for task, values in probs.items()}
    assert (picks["mask"] * 6 + picks["gender"] * 3 + picks["age"]).tolist() == stored.tolist()


def test_the_record_says_what_the_submission_is(finished) -> None:
    import hashlib

    folder, _ = finished
    record = json.loads((folder / "submissions/sample.json").read_text())
    content = (folder / "submissions/sample.csv").read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    assert record["members"] == ["mask", "gender", "age"]
    assert record["views"] == ["identity", "flip"]
    assert record["oof"]["num_people"] == 12
    assert record["provenance"]["packages"]["timm"]


def test_votes_and_weights_answer_too(finished, call: Call) -> None:
    folder, words = finished
    for method in ("hard_vote", "soft_vote", "weighted"):
        extra = ["ensemble.weights={mask: 1, gender: 2, age: 1}"] if method == "weighted" else []
        code, out, err = call("ensemble", *words, f"ensemble.method={method}", *extra)
        assert code == 0, err
        assert f"ensemble: {method} of" in out
        assert len(pd.read_csv(folder / "submissions/sample.csv")) == 21


def test_a_finished_run_is_not_overwritten_by_other_settings(finished, call: Call) -> None:
    _, words = finished
    code, _, err = call("train", *words, "members.age.lr=0.5")
    assert code == 2
    assert "made with other settings: members.age.lr was 0.001, asked for is 0.5" in err


def test_weights_of_other_preprocessing_are_refused(finished, call: Call) -> None:
    from pipeline.models.checkpoint import load_state, save_state

    folder, words = finished
    path = folder / "runs/sample/mask/fold0-seed777/weights.safetensors"
    good = path.read_bytes()
    parts, facts = load_state(path)
    save_state(path, parts, facts={**facts, "fingerprint": "0" * 16})
    try:
        code, _, err = call("infer", *words, "tta=[identity]")
    finally:
        path.write_bytes(good)
    assert code == 2
    assert "its fingerprint is '0000000000000000'" in err


def test_an_unreadable_test_image_gets_the_prior_and_a_train_image_is_left_out(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    import shutil

    root = tmp_path / "root"
    shutil.copytree(contest, root)
    bad_test = sorted((root / "eval/images").iterdir())[0]
    bad_train = next((root / "train/images").glob("*/normal.jp*g"))
    for path in (bad_test, bad_train):
        path.write_bytes(path.read_bytes()[:300])
    words = tiny("sample", root=root, folder=tmp_path)
    words.append("competition.missing_test=0.1")
    code, out, err = call("crop", "train", "infer", *words, "folds.train=[0]")
    assert code == 0, err
    assert "1 test image can't be read and got the prior" in out
    record = json.loads((tmp_path / "submissions/sample.json").read_text())
    assert record["prior_answers"] == [bad_test.name]
    answers = pd.read_csv(tmp_path / "submissions/sample.csv").set_index("ImageID")["ans"]
    assert answers[bad_test.name] // 6 == 0  # worn is the commonest mask label
    folds = pd.read_csv(next((tmp_path / "runs/sample").glob("folds-*/folds.csv")))
    assert len(folds) == 12 * 7 - 1


def test_the_answer_file_and_more_folds_can_change_in_a_finished_run(finished, call: Call) -> None:
    folder, words = finished
    more = ["competition.submission.value=label", "folds.train=[0, 1]"]
    code, _, err = call("infer", *words, *more)
    assert code == 2
    assert "eval/info.csv holds the number 0 in ans, but the classes worn/male/<30," in err
    assert "(18 in all) would be written; submission.value=index writes the same kind" in err
    more += ["competition.submission.sample=null", "competition.submission.column=ans"]
    code, _, err = call("infer", *words, *more)
    assert code == 0, err
    answers = pd.read_csv(folder / "submissions/sample.csv")["ans"]
    assert answers.str.fullmatch(r"(worn|incorrect|none)/(male|female)/(<30|30-60|>=60)").all()
