from pathlib import Path

import pytest

from pipeline.config import Experiment, load_experiment, load_settings, write_settings
from pipeline.experiment.settings_guard import (
    check_settings,
    record_asked,
    record_run,
    say_left_out,
)
from pipeline.experiment.work import Work
from pipeline.stages.status import say_untrained
from pipeline.storage import PROJECT, Runs, write_text
from tests.conftest import tiny

TWO = "members.age.tasks={age: {}, gender: {}}"
NEW = "members.more={tasks: {age: {}}, backbone: test_resnet}"


def work_of(folder: Path, *words: str, name: str = "sample") -> Work:
    overrides = [*tiny(name, root=folder / "root", folder=folder)[2:], *words]
    settings = load_experiment(name, overrides, configs=PROJECT / "configs")
    return Work(settings=settings, runs=Runs(settings), command=[])


def store(work: Work) -> Experiment:
    write_text(work.runs.settings, write_settings(work.settings))
    return work.settings


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (["members.age.lr=0.1"], [], "members.age.lr was 0.1, asked for is 0.001"),
        ([TWO], [], "members.age.tasks.gender was {"),  # a head that is no longer asked for
        (
            ["members.age.tasks.age.loss={focal: 1, soft_f1: 2}"],
            ["members.age.tasks.age.loss={focal: 1}"],
            "members.age.tasks.age.loss.soft_f1 was 2.0, asked for is None",
        ),
    ],
)
def test_other_settings_are_refused(
    before: list[str], after: list[str], says: str, tmp_path: Path
) -> None:
    store(work_of(tmp_path, *before))
    with pytest.raises(ValueError, match="was made with other settings") as caught:
        work = work_of(tmp_path, *after)
        check_settings(work.settings, work.runs)
    assert says in str(caught.value)


def test_a_start_over_does_not_cost_the_crops_that_lie_in_the_same_folder(tmp_path: Path) -> None:
    for name, removed in (("sample", "runs/sample/config.yaml"), ("masks-lite", "runs/masks-lite")):
        store(work_of(tmp_path, name=name))
        with pytest.raises(ValueError, match="or remove") as caught:
            work = work_of(tmp_path, "folds.seed=1", name=name)
            check_settings(work.settings, work.runs)
        said = str(caught.value).split("or remove ")[1]
        assert said.startswith(f"{tmp_path}/{removed}")
        assert f"{tmp_path}/runs/sample " not in said


def test_a_member_of_an_earlier_command_is_said_to_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(work_of(tmp_path, NEW))
    again = work_of(tmp_path)
    check_settings(again.settings, again.runs)
    say_left_out(again.settings, again.runs)
    assert "also holds more, which this command leaves out" in capsys.readouterr().out
    now = work_of(tmp_path, NEW)
    say_left_out(now.settings, now.runs)
    assert not capsys.readouterr().out


def test_what_was_trained_is_kept_in_mind_when_the_config_no_longer_names_it(
    tmp_path: Path,
) -> None:
    """A member is left out, trained past, and asked for again with another learning rate: its
    cells are those of the old one. What is asked by name is asked of the last answer."""
    with_more, without = work_of(tmp_path, NEW), work_of(tmp_path)
    for work in (with_more, without):
        record_run(work.settings, work.runs, command=[], device="cpu")
    again = work_of(tmp_path, NEW, "members.more.lr=0.5")
    with pytest.raises(ValueError, match=r"members\.more\.lr was 0\.001, asked for is 0\.5"):
        check_settings(again.settings, again.runs)
    assert "more" not in load_settings(without.runs.settings).members
    voting = work_of(tmp_path, "ensemble.method=soft_vote")
    record_asked(voting.settings, voting.runs)
    assert load_settings(voting.runs.settings).ensemble.method == "soft_vote"


def test_only_what_is_trained_to_its_end_is_named_as_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half, whole = (work_of(tmp_path, name=name) for name in ("occlusion-lite", "utkface-lite"))
    for work in (half, whole):
        store(work)
    write_text(whole.runs.scores, "")
    say_untrained(work_of(tmp_path), "predict")
    said = capsys.readouterr().out
    assert "predict: 9 of 9 cells of sample are not trained (mask 3, gender 3, age 3)" in said
    assert said.endswith("takes no time: utkface-lite\n")


def test_what_auto_made_is_not_to_be_removed(tmp_path: Path) -> None:
    work = work_of(tmp_path)
    store(work)
    write_text(work.runs.auto_config, write_settings(work.settings))
    other = work_of(tmp_path, "folds.seed=1")
    with pytest.raises(ValueError, match=r"-c \S+runs/sample/auto\.yaml goes on") as caught:
        check_settings(other.settings, other.runs)
    assert "remove" not in str(caught.value)
