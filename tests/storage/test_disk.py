"""A full disk, a folder that may not be written: one sentence, nothing half-written, goes on."""

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.faces.crop_store import create_crops
from pipeline.models.checkpoint import save_state
from pipeline.storage import (
    atomic_write,
    check_writable,
    explain_os_error,
    write_json,
    write_table,
    write_text,
)
from tests.conftest import tiny
from tests.random_contest import make, people

Call = Callable[..., tuple[int, str, str]]
BIG = np.random.default_rng(0).integers(255, size=400_000, dtype=np.uint8)


def write_checkpoint(path: Path) -> None:
    with atomic_write(path) as temporary:
        save_state(temporary, {"network": {"w": torch.from_numpy(BIG.copy())}}, facts={})


def write_crops(path: Path) -> None:
    with atomic_write(path) as temporary:
        store = create_crops(temporary, num_crops=130, size=32)
        store[:] = 7
        store.flush()


WRITERS = {
    "a.txt": lambda path: write_text(path, BIG.tobytes().hex()),
    "a.json": lambda path: write_json(path, BIG.tolist()),
    "a.csv": lambda path: write_table(path, pd.DataFrame({"a": BIG})),
    "a.parquet": lambda path: write_table(path, pd.DataFrame({"a": BIG})),
    "a.safetensors": write_checkpoint,
    "a.npy": write_crops,
}


@pytest.fixture(params=["quota", "tmpfs"])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A function that makes a folder in which 300 kB are too many; until the test ends. The quota
    is the system's own limit of a file's size, the tmpfs a disk of 256 kB."""
    folder, limits = tmp_path / "small", resource.getrlimit(resource.RLIMIT_FSIZE)
    folder.mkdir()
    if request.param == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a small disk here; the quota is tried")

    def make() -> Path:
        if request.param == "quota":
            resource.setrlimit(resource.RLIMIT_FSIZE, (256_000, limits[1]))
        return folder

    yield make
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if request.param == "tmpfs":
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(
    name: str, small: Callable[[], Path]
) -> None:
    path = small() / name
    path.write_bytes(b"what was there")
    with pytest.raises(OSError) as caught:
        WRITERS[name](path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert caught.value.errno in (errno.ENOSPC, errno.EFBIG)
    said = explain_os_error(caught.value)
    assert said.startswith(f"{path}: no room to write")
    assert "the same command goes on from there" in said
    assert path.read_bytes() == b"what was there"
    assert list(path.parent.iterdir()) == [path]


def test_a_run_on_a_full_disk_says_so_and_goes_on_when_there_is_room(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk here")
    try:
        words = ["split", *tiny("sample", root=contest, folder=disk), "crop.faces=centre"]
        words[words.index("crop.size=32")] = "crop.size=64"  # 84 crops of 12 kB
        code, _, err = call(*words)
        assert code == 2
        assert "no room to write (no space left on device" in err, err
        assert "Traceback" not in err
        assert not list(disk.rglob("crops.npy*"))
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        code, _, err = call(*words)
        assert code == 0, err
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextmanager
def mounted(kind: str, folder: Path, *, size: int) -> Iterator[Path]:
    """A folder on a file system of its own, of `size` MB: a tmpfs, or ext4 in a file; or a skip."""
    place, image = folder / kind, folder / f"{kind}.img"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(place)]
    if kind == "ext4":
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("no mkfs.ext4 here")
        with open(image, "wb") as file:
            file.truncate(size * 2**20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
        mount = ["mount", "-o", "loop", str(image), str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip(f"only root may mount {kind} here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_runs_and_submissions_may_lie_on_other_file_systems(tmp_path: Path, call: Call) -> None:
    """A rename can't leave its file system: nothing may be made in /tmp and moved from there."""
    words = ["infer", "stack", *make(tmp_path, people("abababab"), test=["x.png", "y.png"])]
    assert call(*words)[0] == 0
    with (
        mounted("ext4", tmp_path, size=96) as runs,
        mounted("tmpfs", tmp_path, size=4) as submissions,
    ):
        code, _, err = call(*words, f"runs={runs}", f"submissions={submissions}")
        assert code == 0, err
        for name in ("odd.csv", "odd-stack.csv"):
            wanted = (tmp_path / "submissions" / name).read_bytes()
            assert (submissions / name).read_bytes() == wanted
        assert not [*runs.rglob(".*.tmp*"), *submissions.rglob(".*.tmp*")]


def test_a_disk_that_fills_while_cells_learn_costs_nothing(tmp_path: Path, call: Call) -> None:
    """An ext4 with room for data, but not for networks; then a file makes way."""
    words = ["infer", *make(tmp_path, people("abababab"), test=["x.png", "y.png"])]
    assert call(*words)[0] == 0
    wanted = (tmp_path / "submissions/odd.csv").read_bytes()
    with mounted("ext4", tmp_path, size=96) as disk:
        words = [*words, f"runs={disk}/runs", f"submissions={disk}/submissions"]
        assert call("split", *words[1:])[0] == 0
        with open(disk / "ballast", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - 40_000)
        code, _, err = call(*words)
        assert code == 2
        assert "no room to write (no space left on device, 0 MB are free)" in err, err
        assert "the same command goes on from there" in err
        assert not list(disk.rglob("weights.safetensors")), "nothing has a final name"
        (disk / "ballast").unlink()
        code, _, err = call(*words)
        assert code == 0, err
        assert (disk / "submissions/odd.csv").read_bytes() == wanted


def test_a_folder_that_may_only_be_read_is_a_sentence(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a read-only folder here")
    try:
        code, _, err = call("index", *tiny("sample", root=contest, folder=disk))
        assert code == 2
        assert "can't be written (read-only, or no permission); name another folder: runs=" in err
        assert "Traceback" not in err
        code, out, _ = call(*tiny("sample", root=contest, folder=disk))
        assert code == 0, "to look writes nothing"
        assert "index     not done" in out
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_folder_without_permission_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    os.chmod(tmp_path.parent, 0o755)
    if os.geteuid() == 0:
        os.seteuid(65534)  # root may do everything, nobody may not
    else:
        folder.chmod(0o500)
    try:
        with pytest.raises(PermissionError) as caught:
            write_text(folder / "a.txt", "x")
    finally:
        os.seteuid(os.getuid())
    assert "no permission" in explain_os_error(caught.value)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENAMETOOLONG, "the name is too long"),
        (errno.EMFILE, "too many open files"),
        (errno.ENOMEM, "the machine's memory is full"),
        (errno.EIO, "the disk fails"),
        (errno.ENOENT, "/a/b: No such file"),
    ],
)
def test_what_the_system_refuses_is_said_in_words(number: int, says: str) -> None:
    assert says in explain_os_error(OSError(number, os.strerror(number), "/a/b"))


def test_the_clock_may_jump_while_a_run_goes_on(
    contest: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    jumps = iter([1e9, 0.0, 2e9, -5.0] * 10_000)
    monkeypatch.setattr(time, "time", lambda: next(jumps))
    code, _, err = call("split", *tiny("sample", root=contest, folder=tmp_path), "crop.faces=given")
    assert code == 0, err
    code, out, _ = call("split", *tiny("sample", root=contest, folder=tmp_path), "crop.faces=given")
    assert "nothing to do" in out


def test_a_folder_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(tmp_path / "not/yet/there", key="runs")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match=r"^runs: .*/file is a file, and a folder is needed"):
        check_writable(tmp_path / "file/runs", key="runs")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(ValueError, match=r"can't be written .*; name another folder: runs=/path"):
        check_writable(tmp_path / "runs", key="runs")
