"""Given hours: a valid submission after every step, and the same choice after a kill."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.features.auto import learning_curve
from pipeline.features.auto.candidate_search import Search
from pipeline.features.auto.judge import Judge
from pipeline.storage import PROJECT, Runs
from tests.conftest import tiny
from tests.contests import make_contest
from tests.kill_runs import kill_runs, moments

Call = Callable[..., tuple[int, str, str]]
LIST = """
defaults: {backbone: test_resnet, weights: none, image_size: 32, batch_size: 16, epochs: 1}
candidates:
  ridge: {gain: 9, family: ridge, member: {head: ridge}}
  joint: {gain: 5, family: trained, member: {}}
  years: {gain: 4, family: trained, numbers: distribution, member: {}}
"""


PLACES = ("runs=", "submissions=")
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
    tries = read_tries(folder)
    names = [name for name, _ in tries]
    trained = [name for name, decision in tries if decision == "kept" and name != "ridge"]
    assert {f"{name}_again" for name in trained if not name.endswith("_again")} <= set(names)
    assert names[0] == "ridge" and {"joint", "years", "mask", "gender", "age"} <= set(names)
    before = submission(folder)
    assert pd.read_csv(folder / "submissions/sample.csv").notna().all().all()
    assert (folder / "runs/sample/lockbox.json").exists()
    assert (folder / "runs/sample/audit/summary.txt").exists()
    code, out, error = call("auto", "hours=1", *words)
    assert code == 0, error
    assert f"tried {len(names)}, kept" in out and "every candidate was tried" in out
    assert "believe this one" in out
    assert f"next: ./run.sh report -c {folder}/runs/sample/auto.yaml\n" in out
    assert "a fold learns from too few people" in out
    assert submission(folder) == before
    code, out, error = call("crop", "train", "infer", "-c", folder / "runs/sample/auto.yaml")
    assert code == 0, error
    assert "nothing to do" in out
    code, _, error = call("report", "-c", folder / "runs/sample/auto.yaml")
    assert code == 0, error
    page = (folder / "runs/sample/report.html").read_text(encoding="utf-8")
    assert f"./run.sh explain -c {folder}/runs/sample/auto.yaml" in page
    assert "How auto spent its hours" in page and f"{len(names)} candidates in the order" in page


def test_what_it_kept_can_be_trained_on_the_people_of_the_lockbox_too(
    ended: Ended, call: Call
) -> None:
    _, folder = ended
    text = (folder / "runs/sample/auto.yaml").read_text(encoding="utf-8")
    copy = folder / "everybody.yaml"
    copy.write_text(
        text.replace("name: sample", "name: everybody", 1).replace("box: 0.2", "box: 0")
    )
    code, out, error = call("train", "infer", "-c", copy)
    assert code == 0, error
    assert "lockbox" not in out
    oof = [len(pd.read_csv(folder / f"submissions/{n}.oof.csv")) for n in ("sample", "everybody")]
    assert oof[0] < oof[1]
    assert len(pd.read_csv(folder / "submissions/everybody.csv")) == len(
        pd.read_csv(folder / "submissions/sample.csv")
    )


def test_the_learning_curve_ends_at_the_baseline(
    ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning_curve, "FEWEST", 2)
    monkeypatch.setattr(learning_curve, "SHARES", (0.5, 1.0))
    config = str(ended[1] / "runs/sample/auto.yaml")
    settings = load_experiment(config, [], configs=PROJECT / "configs")
    curve = learning_curve.make_learning_curve(settings, Runs(settings), "ridge")
    assert curve is not None
    few, every = curve.points
    assert few.num_people < every.num_people
    baseline = Judge(settings, Runs(settings)).score(["ridge"])
    assert every.score == pytest.approx(baseline.value)
    assert curve.doubled == pytest.approx(every.score - few.score)


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
    assert "only the baseline could be judged" in out or "look at the labels" in out
    assert submission(tmp_path)
    path = tmp_path / "runs/sample/auto/record.json"
    record = json.loads(path.read_text())
    record["tries"].append({**record["tries"][0], "name": "joint", "decision": "postponed"})
    path.write_text(json.dumps(record))
    code, _, error = call("auto", "hours=1", *words)
    assert code == 0, error
    decided = [decision for name, decision in read_tries(tmp_path) if name == "joint"]
    assert len(decided) == 1 and decided != ["postponed"]


def test_what_the_disk_has_no_room_for_is_left_out(
    contest: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(disk_usage=lambda path: SimpleNamespace(free=1))
    monkeypatch.setattr("pipeline.stages.auto.shutil", full)
    code, out, error = call("auto", "hours=1", *make_words(contest, tmp_path))
    assert code == 0, error
    (_, first), *others = read_tries(tmp_path)
    assert first == "kept" and {decision for _, decision in others} == {"failed"}
    assert "MB of disk, 0 are free" in out
    assert submission(tmp_path)


def test_random_labels_are_told_from_nothing_and_the_lockbox_agrees(
    tmp_path: Path, call: Call
) -> None:
    root = make_contest("lines", tmp_path)
    labels = np.random.default_rng(2).integers(2, size=24)  # 1 in 40 draws is lucky
    (root / "label_train.txt").write_text("".join(f"{label}\n" for label in labels))
    listed = tmp_path / "list.yaml"
    listed.write_text(LIST, encoding="utf-8")
    words = tiny("attribute64-lite", root=root, folder=tmp_path)
    more = (f"candidates={listed}", "folds.num=2", "folds.lockbox=0.25")
    code, out, error = call("auto", "hours=0.0001", *more, *words)  # the baseline alone
    assert code == 0, error
    assert "nothing here can be told from chance" in out
    (record,) = json.loads(next(tmp_path.rglob("lockbox.json")).read_text())["scores"]
    assert record["lockbox"]["low"] <= record["oof"]["value"] <= record["lockbox"]["high"]
    assert "more hours" not in out


def test_what_was_trained_by_hand_is_not_answered_over(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = make_words(contest, tmp_path)
    code, _, error = call("train", *words[1:])
    assert code == 0, error
    code, _, error = call("auto", "hours=1", *words)
    assert code == 2
    assert "was trained by hand" in error


def kill_and_check(folder: Path, contest: Path, chains: list[list[float]]) -> list[str | None]:
    """Kills searches at these moments: each ends in the choice and the bytes of one that was never
    killed. Gives the submission that each kill left."""
    words = [word for word in make_words(contest, folder) if not word.startswith(PLACES)]
    folders = [folder / f"run{number}" for number in range(len(chains) + 1)]
    done = kill_runs(folder, folders, words=["auto", "hours=9", *words], chains=chains)
    for code, run in zip(done["codes"], folders[1:], strict=True):
        assert code == 0, (run / "log").read_text()
        assert read_tries(run) == read_tries(folders[0])
        assert submission(run) == submission(folders[0])
    whole = pd.read_csv(folders[0] / "submissions/sample.csv")
    for answer in done["answers"]:
        if answer is not None:
            left = pd.read_csv(StringIO(answer))
            assert list(left.columns) == list(whole.columns) and len(left) == len(whole)
            assert left.notna().all().all()
    return done["answers"]


@pytest.mark.slow
def test_killed_four_times_it_leaves_an_answer_and_comes_to_the_same_choice(
    contest: Path, tmp_path: Path
) -> None:
    answers = kill_and_check(tmp_path, contest, [moments(4, seed=17)])
    assert answers[-1] is not None, "the baseline's at least"
