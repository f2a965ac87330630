"""Given hours: a valid submission after every step, and the same choice after a kill."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.features.auto.candidate_search import Search
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]
LIST = """
defaults: {backbone: test_resnet, weights: none, image_size: 32, batch_size: 16, epochs: 1}
candidates:
  ridge: {gain: 9, family: ridge, member: {head: ridge}}
  joint: {gain: 5, family: trained, member: {}}
  years: {gain: 4, family: trained, numbers: distribution, member: {}}
"""


Ended = tuple[list[str], Path]


def make_words(contest: Path, folder: Path) -> list[str]:
    """The sample made tiny, whose own members are tried beside those of a list. Its crops are
    smaller than the candidates ask for, so auto cuts larger ones."""
    listed = folder / "list.yaml"
    listed.write_text(LIST, encoding="utf-8")
    small = tiny("sample", root=contest, folder=folder)
    return [f"candidates={listed}", *small, "folds.num=2", "folds.lockbox=0.2", "crop.size=24"]


@pytest.fixture(scope="module")
def ended(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The words and the folder of a search that had all the time it needed."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("auto")
    words = make_words(contest, folder)
    assert main(["auto", "hours=1", *words]) == 0
    return words, folder


def submission(folder: Path) -> bytes:
    return (folder / "submissions/sample.csv").read_bytes()


def read_tries(folder: Path) -> list[tuple[str, str]]:
    record = json.loads((folder / "runs/sample/auto/record.json").read_text())
    return [(one["name"], one["decision"]) for one in record["tries"]]


def test_hours_become_a_submission_and_a_config(ended: Ended, call: Call) -> None:
    words, folder = ended
    names = [name for name, _ in read_tries(folder)]
    assert names[0] == "ridge" and {"joint", "years", "mask", "gender", "age"} <= set(names)
    before = submission(folder)
    assert pd.read_csv(folder / "submissions/sample.csv").notna().all().all()
    assert (folder / "runs/sample/lockbox.json").exists()
    assert (folder / "runs/sample/audit/summary.txt").exists()
    code, out, error = call("auto", "hours=1", *words)
    assert code == 0, error
    assert "tried 6, kept" in out and "every candidate was tried" in out
    assert "believe this one" in out
    assert submission(folder) == before
    code, out, error = call("crop", "train", "infer", "-c", folder / "runs/sample/auto.yaml")
    assert code == 0, error
    assert "nothing to do" in out
    code, _, error = call("report", "-c", folder / "runs/sample/auto.yaml")
    assert code == 0, error
    page = (folder / "runs/sample/report.html").read_text(encoding="utf-8")
    assert "How auto spent its hours" in page and "6 candidates in the order" in page


class Killed(BaseException):
    """What a kill looks like from inside."""


def test_a_killed_search_comes_to_the_same_choice(
    ended: Ended, contest: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = make_words(contest, tmp_path)
    publish, steps = Search._publish, iter(range(1, 100))

    def publish_or_die(self: Search, names: list[str]) -> None:
        if next(steps) == 2:  # trained and judged, neither answered nor written down
            raise Killed
        publish(self, names)

    monkeypatch.setattr(Search, "_publish", publish_or_die)
    with pytest.raises(Killed):
        call("auto", "hours=1", *words)
    assert submission(tmp_path), "the baseline's"
    code, _, error = call("auto", "hours=1", *words)
    assert code == 0, error
    assert submission(tmp_path) == submission(ended[1])
    assert read_tries(tmp_path) == read_tries(ended[1])


def test_no_time_leaves_the_baseline_and_more_hours_try_what_was_postponed(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = make_words(contest, tmp_path)
    code, out, error = call("auto", "hours=0.0001", *words)
    assert code == 0, error
    assert "only the baseline was tried" in out or "can be told from chance" in out
    assert submission(tmp_path)
    path = tmp_path / "runs/sample/auto/record.json"
    record = json.loads(path.read_text())
    record["tries"].append({**record["tries"][0], "name": "joint", "decision": "postponed"})
    path.write_text(json.dumps(record))
    code, _, error = call("auto", "hours=1", *words)
    assert code == 0, error
    decided = [decision for name, decision in read_tries(tmp_path) if name == "joint"]
    assert len(decided) == 1 and decided != ["postponed"]


def test_what_was_trained_by_hand_is_not_answered_over(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = make_words(contest, tmp_path)
    code, _, error = call("train", *words[1:])
    assert code == 0, error
    code, _, error = call("auto", "hours=1", *words)
    assert code == 2
    assert "was trained by hand" in error
