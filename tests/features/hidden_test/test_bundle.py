"""The bundle answers a hidden test on its own: offline, inputs read-only, the same bytes."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.features.hidden_test.digest import check_digest
from tests.whole_runs import run_words

Call = Callable[..., tuple[int, str, str]]
RUN_CELLS = """
import json, os, sys
sys.path = [place for place in sys.path if place not in ("", os.environ["PROJECT"])]
cells = json.load(open(sys.argv[1], encoding="utf-8"))["cells"]
names = {}
for cell in cells:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), names)
import pipeline, timm
assert pipeline.__file__.startswith(os.environ["BUNDLE"]), pipeline.__file__
assert timm.__file__.startswith(os.environ["CARRIED"]), timm.__file__
try:
    open(os.path.join(os.environ["BUNDLE"], "new"), "w")
    print("INPUT COULD BE WRITTEN")
except OSError:
    pass
"""


def test_the_notebook_answers_alone_offline_and_writes_nothing_into_its_inputs(
    plain: Path, contest: Path, tmp_path: Path, call: Call
) -> None:
    code, out, err = call("bundle", *run_words(contest, plain))
    assert code == 0, err
    assert "it carries timm and facenet-pytorch" in out
    given = tmp_path / "input"
    shutil.copytree(plain / "runs/sample/bundle", given / "bundle")
    shutil.copytree(contest / "eval", given / "later/eval")
    (tmp_path / "out").mkdir()
    (tmp_path / "run_cells.py").write_text(RUN_CELLS)
    notebook = given / "bundle/answer_hidden_test.ipynb"
    done = run_alone(notebook, given=given, folder=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "files are as they were bundled" in done.stdout
    answers = (tmp_path / "out/submission.csv").read_bytes()
    assert answers == (plain / "submissions/sample.csv").read_bytes()
    assert not list((given / "bundle").rglob("__pycache__"))
    assert check_digest(given / "bundle") > 100


@pytest.mark.slow
def test_in_a_fresh_environment_the_notebook_installs_the_wheels(
    plain: Path, contest: Path, tmp_path: Path, call: Call
) -> None:
    """An environment with the packages of a Kaggle image but those that the bundle brings."""
    code, _, err = call("bundle", *run_words(contest, plain), "wheels=true")
    if code != 0:
        assert "pip can't fetch timm==" in err and "without wheels=true" in err
        pytest.skip("no package registry is reached from here")
    given = tmp_path / "input"
    shutil.copytree(plain / "runs/sample/bundle", given / "bundle")
    assert not (given / "bundle/packages").exists()
    ids = pd.read_csv(plain / "submissions/sample.csv")["ImageID"].sort_values().tolist()[:5]
    (given / "later").mkdir()
    for image_id in ids:
        shutil.copy(contest / "eval/images" / image_id, given / "later" / image_id)
    code, _, err = call("infer", f"test={given}/later", *run_words(contest, plain))
    assert code == 0, err
    (tmp_path / "out").mkdir()
    (tmp_path / "run_cells.py").write_text(RUN_CELLS)
    python = fresh_environment(tmp_path / "fresh", without=("timm", "facenet_pytorch"))
    lacks = subprocess.run([python, "-c", "import timm"], capture_output=True, check=False)
    assert lacks.returncode != 0
    notebook = given / "bundle/answer_hidden_test.ipynb"
    done = run_alone(notebook, given=given, folder=tmp_path, python=python)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "INPUT COULD BE WRITTEN" not in done.stdout
    answers = (tmp_path / "out/submission.csv").read_bytes()
    assert answers == (plain / "submissions/sample-later.csv").read_bytes()


def fresh_environment(folder: Path, *, without: tuple[str, ...]) -> Path:
    """The interpreter of a new environment with links to all packages of this one but some."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    target = folder / "lib" / version / "site-packages"
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        name = package.name.lower().replace("-", "_")
        if not name.startswith(without) and not (target / package.name).exists():
            (target / package.name).symlink_to(package)
    return folder / "bin/python"


def run_alone(
    notebook: Path, *, given: Path, folder: Path, python: str | Path = sys.executable
) -> subprocess.CompletedProcess[str]:
    """The notebook's code cells in a process without a network, its inputs mounted read-only
    where the machine lets us; elsewhere the digest shows that nothing was changed."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare cuts the network off, and is not here")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {
        "BUNDLE": str(notebook.parent),
        "HIDDEN_TEST": str(given / "later"),
        "KEPT": str(folder / "kept"),
        "PROJECT": str(Path(__file__).parents[3]),
    }
    has_wheels = (notebook.parent / "wheels").is_dir()
    environment["CARRIED"] = str(folder / "kept" if has_wheels else notebook.parent)
    command = [str(python), str(folder / "run_cells.py"), str(notebook)]
    locked = f"mount --bind '{given}' '{given}' && mount -o remount,ro,bind '{given}'"
    can_lock = subprocess.run(["unshare", "-rmn", "sh", "-c", locked], check=False)
    if can_lock.returncode == 0:
        script = f'{locked} && exec "$@"'
        command = ["unshare", "-rmn", "sh", "-c", script, "sh", *command]
    else:
        command = ["unshare", "-rn", *command]
    return subprocess.run(
        command,
        cwd=folder / "out",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_broken_upload_is_named(tmp_path: Path) -> None:
    from pipeline.features.hidden_test.digest import write_digest

    (tmp_path / "a/weights").mkdir(parents=True)
    (tmp_path / "a/weights/x.safetensors").write_bytes(b"1")
    (tmp_path / "config.yaml").write_text("name: x")
    assert write_digest(tmp_path) == 2
    assert set(json.loads((tmp_path / "digest.json").read_text())) == {
        "a/weights/x.safetensors",
        "config.yaml",
    }
    (tmp_path / "a/weights/x.safetensors").write_bytes(b"2")
    with pytest.raises(ValueError, match=r"x\.safetensors is not as it was bundled"):
        check_digest(tmp_path)
    (tmp_path / "a/weights/x.safetensors").unlink()
    with pytest.raises(ValueError, match=r"x\.safetensors is not there"):
        check_digest(tmp_path)
