"""A signal lets the write in hand be finished; a second one does not wait."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.storage import PROJECT, TimeUpError, atomic_write, stop_after

WRITER = """
import os, sys, time
from pathlib import Path
from pipeline.storage import StoppedError, atomic_write, install_signal_handlers
install_signal_handlers()
path = Path(sys.argv[1])
try:
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
        print("in hand", flush=True)
        time.sleep(float(sys.argv[2]))
    print("after", flush=True)
except StoppedError as stop:
    sys.exit(128 + stop.number)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_the_write_in_hand_is_finished_unless_it_is_asked_twice(
    number: signal.Signals, code: int, twice: bool, tmp_path: Path
) -> None:
    path, seconds = tmp_path / "a.txt", "60" if twice else "0.5"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), seconds],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    assert process.stdout.readline() == "in hand\n"
    process.send_signal(number)
    if twice:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        process.send_signal(number)
    assert process.wait(timeout=30) == code
    assert process.stdout.read() == "", "it went on after the write"
    left = [file.name for file in tmp_path.iterdir()]
    assert left == ([] if twice else ["a.txt"])


def test_work_that_lasts_too_long_is_stopped_after_its_write(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGALRM)
    path = tmp_path / "a.txt"
    with pytest.raises(TimeUpError), stop_after(0.05):
        with atomic_write(path) as temporary:
            time.sleep(0.2)
            temporary.write_text("whole")
        time.sleep(60)
    assert path.read_text() == "whole"
    with stop_after(60):
        pass
    assert signal.getsignal(signal.SIGALRM) == before
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, 500.0)
    with stop_after(60):
        pass
    assert 60 < signal.getitimer(signal.ITIMER_REAL)[0] <= 500.0, "who set it before has it back"
    signal.setitimer(signal.ITIMER_REAL, left)
