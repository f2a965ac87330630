"""Jobs that wait for one another, and their outcomes.

A job is a function of a Work that makes files. It does not know where it runs: in this process, in
one beside it, or on another machine.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from pipeline.experiment.work import Work
from pipeline.storage import explain_os_error


@dataclass(frozen=True)
class Job:
    """`call(work, **given)`, a module's own function, after the jobs that it needs.

    `reads` and `makes` are what must be there before and is there afterwards, files or folders,
    for a machine that does not see the same ones.
    """

    name: str
    call: Callable[..., Any]
    given: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    reads: tuple[Path, ...] = ()
    makes: tuple[Path, ...] = ()
    size: int = 1  # for how much it counts on the bar: images, mostly
    imports_torch: bool = True


@dataclass(frozen=True)
class Outcome:
    """What a job returned, or in one sentence why it failed; and what it printed."""

    job: str
    facts: Any = None
    failed: str | None = None
    trace: str = ""
    said: str = ""


def attempt(work: Work, job: Job, *, quiet: bool) -> Outcome:
    """Runs a job and gives its outcome; where it is `quiet`, what it prints is kept in that."""
    said = StringIO()
    try:
        if not quiet:
            return Outcome(job.name, facts=job.call(work, **job.given))
        with redirect_stdout(said):
            facts = job.call(work, **job.given)
        return Outcome(job.name, facts=facts, said=said.getvalue())
    except Exception as error:  # of any kind: the other jobs are to go on
        trace = traceback.format_exc()
        sentence = str(error) or type(error).__name__
        sentence = explain_os_error(error) if isinstance(error, OSError) else sentence
        if not isinstance(error, ValueError | OSError):
            sentence = f"{type(error).__name__}: {sentence}"
        return Outcome(job.name, failed=sentence, trace=trace, said=said.getvalue())


class ReadyQueue:
    """Jobs in their order; a job may start as soon as the jobs that it needs are done."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._waiting = {job.name: job for job in jobs}
        # waiting or running; a needed job that is not among these was done earlier
        self._open = set(self._waiting)
        if len(self._waiting) < len(jobs):
            raise ValueError(f"two jobs of one name among {[job.name for job in jobs]}")

    def take(self) -> Job | None:
        """The next job that may start; None while each waits for another one."""
        for job in self._waiting.values():
            if not self._open.intersection(job.needs):
                return self._waiting.pop(job.name)
        return None

    def give_back(self, outcome: Outcome) -> Iterator[Outcome]:
        """The outcome, and a failure for each job that can't start because of it."""
        self._open.discard(outcome.job)
        yield outcome
        if outcome.failed is None:
            return
        for job in [job for job in self._waiting.values() if outcome.job in job.needs]:
            if self._waiting.pop(job.name, None) is not None:
                yield from self.give_back(Outcome(job.name, failed=f"it needs {outcome.job}"))

    def __len__(self) -> int:
        """How many wait for their start."""
        return len(self._waiting)


def makespan(
    seconds: Mapping[str, float],
    needs: Mapping[str, Sequence[str]],
    *,
    slots: int,
    alone: float = 1.0,
) -> float:
    """Seconds until all jobs are done, `slots` at once, each started as soon as it may.

    `seconds` are those of a job while all slots are busy, `alone` is the share of them that it
    takes while no other one runs, because they share a machine.
    """
    queue = ReadyQueue([Job(name, print, needs=tuple(needs.get(name, ()))) for name in seconds])
    now = 0.0
    running: dict[str, float] = {}  # the seconds that are left of each
    while True:
        while len(running) < slots and (job := queue.take()) is not None:
            running[job.name] = seconds[job.name]
        if not running:
            return now
        first = min(running, key=lambda name: running[name])
        passed = running.pop(first)
        now += passed * pace_of(len(running) + 1, slots=slots, alone=alone)
        running = {name: left - passed for name, left in running.items()}
        list(queue.give_back(Outcome(first)))


def pace_of(number: int, *, slots: int, alone: float) -> float:
    """The share of its seconds with all slots busy that a job takes while `number` jobs run."""
    if slots <= 1 or number >= slots:
        return 1.0
    return alone + (1.0 - alone) * (number - 1) / (slots - 1)
