"""One process that has imported torch, from which the others are forked in a fraction of a second.

To import torch, timm and albumentations takes seconds in each process (48 s before the first epoch
for eight of them on a rented machine with a cold disk). The server does it once. It starts no
thread and touches no GPU, so that a fork of it is safe, which a fork of this process would not be.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # not every system has the first one
    from multiprocessing.context import ForkServerContext, SpawnContext

    ProcessContext = ForkServerContext | SpawnContext

IMPORTS = (  # the large libraries of every job that trains or answers
    "torch",
    "timm",
    "albumentations",
    "cv2",
    "pandas",
    "pyarrow.parquet",
    "pipeline.jobs.process_pool",
)


def process_context(*, imports_torch: bool, threads: int) -> ProcessContext:
    """How processes are started: by the server where jobs import torch and the system can fork,
    else each by itself."""
    if not imports_torch or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    start_server(threads=threads)
    return multiprocessing.get_context("forkserver")


def start_server(*, threads: int) -> None:
    """Starts the server, which then imports while this process does something else; once."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing.forkserver import ensure_running, set_forkserver_preload

    set_forkserver_preload(list(IMPORTS))  # counts only before the server runs
    # libraries read these when they are imported
    with _environment(OMP_NUM_THREADS=str(threads), TQDM_DISABLE="1"), _ignored_interrupts():
        ensure_running()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """These variables of the environment for the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _ignored_interrupts() -> Iterator[None]:
    """Ctrl-C goes to all processes of a terminal; one started in the block ignores it from its
    first moment on, so that it shows no traceback while it still imports."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
