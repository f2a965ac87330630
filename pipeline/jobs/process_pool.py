"""Jobs in processes of this machine, one a slot. A process that dies takes no other job along.

Processes are started once and take one job after another.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from pipeline.console import hide_bars
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job, Outcome, ReadyQueue, attempt
from pipeline.jobs.server import process_context
from pipeline.storage import StoppedError, install_signal_handlers

if TYPE_CHECKING:
    from pipeline.jobs.server import ProcessContext

BEAT = 2.0  # seconds between two looks while nothing comes
PATIENCE = 20.0  # seconds for a write in hand, before a process that was asked to end is killed


@dataclass(frozen=True)
class Slot:
    """A place where one job runs at a time, with a share of the machine."""

    device: str
    threads: int
    workers: int | None = None  # loader processes; as the settings say when None


def run_in_processes(
    work: Work, jobs: Sequence[Job], *, slots: Sequence[Slot]
) -> Iterator[Outcome | None]:
    """The outcomes of the jobs as they come, one process a slot; None now and then.

    However the caller ends, by a signal too, no process is left.
    """
    queue = ReadyQueue(jobs)
    free_slots = list(slots)
    context = process_context(
        imports_torch=any(job.imports_torch for job in jobs),
        threads=max(slot.threads for slot in slots),
    )
    busy: list[_Worker] = []
    waiting: list[_Worker] = []  # processes that live and have no job
    try:
        while True:
            while (waiting or free_slots) and (job := queue.take()) is not None:
                worker = waiting.pop() if waiting else _Worker(work, free_slots.pop(0), context)
                busy.append(worker)
                worker.start(job)
            if not busy:
                return
            ready = _wait_for(busy)
            if not ready:
                yield None
            for worker in ready:
                busy.remove(worker)
                outcome = worker.finish()
                if worker.process.is_alive():
                    waiting.append(worker)
                else:
                    free_slots.append(worker.slot)
                yield from queue.give_back(outcome)
    finally:
        _end(busy + waiting)


class _Worker:
    """A process on a slot, and the job that it has."""

    def __init__(self, work: Work, slot: Slot, context: ProcessContext) -> None:
        self.slot = slot
        self.job: Job | None = None
        self.link, link = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(link, _placed(work, slot), slot, dict(os.environ))
        )
        self.process.start()
        link.close()

    def start(self, job: Job) -> None:
        """Hands over a job. A process that died meanwhile is noticed by `finish`."""
        self.job = job
        with suppress(BrokenPipeError, ConnectionResetError):
            self.link.send(job)

    def finish(self) -> Outcome:
        """The outcome of the job; of a process that died, how."""
        assert self.job is not None
        job, self.job = self.job, None
        try:
            return self.link.recv()
        except (EOFError, ConnectionResetError):  # the process died
            self.process.join()
            return Outcome(job.name, failed=_say_death(self.process.exitcode))


def _wait_for(workers: Sequence[_Worker]) -> list[_Worker]:
    """The workers that have an outcome or died; none when nothing happens within a beat."""
    watched: list[Connection | int] = []
    for worker in workers:
        watched += [worker.link, worker.process.sentinel]
    ready = set(wait(watched, timeout=BEAT))
    return [worker for worker in workers if {worker.link, worker.process.sentinel} & ready]


def _placed(work: Work, slot: Slot) -> Work:
    """The work as a slot does it: on its device, with its loader processes."""
    there: dict[str, Any] = {"device": slot.device}
    if slot.workers is not None:
        there["workers"] = slot.workers
    return replace(work, settings=work.settings.model_copy(update=there))


def _say_death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = ", most likely because memory was full; parallel=1 needs less" if code == -9 else ""
        return f"its process was killed ({name}{hint})"
    return f"its process ended without a word (exit {code})"


def _end(workers: Sequence[_Worker]) -> None:
    """Asks the processes to end, waits, and kills who does not."""
    for worker in workers:
        worker.link.close()  # a process that waits reads that no job comes any more
        if worker.job is not None and worker.process.is_alive():
            worker.process.terminate()
    for worker in workers:
        worker.process.join(PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _serve(link: Connection, work: Work, slot: Slot, environment: dict[str, str]) -> None:
    """The process: takes jobs until none comes."""
    os.environ.update(environment)  # the server from which it was forked may have an older one
    threading.Thread(target=_follow_parent, daemon=True).start()
    install_signal_handlers()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all: the parent decides
    hide_bars()
    _limit_threads(slot.threads)
    try:
        while True:
            try:
                job = link.recv()
            except EOFError:
                return
            link.send(attempt(work, job, quiet=True))
    except (StoppedError, BrokenPipeError):
        os._exit(143)  # loader processes and threads of libraries would make exit wait


def _limit_threads(threads: int) -> None:
    """Of the libraries; torch reads OMP's number when it is imported, which costs seconds here."""
    import cv2

    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", str(threads))
    cv2.setNumThreads(threads)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(threads)


def _follow_parent() -> None:
    """Ends this process when its parent is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "only a worker, which has a parent, follows one"
    wait([parent.sentinel])
    os._exit(1)
