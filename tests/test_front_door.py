"""What a user can get wrong: one clear sentence each, exit code 2, never a traceback."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.reference import find_settings
from pipeline.console.version import VERSION
from pipeline.stages import STAGES
from pipeline.storage import PROJECT
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["trian"], "no stage 'trian'; did you mean 'train'"),
        (["train", "-c"], "-c needs the name of a config"),
        (["train", "-c", "msks"], "no config 'msks'; did you mean 'masks'"),
        (["train", "members.mask.lrr=1"], "unknown key"),
        (["train", "members.mask.epochs=x"], "members.mask.epochs: found 'x'"),
        (["crop", "-c", "masks", "root=/absent"], "root: no folder /absent"),
        (["train", "members.age.backbone=resnet19"], "members.age.backbone: timm"),
        (["train", "members.age.freeze=20"], "members.age.freeze: 20 of 8 layer groups"),
        (
            ["train", "members.age.backbone=vgg16", "members.age.drop_path=0.1"],
            "members.age.drop_path: vgg16 has no stochastic depth",
        ),
        (
            ["train", "members.age.sampler=balanced", "members.age.balance_on=racee"],
            "members.age.balance_on: no task or column 'racee'; did you mean 'race'?",
        ),
        (["train", "members.age.augment=[{Rotatee: {}}]"], "did you mean Rotate"),
        (["train", "device=cuda:99"], "device: 'cuda:99' can't be used here"),
        (["train", "-c", "sample", "-c", "masks"], "one config; sample and masks are given"),
        (["help", "train", "nosuch"], "nothing is known of 'nosuch'"),
    ],
)
def test_each_mistake_is_one_sentence(words: list[str], says: str, call: Call, tmp_path) -> None:
    code, _, err = call(*words, f"runs={tmp_path}/runs", f"submissions={tmp_path}/submissions")
    assert code == 2
    assert says in err
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.parquet")), "work was done before the mistake was found"


def test_a_setting_that_is_given_twice_is_said(call: Call, tmp_path: Path) -> None:
    words = [f"runs={tmp_path}/runs", f"submissions={tmp_path}/submissions"]
    code, out, _ = call("members.age.lr=1e-4", "members.age.lr=1e-3", *words)
    assert code == 0
    assert "members.age.lr is given 2 times (1e-4, 1e-3): 1e-3 is taken" in out


def test_several_mistakes_come_at_once(call: Call) -> None:
    _, _, err = call("train", "members.mask.lrr=1", "folds.nm=3", "members.age.lr=-1")
    assert len(err.strip().splitlines()) == 3


def test_alone_it_shows_the_stages_and_what_is_done(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    code, out, _ = call(*words)
    assert code == 0
    assert "index     not done" in out
    call("index", *words)
    _, out, _ = call(*words)
    assert "index     done" in out
    assert "crop      not done" in out


def test_draw_is_a_stage_of_drawn_contests_only(call: Call, tmp_path: Path) -> None:
    for config, drawn in (("sample", True), ("masks", False)):
        _, out, _ = call("-c", config, f"runs={tmp_path}")
        assert ("\n  draw " in out) == drawn
        assert "\n  index " in out


@pytest.mark.parametrize("words", [["--help"], ["crop", "-h"], ["help", "infer"], []])
def test_help_and_overview_import_nothing_heavy(words: list[str]) -> None:
    """They must answer at once; the time itself is not tested, what costs it is."""
    code = (
        "import sys; from pipeline.__main__ import main; code = main(sys.argv[1:]);"
        "heavy = {'torch', 'timm', 'albumentations', 'pandas', 'numpy'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "./run.sh " in done.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_help_of_its_own(stage: str, call: Call) -> None:
    code, out, _ = call("help", stage)
    assert code == 0
    assert out.startswith(f"./run.sh {stage}")
    assert STAGES[stage].example.startswith("./run.sh ")
    assert all(find_settings(key) for key in STAGES[stage].settings)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["help"], "The main job, in this order:"),
        (["help", "settings", "crop.margin"], "crop.margin  number (at least 0, at most 3)"),
        (["help", "settings", "lr"], "defaults.KEY=value sets a key in every member"),
        (["help", "metrics"], "macro_f1"),
        (["help", "bench"], "how fast this machine is"),
        (["help", "crop", "split"], "Example:  ./run.sh split -c masks folds.num=10"),
        (["help", "losses"], "cross_entropy"),
        (["--version"], VERSION),
    ],
)
def test_help_says(words: list[str], says: str, call: Call) -> None:
    code, out, _ = call(*words)
    assert code == 0
    assert says in out


def test_every_line_of_help_fits_a_narrow_terminal(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in (["help"], [], *(["help", stage] for stage in STAGES)):
        _, out, _ = call(*words)
        assert max(len(line) for line in out.splitlines()) <= 80, words
        assert " …\n" not in out  # no summary is cut


def test_the_paragraphs_of_a_stage_are_filled_for_a_narrow_terminal(call: Call) -> None:
    """A docstring's own lines are longer, and a terminal would break each in two uneven ones."""
    _, out, _ = call("help", "new")
    paragraph = out.split("\n\n")[2].splitlines()
    assert paragraph[0].startswith("It reads tables, ")
    assert all(60 < len(line) <= 80 for line in paragraph[:-1])


def test_the_package_has_the_same_version() -> None:
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{VERSION}"' in text


def test_help_on_what_is_not_there_says_what_is(call: Call) -> None:
    code, _, err = call("help", "tume")
    assert code == 2
    assert "did you mean 'tune'?" in err


def test_a_stage_names_the_one_that_follows(contest: Path, tmp_path: Path, call: Call) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    _, out, _ = call("index", *words)
    (line,) = [line for line in out.splitlines() if line.startswith("next: ")]
    assert line.startswith("next: ./run.sh explore ") and f"root={contest}" in line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_run_fits_a_terminal_and_leaves_a_file_plain(
    contest: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is wider than the terminal but for a path; no escape and no carriage return in a
    file."""
    from pipeline.__main__ import main

    stages = ["explore", "train", "infer"]
    small = ["folds.num=2", "defaults.epochs=2", "members.mask.epochs=2"]
    words = [*stages, *tiny("sample", root=contest, folder=tmp_path / "a"), *small]
    code, out, err = call(*words)
    assert code == 0, err
    assert "\r" not in out + err and "\x1b" not in out + err

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    assert main([*stages, *tiny("sample", root=contest, folder=tmp_path / "b"), *small]) == 0
    shown = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", screen.getvalue())
    assert "mask/fold0 2/2" in shown
    for line in re.split(r"[\r\n]+", shown):
        is_path = any(len(word) > 60 for word in line.split())
        assert len(line) <= 80 or is_path, line


def run_sh(*words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(PROJECT / "run.sh"), *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interpreter_can_be_named_and_is_used_as_it_is() -> None:
    done = run_sh("--help", PIPELINE_PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    assert "key=value" in done.stdout
    assert "installing" not in done.stderr


def test_an_interpreter_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    done = run_sh("--help", PIPELINE_PYTHON=str(tmp_path / "python"))
    assert done.returncode == 2
    assert "is not a Python 3.11 or newer" in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    words = [sys.executable, "-m", "pipeline", "--help"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, cwd=PROJECT, **pipes) as process:
        process.stdout.close()  # as in ./run.sh --help | head -0
        said = process.stderr.read()
    assert (process.returncode, said) == (128 + signal.SIGPIPE, b"")


def test_a_terminal_without_our_letters_stops_nothing() -> None:
    words = [sys.executable, "-m", "pipeline", "report", "--help"]
    told = subprocess.run(
        words,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, b"")
    assert b"[A B ?]" in told.stdout


def test_who_asks_for_the_traceback_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.__main__ import main

    assert main(["-c", "nosuchconfig"]) == 2
    monkeypatch.setenv("PIPELINE_TRACEBACK", "1")
    with pytest.raises(ValueError, match="no config 'nosuchconfig'"):
        main(["-c", "nosuchconfig"])
