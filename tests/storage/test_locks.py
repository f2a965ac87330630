"""Locks: the second waits, the dead hold nothing, the clock is not asked."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.storage import PROJECT, locks
from pipeline.storage.lock_owner import is_gone, read_owner, this_owner
from pipeline.storage.locks import hold_lock

HOLDER = """
import os, sys, time
from pathlib import Path
from pipeline.storage.locks import hold_lock
if len(sys.argv) > 2:
    import fcntl
    def refuse(*words): raise OSError(37, "No locks available")
    fcntl.flock = refuse
with hold_lock(Path(sys.argv[1]), command="./run.sh train -c masks"):
    reader, writer = os.pipe()
    if os.fork() == 0:  # as a loader process
        os.write(writer, b"1")
        time.sleep(60)
        os._exit(0)
    os.read(reader, 1)  # it runs
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(path: Path, *more: str) -> subprocess.Popen:
    """A process that holds the lock, with a forked child that would inherit it, until its input
    ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("more", [(), ("no locks",)], ids=["flock", "owner file"])
def test_the_second_waits_and_says_for_whom(
    more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if more:
        monkeypatch.setattr(fcntl, "flock", refuse)
    path, said = tmp_path / "runs/masks/.run.lock", []
    holder = start_holder(path, *more)

    def let_go(text: str) -> None:
        said.append(text)
        holder.stdin.close()

    with hold_lock(path, command="me", say=let_go):
        assert holder.wait(timeout=10) == 0
        assert len(said) == 1, said
        assert f"process {holder.pid} on {socket.gethostname()}" in said[0]
        assert "./run.sh train -c masks" in said[0]
        assert str(path.parent) in said[0]


@pytest.mark.parametrize("more", [(), ("no locks",)], ids=["flock", "owner file"])
def test_a_killed_holder_holds_nothing_although_its_loaders_live(
    more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if more:
        monkeypatch.setattr(fcntl, "flock", refuse)
    path = tmp_path / ".run.lock"
    holder = start_holder(path, *more)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    started = time.monotonic()
    with hold_lock(path, command="me", say=print):  # the kernel may take a moment to bury it
        assert time.monotonic() - started < 20, "its child lives for 60 seconds"
    holder.stdout.close()


def refuse(*words: object) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def test_a_process_does_not_wait_for_itself(tmp_path: Path) -> None:
    with (
        hold_lock(tmp_path / "l", command="a"),
        hold_lock(tmp_path / "l", command="b", say=pytest.fail),
    ):
        assert read_owner(tmp_path / "l")["command"] == "a"
    assert read_owner(tmp_path / "l") == {}


def test_what_is_left_in_the_file_decides_nothing(tmp_path: Path) -> None:
    """After a reboot, or copied from another machine, an owner may stand there that is no more."""
    path = tmp_path / "l"
    for text in ('{"pid": 1, "host": "elsewhere", "since": "2099-01-01"}', "{broken", ""):
        path.write_text(text)
        with hold_lock(path, command="me", say=pytest.fail):
            assert read_owner(path)["pid"] == os.getpid()


def test_who_is_gone_is_told_by_boot_and_start_not_by_number() -> None:
    me = this_owner("me")
    assert not is_gone(me)
    assert is_gone({**me, "process_start": "1"}), "the number went to another process"
    assert is_gone({**me, "boot": "another"}), "the machine was started again"
    assert not is_gone({**me, "host": "elsewhere", "pid": 1}), "nothing is known of another machine"


def test_an_owner_on_another_machine_is_dead_when_its_pulse_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(locks, "SILENCE", 0.6)
    path = tmp_path / "l.owner"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "since": "2099-12-31 00:00:00"}))
    started, said = time.monotonic(), []
    with hold_lock(tmp_path / "l", command="me", say=said.append):
        assert time.monotonic() - started > 0.6
        assert read_owner(path)["pid"] == os.getpid()
    assert said and "on elsewhere" in said[0]
    assert not path.exists()


def test_the_pulse_of_a_living_owner_moves_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(locks, "PULSE", 0.05)
    monkeypatch.setattr(time, "strftime", lambda words: "1970-01-01 00:00:00")
    with hold_lock(tmp_path / "l", command="me"):
        first = read_owner(tmp_path / "l.owner")["beats"]
        time.sleep(0.3)
        assert read_owner(tmp_path / "l.owner")["beats"] > first


def test_who_has_only_just_taken_it_is_named_and_no_dead_one(tmp_path: Path) -> None:
    path, said = tmp_path / "l", []
    path.write_text(json.dumps({"pid": 1, "host": "gone", "since": "long ago", "command": "old"}))
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    def write() -> None:
        os.ftruncate(descriptor, 0)
        owner = {"pid": 4242, "host": "here", "since": "now", "command": "./run.sh train"}
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)

    timers = [threading.Timer(0.02, write), threading.Timer(0.6, os.close, [descriptor])]
    for timer in timers:
        timer.start()
    with hold_lock(path, command="me", say=said.append):
        pass
    assert len(said) == 1 and "process 4242 on here since now (./run.sh train)" in said[0]
