"""gpu: the whole GPU column in at most nine minutes.

Each part is a process of its own with seconds of its own: what fails, or lasts too long, takes no
other part's rows along. On `device=cpu` the same runs at a tiny size, to see that it runs.
"""

import contextlib
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from multiprocessing.connection import Connection

from benchmarks.harness import Asked, Row, show_trace, table

PARTS = {  # benchmarks with their sizes of the GPU column, and seconds that each has at most
    "data": 140.0,
    "step": 115.0,
    "crop": 95.0,
    "infer": 70.0,
    "cells": 50.0,
    "rest": 30.0,
}


def run(asked: Asked) -> list[Row]:
    from benchmarks.estimate import estimate_contest

    column = replace(asked, gpu_column=True)
    started = time.monotonic()
    rows: list[Row] = []
    patience = 1.0 if asked.device == "cuda" else 3.0  # a CPU that others use too is no failure
    for part, on_a_gpu in PARTS.items():
        seconds = patience * on_a_gpu
        print(f"bench: {part} (at most {seconds:.0f} s) ...", flush=True)
        for row in _guarded(part, column, seconds=seconds):
            rows.append(row)
            print(table([row]).splitlines()[-1], flush=True)
        print(f"bench: {time.monotonic() - started:.0f} s so far", flush=True)
    return [*rows, estimate_contest(rows)]


def _guarded(part: str, asked: Asked, *, seconds: float) -> Iterator[Row]:
    """A part's rows as they come; one that says so, when it fails or its time is over."""
    spawning = multiprocessing.get_context("spawn")
    link, other = spawning.Pipe(duplex=False)
    process = spawning.Process(target=serve, args=(other, part, asked))
    process.start()
    other.close()
    ends = time.monotonic() + seconds
    failed = f"its {seconds:.0f} seconds were over"
    try:
        while link.poll(max(0.0, ends - time.monotonic())):
            try:
                found = link.recv()
            except EOFError:
                process.join()
                failed = f"its process died (exit {process.exitcode})"
                break
            if not isinstance(found, Row):
                failed = found
                break
            yield found
    finally:
        _end(process)
    if failed:
        yield Row(name=part, unit="", agree=f"failed: {failed}", failed=True)


def _end(process) -> None:
    process.join(5.0)
    if process.is_alive():
        process.terminate()  # its own children follow it
        process.join(5.0)
    if process.is_alive():
        process.kill()
        process.join()


def serve(link: Connection, part: str, asked: Asked) -> None:
    """The part's process: sends every row when it is there; then why it failed, '' if not."""
    import signal
    import sys

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that daemons are ended too
    said = ""
    try:
        for row in import_module(f"benchmarks.{part}").run(asked):
            link.send(row)
    except Exception as error:  # whatever it is, the other parts are to run
        show_trace()
        said = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    with contextlib.suppress(BrokenPipeError):
        link.send(said)
