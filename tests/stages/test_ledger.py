"""The ledger, diff and submit on submissions of experiments made by hand."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pipeline.experiment.work import Work
from pipeline.leaderboard.ledger import read_ledger, record_submission
from pipeline.stages import ensemble
from pipeline.storage import read_table, write_table
from pipeline.storage.digests import file_sha256
from tests.hand_made import (
    NUM,
    OLD,
    OLD_TASK,
    SEX,
    SEX_TASK,
    copy_as,
    make_work,
    places,
    probs,
    store,
)
from tests.stages import test_evaluate

Call = Callable[..., tuple[int, str, str]]
TASKS = {"sex": SEX_TASK, "old": OLD_TASK}


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """An experiment with a submission of two test images, t1 and t0, and a sample file."""
    # whatever ran before: the answers must not happen to be those that a test hands in
    monkeypatch.setattr(test_evaluate, "RNG", np.random.default_rng(0))
    (tmp_path / "sample.csv").write_text("name,answer\nt1,0\nt0,0\n")
    sex = probs("sex", ["m", "f"], SEX, share=0.9)
    old = probs("old", ["<40", ">=40"], OLD, share=0.8)
    made = make_work(
        tmp_path,
        tasks=TASKS,
        answer={"tasks": ["sex", "old"]},
        tables={"s": sex, "o": old},
        submission={"id": "name", "sample": "sample.csv"},
    )
    ensemble.run(store(made))
    return made


def hand_in(work: Work, answers: list[int], *, oof: float, name: str = "hand") -> Path:
    """Another submission in the same folder, recorded as ensemble does."""
    path = work.runs.submissions / f"{name}.csv"
    path.write_text("name,answer\n" + "".join(f"t{1 - n},{a}\n" for n, a in enumerate(answers)))
    score = {"metric": "macro_f1", "value": oof, "low": oof - 0.04, "high": oof + 0.04}
    record = {"answers": 2, "oof": {**score, "num_images": NUM, "num_people": 60}}
    record |= {"decision": "likeliest class", "method": "mean", "members": ["s", "o"]}
    record_submission(
        work.settings,
        work.runs,
        path,
        {**record, "weights": {"s": 1.0, "o": 2.5}, "views": ["identity"]},
        command=work.command,
    )
    return path


def test_ensemble_records_what_its_own_record_says(work: Work) -> None:
    (row,) = read_ledger(work.runs).to_dict("records")
    record = json.loads(work.runs.submission_record.read_text())
    assert row["sha256"] == file_sha256(work.runs.submission) == record["sha256"]
    assert float(row["oof"]) == record["oof"]["value"]
    assert float(row["low"]) == record["oof"]["low"]
    assert (row["people"], row["rows"], row["members"]) == ("60", "2", "s o")
    assert (row["experiment"], row["competition"], row["metric"]) == ("hand", "hand", "macro_f1")
    copy = work.runs.submissions / row["file"]
    assert copy.read_bytes() == work.runs.submission.read_bytes()
    assert json.loads(copy.with_suffix(".json").read_text())["sha256"] == row["sha256"]


def test_the_same_answers_are_recorded_once_and_others_overwrite_nothing(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    first = work.runs.submission.read_bytes()
    ensemble.run(work)
    out = capsys.readouterr().out
    assert "hand.csv has the same answers as hand of" in out and "not recorded again" in out
    hand_in(work, [3, 3], oof=0.7)
    frame = read_ledger(work.runs)
    assert frame["name"].tolist() == ["hand", "hand"]
    assert frame["weights"].tolist() == ["", '{"s": 1.0, "o": 2.5}']
    kept = [(work.runs.submissions / name).read_bytes() for name in frame["file"]]
    assert kept == [first, work.runs.submission.read_bytes()]
    assert kept[0] != kept[1]


def test_a_leaderboard_score_goes_to_the_file_with_that_hash(
    work: Work, tmp_path: Path, call: Call
) -> None:
    hand_in(work, [3, 3], oof=0.7)
    old, new = read_ledger(work.runs)["sha256"].tolist()
    code, out, err = call("ledger", "hand", "score=0.71", *places(tmp_path))
    assert code == 0, err
    assert f"hand ({new[:8]}) scored 0.71" in out
    code, out, _ = call("ledger", f"hand-{old[:8]}", "score=0.5", "share=0.3", *places(tmp_path))
    assert code == 0
    frame = read_ledger(work.runs).set_index("sha256")
    assert frame.loc[[old, new], "score"].tolist() == ["0.5", "0.71"]
    assert frame.loc[[old, new], "share"].tolist() == ["0.3", ""]
    code, out, _ = call("ledger", "hand", "score=0.72", *places(tmp_path))
    assert "(was 0.71)" in out
    assert "1 more, and OOF is fitted" in out


def test_a_user_s_own_column_stays(work: Work, tmp_path: Path, call: Call) -> None:
    frame = read_ledger(work.runs).assign(note="with the new crops, tried at night")
    frame.to_csv(work.runs.ledger, index=False)
    assert call("ledger", "hand", "score=0.5", *places(tmp_path))[0] == 0
    hand_in(work, [1, 2], oof=0.6)
    assert read_ledger(work.runs)["note"].tolist() == ["with the new crops, tried at night", ""]


def test_four_scores_make_a_line_and_two_finals(work: Work, tmp_path: Path, call: Call) -> None:
    own = float(read_ledger(work.runs)["oof"].iloc[0])
    own_answers = pd.read_csv(work.runs.submission)["answer"].tolist()
    rest = [[a, b] for a in range(4) for b in range(4) if [a, b] != own_answers]
    oof, board = [own - 0.2, own - 0.1, own - 0.05, own + 0.01], [0.60, 0.66, 0.72, 0.75]
    for number, (value, score) in enumerate(zip(oof, board, strict=True)):
        hand_in(work, rest[number], oof=value, name=f"try{number}")
        code, out, err = call("ledger", f"try{number}", f"score={score}", *places(tmp_path))
        assert code == 0, err
    line = stats.linregress(oof, board)
    left = np.array(board) - line.intercept - line.slope * np.array(oof)
    spread = np.sqrt((left**2).sum() / 2)
    squares = ((oof - np.mean(oof)) ** 2).sum()
    reach = stats.t.ppf(0.975, 2) * spread * np.sqrt(1.25 + (own - np.mean(oof)) ** 2 / squares)
    value = line.intercept + line.slope * own
    assert f"{line.intercept:.4f} + {line.slope:.3f} x OOF (n = 4" in out
    assert (
        f"would score {value:.4f}, 95 % from {value - reach:.4f} to {value + reach:.4f} "
        "(prediction, n = 4)"
    ) in out
    assert "Spearman 1.00, Kendall 1.00" in out
    assert "1. try3" in out
    assert "  2. " in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["hand", "score=78"], "macro_f1 is never 78; in per cent? score=0.78"),
        (["hand", "score=-0.1"], "macro_f1 is never -0.1"),
        (["hand", "score=high"], "score='high' is not a number"),
        (["hand", "score=nan"], "score='nan' is not a number"),
        (["hnd", "score=0.7"], "no submission 'hnd'; did you mean 'hand'?"),
        (["hand"], "one submission and its leaderboard score"),
        (["score=0.7"], "one submission and its leaderboard score"),
        (["hand", "score=0.7", "share=30"], "share='30' must be above 0 and at most 1"),
    ],
)
def test_a_score_that_cannot_be_is_one_sentence(
    work: Work, tmp_path: Path, call: Call, words: list[str], says: str
) -> None:
    before = work.runs.ledger.read_bytes()
    code, _, err = call("ledger", *words, *places(tmp_path))
    assert code == 2
    assert says in err
    assert work.runs.ledger.read_bytes() == before


def test_a_file_changed_by_hand_has_no_line(work: Work, tmp_path: Path, call: Call) -> None:
    work.runs.submission.write_text("name,answer\nt1,2\nt0,2\n")
    code, _, err = call("ledger", "hand", "score=0.7", *places(tmp_path))
    assert code == 2
    assert "hand.csv as it is now is not recorded" in err


def test_a_broken_ledger_is_said_before_anything_is_made(work: Work) -> None:
    work.runs.ledger.write_text("when,name\n")
    with pytest.raises(ValueError, match=r"ledger\.csv: no column 'competition'"):
        ensemble.check(work)


def test_an_empty_ledger(tmp_path: Path, call: Call) -> None:
    code, out, _ = call("ledger", *places(tmp_path))
    assert code == 0
    assert "is empty; ensemble and stack record in it" in out


def test_diff_names_the_attribute_that_flipped(work: Work, tmp_path: Path, call: Call) -> None:
    work.runs.submission.write_text("name,answer\nt1,3\nt0,1\n")
    other = hand_in(work, [2, 1], oof=0.7, name="other")  # f/>=40 to f/<40
    other.write_text("name,answer\nt0,1\nt1,2\n")  # another order
    code, out, err = call("diff", "hand", "other", *places(tmp_path))
    assert code == 0, err
    assert "1 of 2 rows (50.0%) changed" in out
    assert "what changed: old in 1" in out
    rows = pd.read_csv(tmp_path / "submissions/diff/hand-to-other.csv")
    assert rows.to_dict("records") == [
        {"id": "t1", "answer was": 3, "answer is": 2, "answer: what changed": "old >=40 -> <40"}
    ]
    code, out, _ = call("diff", "hand", "hand", *places(tmp_path))
    assert "the same to the last byte" in out


def test_diff_of_numbers_lines_and_files_from_elsewhere(tmp_path: Path, call: Call) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("id,age\nx,20.5\ny,30\nz,40\n")
    second.write_text("id,age\nz,40\ny,33\nx,20.0\n")
    code, out, err = call("diff", first, second, *places(tmp_path))
    assert code == 0, err
    assert "2 of 3 rows (66.7%) changed" in out
    assert "mean absolute change 1.1667, mean change 0.8333, largest 3.0000 at y" in out
    lines = [tmp_path / "a.txt", tmp_path / "b.txt"]
    lines[0].write_text("0\n1\n1\n0\n")
    lines[1].write_text("0\n1\n0\n1\n")
    code, out, err = call("diff", *lines, *places(tmp_path))
    assert code == 0, err
    assert "2 of 4 rows (50.0%) changed" in out
    assert "line 3" in out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,answer\nt1,3\n", "1 ids are missing, the first is 't0'"),
        ("name,answer\nt1,3\nt1,3\n", "'t1' is answered twice"),
        ("name,age\nt1,3\nt0,1\n", "no column 'answer'"),
        (
            "name,answer\nt1,3\nt0,4\n",
            "'t0' is answered '4' in answer; allowed: class numbers from 0 to 3",
        ),
    ],
)
def test_files_that_do_not_answer_the_same(
    work: Work, tmp_path: Path, call: Call, text: str, says: str
) -> None:
    (tmp_path / "other.csv").write_text(text)
    code, _, err = call("diff", "hand", tmp_path / "other.csv", *places(tmp_path))
    assert code == 2
    assert says in err


def stand_in(folder: Path, script: str) -> str:
    """A PATH on which `kaggle` is this script."""
    folder.mkdir()
    program = folder / "kaggle"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture
def no_kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_without_the_kaggle_cli_the_command_is_printed(
    work: Work, tmp_path: Path, call: Call, no_kaggle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    words = ["submit", "hand", "competition=faces-2026", "message=it's the first"]
    code, out, err = call(*words, *places(tmp_path))
    assert code == 0, err
    assert "nothing was sent" in out
    assert "kaggle competitions submit -c faces-2026 -f" in out
    assert """-m 'it'"'"'s the first'""" in out  # as a shell reads it
    path = stand_in(tmp_path / "bin", "touch called")
    monkeypatch.setenv("PATH", path)
    code, out, _ = call(*words, *places(tmp_path))
    assert "installed but not configured" in out
    assert not list(tmp_path.rglob("called"))


def test_a_submission_is_sent_once_and_secrets_stay_secret(
    work: Work, tmp_path: Path, call: Call, no_kaggle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        f'printf "%s\\n" "$@" > {tmp_path}/args\necho "key $KAGGLE_KEY: Successfully submitted"'
    )
    monkeypatch.setenv("PATH", stand_in(tmp_path / "bin", script))
    monkeypatch.setenv("KAGGLE_USERNAME", "somebody")
    monkeypatch.setenv("KAGGLE_KEY", "s3cret-s3cret")
    words = ["submit", "hand", "competition=faces-2026"]
    code, out, err = call(*words, *places(tmp_path))
    assert code == 0, err
    assert "Successfully submitted" in out
    assert "s3cret" not in out + err
    args = (tmp_path / "args").read_text().splitlines()
    assert args[:4] == ["competitions", "submit", "-c", "faces-2026"]
    assert args[4] == "-f"
    assert Path(args[5]) == work.runs.submission
    assert args[7].startswith("hand: OOF macro_f1 0.")
    assert read_ledger(work.runs)["submitted"].iloc[0]
    (tmp_path / "args").unlink()
    code, _, err = call(*words, *places(tmp_path))
    assert code == 2
    assert "was sent on" in err
    assert not (tmp_path / "args").exists()
    assert call(*words, "again=yes", *places(tmp_path))[0] == 0
    assert (tmp_path / "args").exists()


def test_what_kaggle_refuses_is_not_marked_as_sent(
    work: Work, tmp_path: Path, call: Call, no_kaggle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'echo "403 - Forbidden: $KAGGLE_API_TOKEN" >&2; exit 1'
    monkeypatch.setenv("PATH", stand_in(tmp_path / "bin", script))
    monkeypatch.setenv("KAGGLE_API_TOKEN", "t0ken")
    code, _, err = call("submit", "hand", "competition=x", *places(tmp_path))
    assert code == 2
    assert "kaggle did not take it (exit 1): 403 - Forbidden: ***" in err
    assert not read_ledger(work.runs)["submitted"].any()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,answer\nt0,1\nt1,3\n", "the order is not the sample's"),
        ("name,answer,extra\nt1,1,0\nt0,3,0\n", "has the columns name, answer, extra"),
        ("answer,name\n1,t1\n3,t0\n", "has the columns answer, name; the contest wants exactly"),
        ("name,answer\nt1,1\nt0,0.5\n", "'t0' is answered '0.5' in answer; allowed: class numb"),
        ("name,answer\nt1,1\nt9,3\n", "1 ids are missing, the first is 't0'"),
        ("name,answer\nt1,1\nt0,\n", "'t0' is answered '' in answer"),
        ("name,answer\nt1,1\nt0,nan\n", "'t0' is answered 'nan' in answer"),
    ],
)
def test_a_file_that_does_not_fit_is_never_sent(
    work: Work,
    tmp_path: Path,
    call: Call,
    no_kaggle: None,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    says: str,
) -> None:
    monkeypatch.setenv("PATH", stand_in(tmp_path / "bin", f"touch {tmp_path}/called"))
    monkeypatch.setenv("KAGGLE_API_TOKEN", "t0ken")
    work.runs.submission.write_text(text)
    code, _, err = call("submit", "hand", "competition=x", *places(tmp_path))
    assert code == 2
    assert says in err
    assert not (tmp_path / "called").exists()


def test_a_sample_of_another_kind_is_told_before_sending(
    work: Work, tmp_path: Path, call: Call, no_kaggle: None
) -> None:
    (tmp_path / "sample.csv").write_text("name,answer\nt1,male\nt0,male\n")
    code, _, err = call("submit", "hand", "competition=x", *places(tmp_path))
    assert code == 2
    assert "sample.csv holds the words male in answer" in err


def test_test_images_that_nobody_saw_are_told_before_sending(
    work: Work, tmp_path: Path, call: Call, no_kaggle: None
) -> None:
    images = read_table(work.runs.images)
    images.loc[images["image_id"] == "t0", ["status", "message"]] = ["missing", "no such file"]
    write_table(work.runs.images, images)
    code, _, err = call("submit", "hand", "competition=x", *places(tmp_path))
    assert code == 2
    assert "1 of 2 test images can't be read (1 missing); the first is 'i1'" in err


def test_oof_answers_are_never_sent(
    work: Work, tmp_path: Path, call: Call, no_kaggle: None
) -> None:
    code, _, err = call("submit", "hand.oof", "competition=x", *places(tmp_path))
    assert code == 2
    assert "hand.oof.csv holds OOF answers of train images, not a submission" in err
    code, _, err = call("submit", "hnd", "competition=x", *places(tmp_path))
    assert code == 2
    assert "did you mean 'hand'" in err
    assert "oof" not in err


def test_a_submission_of_another_experiment_is_found_by_its_name(
    work: Work, tmp_path: Path, call: Call
) -> None:
    other = copy_as(work, "second")
    ensemble.run(other)
    code, out, err = call("diff", "hand", "second", *places(tmp_path))
    assert code == 0, err
    assert "the same to the last byte" in out
    assert len(read_ledger(work.runs)) == 1  # the same answers under another name
