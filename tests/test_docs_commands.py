"""Every command that the manual shows is one that exists, with settings and options that exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import KEYS as BENCH_OPTIONS
from benchmarks.__main__ import NAMES as BENCHMARKS
from pipeline.__main__ import _read_words
from pipeline.config import load_experiment
from pipeline.config.reference import find_settings, list_settings
from pipeline.stages import STAGES

PROJECT = Path(__file__).parent.parent
PAGES = sorted([PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PROJECT.glob("docs/*.md")])
PROGRAM = r"(?:\./run\.sh|face-pipeline)"
STANDS_FOR = {"STAGE", "KEY", "NAME", "CONFIG", "smiles", "key"}  # the reader's own words
OWN_MEMBERS = {  # that a page tells the reader to write
    "student": "{tasks: {mask: {}, gender: {}, age: {}}, distil: {by: [mask, gender, age]}, "
    "refit: true}"
}
DOT = r"\."
ANY_FOLDER = "/data"
KEYS = {setting.key for setting in list_settings()}


def shown_commands(page: Path) -> Iterator[list[str]]:
    """The words behind the program's name, of each command in code blocks and between backticks."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(rf"^ {{4,}}(?:.*'|tmux .*)?({PROGRAM}\b.*)$", text, re.MULTILINE)
    inline = re.findall(rf"`({PROGRAM}\b[^`]*)`", text)
    for command in [*blocks, *inline]:
        bare = re.split(r"\s+#|\s+2>&1", command)[0]
        words = shlex.split(bare.replace("\n", " "))[1:]
        words = [word.replace("…", ANY_FOLDER) for word in words if word not in ("…", "...")]
        if not any("[" in word and "=" not in word for word in words):  # a pattern of a command
            yield words


COMMANDS = [
    pytest.param(words, id=f"{page.name}: {' '.join(words)}")
    for page in PAGES
    for words in shown_commands(page)
]
COMMANDS += [
    pytest.param(shlex.split(stage.example)[1:], id=f"help: {stage.example}")
    for stage in STAGES.values()
    if stage.example
]


def test_there_are_commands_to_check() -> None:
    assert len(COMMANDS) > 80


@pytest.mark.parametrize("words", COMMANDS)
def test_a_shown_command_exists(words: list[str]) -> None:
    if words[:1] == ["test"]:
        return  # the rest is pytest's
    if words[:1] == ["bench"]:
        for word in words[1:]:
            key, is_option, _ = word.partition("=")
            assert key in (BENCH_OPTIONS if is_option else BENCHMARKS)
        return
    if words[:1] == ["help"]:
        topic = words[1:2]
        assert set(topic) <= {*STAGES, *STANDS_FOR, "settings", "metrics"}
        for key in words[2:]:
            assert key in STANDS_FOR or find_settings(key)
        return
    asked = _read_words(words)
    config = "masks-lite" if asked.config in STANDS_FOR else asked.config
    if config.endswith(".yaml"):  # one that a stage writes
        return
    more = [
        f"members.{name}={recipe}"
        for name, recipe in OWN_MEMBERS.items()
        if any(name in override for override in asked.overrides)
    ]
    load_experiment(config, [*more, *asked.overrides], configs=PROJECT / "configs")


def is_setting(key: str) -> bool:
    """Whether a dotted key is a part of a setting's key; names of members and tasks are free."""
    parts = [f"(?:{re.escape(part)}|NAME|TASK)" for part in key.split(".")]
    pattern = re.compile(rf"(?:^|\.){DOT.join(parts)}(?:\.|$)")
    return any(pattern.search(known) for known in KEYS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_shown_setting_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    others = {*BENCH_OPTIONS, *STANDS_FOR}
    for stage in STAGES.values():
        others |= set(stage.options)
    for key in re.findall(r"`([a-z_][\w.]*)(?:=|: )[^`]*`", text):
        assert is_setting(key) or key in others, f"{page.name}: {key}"


def test_the_contest_that_is_written_by_hand_is_read(tmp_path: Path) -> None:
    """The two files of your-contest.md, as they stand there."""
    text = (PROJECT / "docs/your-contest.md").read_text(encoding="utf-8")
    blocks = re.findall(r"`(configs/[\w/]*smiles\.yaml)`[^\n]*\n\n((?: {4}.*\n)+)", text)
    assert len(blocks) == 2
    for name, block in blocks:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block, encoding="utf-8")
    settings = load_experiment("smiles", [], configs=tmp_path / "configs")
    assert list(settings.members) == ["smile"]
