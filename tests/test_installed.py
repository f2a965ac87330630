"""Installed by pip, outside of a clone: what the wheel holds, and whose folders it works in."""

import ast
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.console.installation import is_installed
from pipeline.console.packages import NEEDED
from pipeline.console.requirements import list_requirements, package_name, tried_versions
from pipeline.storage import PROJECT
from tests.conftest import TINY, TINY_MEMBER
from tests.wheel import call_installed, unpack_wheel

MINE = """competition:
  layout: pstage
  root: {root}
  tasks: {{mask: {{kind: multiclass, classes: [worn, incorrect, none], metric: macro_f1}}}}
  answer: {{tasks: [mask]}}
  submission: {{id: ImageID, column: ans}}
folds: {{num: 2}}
members:
  one: {{tasks: {{mask: {{loss: cross_entropy}}}}, {recipe}}}
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="pip install -r requirements-test.txt")
    return unpack_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_all_that_is_read_by_path(site: Path) -> None:
    for path in (PROJECT / "pipeline").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert (site / path.relative_to(PROJECT)).read_bytes() == path.read_bytes()
    for path in (PROJECT / "configs").rglob("*"):
        if path.is_file():
            assert (site / "pipeline" / path.relative_to(PROJECT)).is_file(), path
    assert (site / "pipeline/LICENSE").is_file()
    assert {path.name.partition("-")[0] for path in site.iterdir()} == {
        "pipeline",
        "face_competition_pipeline",
    }
    (scripts,) = site.glob("*.dist-info/entry_points.txt")
    assert "face-pipeline = pipeline.__main__:command" in scripts.read_text()


def test_a_clone_is_not_installed_and_a_wheel_is(site: Path) -> None:
    assert is_installed(site / "pipeline")
    assert not is_installed(PROJECT / "pipeline")


def test_help_version_and_configs_answer_from_any_folder(site: Path, tmp_path: Path) -> None:
    for words, says in (
        (["--version"], "0.2.0"),
        (["help"], "face-pipeline crop train infer"),
        (["help", "train"], "face-pipeline train -c masks"),
        (["-c", "masks-lite"], "Stages for masks-lite"),
    ):
        done = call_installed(site, *words, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert says in done.stdout
        assert "run.sh" not in done.stdout
    done = call_installed(site, "-c", "mask-lite", folder=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'masks-lite'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_configs_of_the_current_folder_come_first(site: Path, tmp_path: Path) -> None:
    configs = tmp_path / "configs"
    configs.mkdir()
    shipped = (PROJECT / "configs/masks-lite.yaml").read_text()
    (configs / "mine.yaml").write_text(shipped)  # its competition is a shipped one
    (configs / "masks-lite.yaml").write_text("competition: masks\nmembers: {}\n")
    assert call_installed(site, "-c", "mine", folder=tmp_path).returncode == 0
    done = call_installed(site, "-c", "masks-lite", folder=tmp_path)
    assert done.returncode == 2
    assert "members" in done.stderr


def test_as_on_kaggle_code_and_data_are_read_only_and_nothing_is_online(
    site: Path, contest: Path, tmp_path: Path
) -> None:
    """The code is a data set that was unpacked, the contest is mounted, and only the folder that
    the notebook works in can be written."""
    given, working = tmp_path / "input", tmp_path / "working"
    shutil.copytree(contest, given / "contest")
    shutil.copytree(site, given / "code")
    working.mkdir()
    recipe = ", ".join(f"{key}: {value}" for key, value in TINY_MEMBER.items())
    # a config beside the data, its competition in the same file
    (given / "mine.yaml").write_text(MINE.format(root=given / "contest", recipe=recipe))
    words = ["crop", "train", "infer", "-c", str(given / "mine.yaml"), *TINY]
    done = call_installed(
        given / "code", *words, folder=working, before=read_only_and_offline(given)
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (working / "submissions/mine.csv").is_file()
    assert (working / "runs/mine/config.yaml").is_file()
    assert "next: face-pipeline" in done.stdout
    assert {path.name for path in working.iterdir()} == {"runs", "submissions"}


def read_only_and_offline(given: Path) -> tuple[str, ...]:
    """Words before a command that mount a folder read-only and cut the network off; a skip where
    the machine does not let us."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare cuts the network off, and is not here")
    locked = f"mount --bind '{given}' '{given}' && mount -o remount,ro,bind '{given}'"
    words = ("unshare", "-rmn", "sh", "-c", f'{locked} && exec "$@"', "sh")
    if subprocess.run([*words, "true"], check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a folder read-only")
    return words


def test_every_package_has_a_tried_version_that_may_be_used() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for extra in (None, *project["optional-dependencies"]):
        tried = tried_versions(extra)
        for line in list_requirements(extra):
            requirement = Requirement(line)
            assert requirement.specifier.contains(tried[requirement.name]), line
    names = {package_name(line).lower() for line in list_requirements()}
    assert {package.lower() for package in NEEDED.values()} <= names


def test_no_sentence_names_a_command_that_an_installed_program_has_not() -> None:
    """Docstrings may; help puts the right one there. packages.py is run by run.sh alone."""
    for path in (PROJECT / "pipeline").rglob("*.py"):
        if path.name in ("packages.py", "installation.py", "help.py"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in texts:
                said = "write {COMMAND}, of pipeline.console.installation"
                assert "./run.sh" not in str(node.value), f"{path}:{node.lineno}: {said}"


def requirement_files() -> Sequence[Path]:
    return sorted(PROJECT.glob("requirements*.txt"))


def test_there_is_a_requirements_file_for_each_extra_and_no_other() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = {f"requirements-{extra}.txt" for extra in project["optional-dependencies"]}
    assert {path.name for path in requirement_files()} == {"requirements.txt", *wanted}
