"""Jobs of a stage, several at once where that serves: here, in processes beside, or on a cluster.

A job that fails takes only those along that need it; at the end it is said which, and what to type.
"""

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence

from pipeline.config import Experiment
from pipeline.console import Bar, say
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job, Outcome, ReadyQueue, attempt
from pipeline.jobs.process_pool import Slot, run_in_processes


def run_jobs(
    work: Work,
    jobs: Sequence[Job],
    *,
    slots: Sequence[Slot],
    bar: Bar,
    watch: Callable[[], None] | None = None,
    after: Callable[[Outcome], None] = lambda outcome: None,
) -> None:
    """Runs all jobs; `after` is called with each outcome that is no failure.

    The bar counts the sizes of the jobs that ended. Where the caller gives `watch`, that counts
    instead: it is called whenever a job ended, and every two seconds while none does.
    Raises ValueError: a sentence for each job that failed, and what to type.
    """
    failed: list[Outcome] = []
    sizes = {job.name: job.size for job in jobs}
    with bar:
        for outcome in launch(work, jobs, slots=slots):
            if outcome is not None:
                _show(outcome)
                if outcome.failed is None:
                    after(outcome)
                else:
                    failed.append(outcome)
            if watch is not None:
                watch()
            else:
                bar.update(0 if outcome is None else sizes[outcome.job])
    if failed:
        lines = [_sentence(outcome) for outcome in failed]
        again = shlex.join(work.command)
        raise ValueError(
            "\n".join(lines)
            + f"\n{len(failed)} of {len(jobs)} failed; the others are done and kept; "
            f"when the cause is mended, this does the rest: {again}"
        )


def check_launch(settings: Experiment) -> None:
    """Raises ValueError where the cluster that is asked for can't be used."""
    if settings.cluster is not None:
        from pipeline.jobs.ray_cluster import check_cluster

        check_cluster(settings)


def launch(work: Work, jobs: Sequence[Job], *, slots: Sequence[Slot]) -> Iterator[Outcome | None]:
    """The outcomes of the jobs as they come; None now and then while none comes."""
    if work.settings.cluster is not None and jobs:
        from pipeline.jobs.ray_cluster import run_on_cluster

        yield from run_on_cluster(work, jobs)
    elif len(slots) > 1:
        yield from run_in_processes(work, jobs, slots=slots)
    else:
        yield from _run_here(work, jobs)


def _run_here(work: Work, jobs: Sequence[Job]) -> Iterator[Outcome]:
    queue = ReadyQueue(jobs)
    while (job := queue.take()) is not None:
        yield from queue.give_back(attempt(work, job, quiet=False))


def _show(outcome: Outcome) -> None:
    """Prints what a job printed, why it failed, and its traceback where that is asked for."""
    if outcome.said:
        say(outcome.said.rstrip())
    if outcome.failed is not None:
        say(_sentence(outcome))
        if outcome.trace and os.environ.get("PIPELINE_TRACEBACK"):
            say(outcome.trace, stream=sys.stderr)


def _sentence(outcome: Outcome) -> str:
    said = outcome.failed or ""
    return said if said.startswith(outcome.job) else f"{outcome.job}: {said}"
