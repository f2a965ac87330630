import re
from pathlib import Path

import pytest

from pipeline.config import load_experiment, load_settings, write_settings
from pipeline.labels.kinds import LOSS_KINDS, METRIC_KINDS
from pipeline.storage import PROJECT

CONFIGS = PROJECT / "configs"


def load(name: str, *overrides: str):
    return load_experiment(name, list(overrides), configs=CONFIGS)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("members.mask.lrr=1", ["members.mask.lrr: unknown key", "did you mean 'lr'"]),
        ("crop.sizes=1", ["crop.sizes: unknown key", "did you mean 'size'"]),
        ("members.mask.epochs=many", ["members.mask.epochs", "'many'", "integer"]),
        ("members.mask.epochs=0", ["members.mask.epochs", "greater than or equal to 1"]),
        ("members.mask.epochs=true", ["members.mask.epochs", "True"]),
        ("members.mask.optimiser=adamm", ["'adamm'", "did you mean 'adam'", "adamw"]),
        ("members.mask.tasks.mask.loss=focl", ["loss 'focl'", "focal"]),
        ("members.mask.tasks.mask.loss=mse", ["loss 'mse'", "kind multiclass"]),
        ("members.mask.tasks={masc: {}}", ["masc: no such task", "mask, gender, age"]),
        ("ensemble.members=[mask]", ["none of mask predicts the task gender"]),
        ("ensemble.weights={mask: 1}", ["ensemble.weights: count with ensemble.method=weighted"]),
        (
            "ensemble.method=weighted",
            ["weighted needs them, as in ensemble.weights={mask: 1, gender: 1, age: 1}"],
        ),
        ("ensemble.members=[maskk]", ["no member 'maskk'; did you mean 'mask'?"]),
        ("members.maskk.lr=1", ["no member 'maskk'; did you mean 'mask'? the members are mask"]),
        ("members.mask.schedule=step", ["write schedule: {name: step}", "every_epochs"]),
        ("members.mask.tasks=mask", ["write tasks: {name: value}"]),
        ("crop=96", ["crop: found 96; write crop: {key: value}", "margin"]),
        ("competition.tasks.age.metric=macrof1", ["did you mean 'macro_f1'? allowed"]),
        ("competition.answer.tasks=[mask, agee]", ["'agee' is not known; did you mean 'age'?"]),
        ("root=", ["root= is empty", "root=/path"]),
        (
            "members.tune={tasks: {age: {}}, backbone: x}",
            ["members.tune: a run keeps files of its own there"],
        ),
        ("infer.use=both", ["both needs refit: true in mask, gender, age;"]),
        ("members.mask.tasks.mask.loss={focal: 1, arcface: 1}", ["mixture has one head", "cosine"]),
        ("members.mask.tasks.mask.loss={}", ["mixture needs at least one"]),
        ("members.mask.tasks.mask.bins=5", ["bins: only for the losses ordinal, coral"]),
        (
            "members.mask.tasks.mask.bin_weights=5",
            ["bin_weights: only for a task of kind regression"],
        ),
        ("members.mask.mix={name: mixup, within: age}", ["'age' is no task", "allowed: mask"]),
        ("members.mask.balance_on=age", ["balance_on: goes with sampler: balanced"]),
        ("folds.train=[3]", ["folds.train: fold 3 of 3"]),
        ("infer.views=[flip]", ["infer.views", "is now tta"]),
        ("members.age.pictures_per_person=2", ["is now images_per_person"]),
        ("competition.tasks.age.kind=number", ["kind number is now called regression"]),
        ("competition.tasks.age.kind=score", ["kind score is now called binary"]),
        ("tta=[flop]", ["tta", "'flop'"]),
        ("answer", ["'answer' is neither a stage nor key=value"]),
        ("crop.size.x=3", ["crop.size is a value"]),
    ],
)
def test_every_problem_is_a_sentence(override: str, says: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        load("sample", override)
    for words in says:
        assert words in str(caught.value)


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = "competition: sample\nmembers:\n  a:\n    backbon: x\n    lr: fast\nfold: 3\n"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        load_experiment(str(path), [], configs=CONFIGS)
    message = str(caught.value)
    assert "mine.yaml line 4: members.a.backbon: unknown key" in message
    assert "mine.yaml line 5: members.a.lr: found 'fast'" in message
    assert "mine.yaml line 6: fold: unknown key (found 3); did you mean 'folds'" in message
    assert "members.a.tasks: is missing" in message


def test_a_list_of_the_command_line_is_not_looked_for_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "competition: masks\n"
        "defaults:\n  augment: [HorizontalFlip: {p: 0.5}]\n"
        "members:\n  a: {tasks: {mask: {}}, backbone: resnet18}\n"
        "tta: [identity, flip]\n"
    )
    overrides = ["tta=[foo]", "members.a.augment=[Oops: {}]"]
    with pytest.raises(ValueError, match="no view 'foo'") as error:
        load_experiment(str(path), overrides, configs=PROJECT / "configs")
    for line in str(error.value).splitlines():
        assert line.startswith("command line: "), line


def test_of_what_the_file_lacks_no_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("competition: masks\nmembers:\n  a: {tasks: {mask: {}}, backbone: resnet18}\n")
    with pytest.raises(ValueError, match="predicts the task") as error:
        load_experiment(str(path), [], configs=PROJECT / "configs")
    for line in str(error.value).splitlines():
        assert re.search(r"mine\.yaml: ensemble\.members: none of a predicts", line), line


def test_defaults_lie_under_members_and_the_command_line_over_all() -> None:
    settings = load("sample", "defaults.lr=0.5", "members.age.lr=0.25", "root=/elsewhere")
    assert settings.members["mask"].lr == 0.5
    assert settings.members["age"].lr == 0.25
    assert settings.members["age"].schedule.name == "cosine"
    assert settings.competition.root == "/elsewhere"


def test_an_unknown_config_lists_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"no config 'sampel'; did you mean 'sample'.*masks"):
        load("sampel")


def test_names_in_settings_are_the_registries_names() -> None:
    from pipeline.metrics.metrics import METRICS
    from pipeline.models.losses import LOSSES

    assert {name: loss.kinds for name, loss in LOSSES.items()} == LOSS_KINDS
    assert {name: metric.kinds for name, metric in METRICS.items()} == METRIC_KINDS


@pytest.mark.parametrize(
    ("task", "head", "says"),
    [
        ("{kind: regression}", "{loss: ordinal}", "ordinal needs the task's low and high"),
        (
            "{kind: regression, low: 0, high: 1.5}",
            "{loss: distribution}",
            "0..1.5 are no whole steps",
        ),
        ("{kind: regression}", "{loss: occlusion_gap}", "occlusion_gap needs the task's `group:`"),
        (
            "{kind: regression, group: gender}",
            "{loss: occlusion_gap, bin_weights: 5}",
            "occlusion_gap judges a batch",
        ),
        ("{kind: regression, low: 0, high: 9}", "{loss: {ordinal: 1, l1: 1}}", "l1 (regression)"),
    ],
)
def test_losses_of_numbers_say_what_they_need(task: str, head: str, says: str) -> None:
    words = (f"competition.tasks.age={task}", "competition.answer={tasks: [mask]}")
    with pytest.raises(ValueError) as caught:
        load("sample", *words, f"members.age.tasks.age={head}")
    assert says in str(caught.value)


def test_the_answer_is_a_task_that_a_member_can_learn() -> None:
    settings = load("sample", "members.mask.tasks={answer: {loss: arcface}}")
    assert settings.members["mask"].tasks["answer"].losses_for("multiclass") == {"arcface": 1.0}
    with pytest.raises(ValueError, match="answer: no such task; the tasks are mask, gender, age"):
        load("sample", "members.mask.tasks={answer: {}}", "competition.answer={tasks: [mask]}")


def test_what_is_written_is_left_to_the_sample_file_and_the_metric() -> None:
    smile = "competition.tasks.smile={kind: binary, classes: [no, yes], column: mask, metric: %s}"
    members = "members={m: {tasks: {smile: {}}, backbone: x}}"
    words = ["competition.answer={tasks: [smile]}", members]

    def value(metric: str, *more: str) -> str:
        return load("sample", smile % metric, *words, *more).competition.submission.value

    assert value("roc_auc") is None
    assert value("roc_auc", "competition.submission.value=index") == "index"
    with pytest.raises(ValueError, match="number is for an answer of kind regression"):
        value("hter", "competition.submission.value=number")


def test_a_file_may_hold_experiment_and_competition_or_find_it_beside(tmp_path: Path) -> None:
    contest = "  layout: utkface\n  tasks: {age: {kind: regression, low: 0, high: 116}}\n"
    contest += "  answer: {tasks: [age]}\n  root: faces\n"
    members = "members: {one: {tasks: {age: {}}, backbone: test_resnet, lr: 1e-3}}\n"
    both = tmp_path / "both.yaml"
    both.write_text(f"competition:\n{contest}{members}")
    found = load_experiment(str(both), [], configs=CONFIGS)
    assert (found.name, found.competition.name, found.competition.root) == ("both", "both", "faces")
    (tmp_path / "faces.yaml").write_text(contest.replace("\n  ", "\n").strip() + "\n")
    (tmp_path / "apart.yaml").write_text(f"competition: faces\n{members}")
    found = load_experiment(str(tmp_path / "apart.yaml"), [], configs=CONFIGS)
    assert found.competition.name == "faces"
    (tmp_path / "apart.yaml").write_text(f"competition: facez\n{members}")
    with pytest.raises(ValueError, match=r"apart.yaml: competition: no competition 'facez'"):
        load_experiment(str(tmp_path / "apart.yaml"), [], configs=CONFIGS)
    both.write_text(f"competition:\n{contest}  oops: 1\n{members}")
    with pytest.raises(ValueError, match=r"both.yaml line 6: competition.oops: unknown key"):
        load_experiment(str(both), [], configs=CONFIGS)


def test_settings_know_what_a_command_says_to_mean_them() -> None:
    typed = load("sample", "root=/my data", "runs=/elsewhere")
    assert typed.as_typed == "-c sample 'root=/my data' runs=/elsewhere"
    other = typed.model_copy(update={"name": "sample-baseline"})  # which nobody typed
    assert other.as_typed == "-c sample-baseline runs=/elsewhere"
    assert other.folders_typed == " runs=/elsewhere"
    assert load("sample").folders_typed == ""


def test_a_run_is_found_by_its_name_where_no_config_has_it(tmp_path: Path) -> None:
    soup = ("members.age.seeds=[1, 2]", "members.age.same_start=true", "members.both={soup: age}")
    made = load("sample", *soup).model_copy(update={"name": "sample-copy"})
    path = tmp_path / "sample-copy/config.yaml"
    path.parent.mkdir()
    path.write_text(write_settings(made))
    found = load("sample-copy", f"runs={tmp_path}")
    assert found.as_typed == f"-c sample-copy runs={tmp_path}"
    assert found.members == made.members
    stored = load_settings(path)
    assert load(stored.as_typed.removeprefix("-c ")).members == made.members
    with pytest.raises(ValueError, match="no config 'sample-copi'"):
        load("sample-copi", f"runs={tmp_path}")
