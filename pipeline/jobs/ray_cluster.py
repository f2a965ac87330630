"""Jobs as Ray tasks: this process hands them out, other machines do them.

A machine that dies is no failure: Ray gives its jobs to another one. Where the machines do not see
this one's runs/, what a job reads is sent to them and what it makes comes back.
"""

import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import Experiment
from pipeline.console.installation import CODE
from pipeline.console.requirements import say_install, say_program
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job, Outcome, ReadyQueue
from pipeline.jobs.ray_worker import TaskPayload, do_job
from pipeline.storage import atomic_write

BEAT = 2.0  # seconds between two looks while nothing comes
CHUNK = 2**26  # bytes of a file that are in this process's memory at once
RETRIES = 8  # machines that may die under one job


def check_cluster(settings: Experiment) -> None:
    """Raises ValueError where Ray is not installed or no cluster answers."""
    _connect(settings)


def run_on_cluster(work: Work, jobs: Sequence[Job]) -> Iterator[Outcome | None]:
    """The outcomes of the jobs as they come, and None now and then."""
    ray = _connect(work.settings)
    device, resources = _share(ray, work.settings)
    task = ray.remote(do_job).options(max_retries=RETRIES, **resources)
    there = replace(work, settings=work.settings.model_copy(update={"device": device}))
    most = max(8, 4 * int(ray.cluster_resources().get("CPU", 1)))
    queue = ReadyQueue(jobs)
    store = _Store(ray)
    running: dict[Any, Job] = {}  # by Ray's reference
    with _token(work) as token:
        try:
            while True:
                while len(running) < most and (job := queue.take()) is not None:
                    payload = TaskPayload(
                        runs=work.runs.folder,
                        files=() if token.shared else tuple(store.send(_below(work, job.reads))),
                        token=token.path,
                        folders=work.settings.cluster_folders,
                    )
                    running[task.remote(there, job, payload)] = job
                if not running:
                    return
                ready, _ = ray.wait(list(running), timeout=BEAT)
                if not ready:
                    yield None
                for reference in ready:
                    job = running.pop(reference)
                    yield from queue.give_back(_receive(ray, work, job, reference))
        finally:
            for reference in running:
                ray.cancel(reference, force=True)


def _below(work: Work, paths: Sequence[Path]) -> list[Path]:
    """What is sent: artefacts, and no images, of which every machine has its own copy."""
    return [path for path in paths if path.is_relative_to(work.runs.folder)]


def _connect(settings: Experiment) -> Any:
    """Ray, connected to the cluster. Raises ValueError, with what to do."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise ValueError(f"cluster: Ray is not installed; type: {say_install('cluster')}") from None
    if ray.is_initialized():
        return ray
    try:
        ray.init(
            address=settings.cluster,
            runtime_env={"py_modules": [str(CODE)]},
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except (ConnectionError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"cluster: no Ray cluster answers at {settings.cluster!r} ({reason}); start one with "
            f"`{say_program('ray')} start --head`, or give its address: cluster=HOST:6379"
        ) from None
    found = ray.cluster_resources()
    machines = sum(node["Alive"] for node in ray.nodes())
    print(
        f"cluster: {machines} machines, {found.get('CPU', 0):g} CPUs, {found.get('GPU', 0):g} GPUs"
    )
    return ray


def _share(ray: Any, settings: Experiment) -> tuple[str, dict[str, float]]:
    """The device that jobs compute on, and the share of a machine that one takes."""
    known = ray.cluster_resources()
    if settings.device == "auto":
        device = "cuda" if known.get("GPU", 0) >= 1 else "cpu"
    else:
        device = settings.device.split(":")[0]
    if device == "cpu":
        if known.get("CPU", 0) < settings.threads:
            raise ValueError(f"threads: {settings.threads}, but no machine has so many CPUs")
        return device, {"num_cpus": settings.threads}
    each = 1 if settings.cells_per_device == "auto" else settings.cells_per_device
    return device, {"num_cpus": 1, "num_gpus": 1 / each}


def _receive(ray: Any, work: Work, job: Job, reference: Any) -> Outcome:
    """A job's outcome, once what it made stands here. Files are put down in their order, so the
    mark that a cell is done comes last."""
    try:
        outcome, files = ray.get(reference)
    except ray.exceptions.RayError as error:  # its machine died too often, or memory was full
        return Outcome(job.name, failed=f"{type(error).__name__}: {str(error).splitlines()[0]}")
    for name, content in files:
        with atomic_write(work.runs.folder / name) as temporary:
            temporary.write_bytes(content)
    return outcome


class _Token:
    """A file in runs/, by which a machine sees whether it sees this one's folders."""

    def __init__(self, path: Path, folders: str) -> None:
        self.path, self.shared = path, folders == "shared"


@contextmanager
def _token(work: Work) -> Iterator[_Token]:
    path = work.runs.folder / f".cluster-{uuid.uuid4().hex}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    try:
        yield _Token(path, work.settings.cluster_folders)
    finally:
        path.unlink(missing_ok=True)


class _Store:
    """Files in Ray's object store, in chunks, each version once."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._sent: dict[tuple[Path, str], list] = {}

    def send(self, paths: Sequence[Path]) -> Iterator[tuple[Path, str, list]]:
        """Path, version and chunks of every file below these paths."""
        for top in paths:
            files = sorted(top.rglob("*")) if top.is_dir() else [top]
            for path in files:
                if path.is_file() and not path.name.startswith("."):
                    stat = path.stat()
                    version = f"{stat.st_size} {stat.st_mtime_ns}"
                    if (path, version) not in self._sent:
                        self._sent[path, version] = self._put(path)
                    yield path, version, self._sent[path, version]

    def _put(self, path: Path) -> list:
        with open(path, "rb") as file:
            chunks = iter(lambda: file.read(CHUNK), b"")
            return [self._ray.put(chunk) for chunk in chunks]
