"""What a machine of the cluster does with a job: the same function, on its own device and disk."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.console import hide_bars
from pipeline.experiment.work import Work
from pipeline.jobs.job import Job, Outcome, attempt
from pipeline.storage import Runs, atomic_write, hold_lock, say_nothing

Files = list[tuple[str, bytes]]  # paths below runs/ and what the files hold


@dataclass(frozen=True)
class TaskPayload:
    """What goes with a job: whose runs/ it belongs to, and what it reads, as (path, version,
    chunks in the object store)."""

    runs: Path
    files: tuple
    token: Path
    folders: str


def do_job(work: Work, job: Job, payload: TaskPayload) -> tuple[Outcome, Files]:
    """The outcome of a job, and what it made where the asking machine does not see it."""
    hide_bars()
    shared = payload.folders == "shared" or (payload.folders == "auto" and payload.token.exists())
    looks_at_images = work.runs.root in job.reads
    if "$" in work.settings.competition.root or "~" in work.settings.competition.root:
        work = replace(work, runs=work.runs.rooted(Runs(work.settings).root))
    if looks_at_images and not work.runs.root.is_dir():
        return Outcome(job.name, failed=_say_missing(work)), []
    if shared:
        return attempt(work, job, quiet=True), []
    folder = _own_folder()
    for path, version, chunks in payload.files:
        _put_down(folder / path.relative_to(payload.runs), version, chunks)
    outcome = attempt(replace(work, runs=work.runs.moved(folder)), job, quiet=True)
    if outcome.failed is not None:
        return outcome, []
    made = [folder / path.relative_to(payload.runs) for path in job.makes]
    return outcome, [(str(p.relative_to(folder)), p.read_bytes()) for p in _files(made)]


def _say_missing(work: Work) -> str:
    import socket

    return (
        f"{socket.gethostname()} has no folder {work.runs.root}: put the images there, or name a "
        "variable of each machine: root='$FACES/masks'"
    )


def _own_folder() -> Path:
    """This machine's runs/, of its life in the cluster."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    return Path(tempfile.gettempdir()) / f"faces-{os.getuid()}-{node[:16]}"


def _put_down(path: Path, version: str, chunks: list) -> None:
    """Brings a file here, unless this version is here already."""
    import ray

    note = path.with_name(f".{path.name}.version")
    with hold_lock(path.with_name(f".{path.name}.lock"), command="cluster", say=say_nothing):
        if note.exists() and note.read_text() == version and path.exists():
            return
        with atomic_write(path) as temporary, open(temporary, "wb") as file:
            for chunk in chunks:
                file.write(ray.get(chunk))
        note.write_text(version)


def _files(made: list[Path]) -> Iterator[Path]:
    """All files that were made, the mark that a cell is done last."""
    for top in made:
        files = [p for p in top.rglob("*") if p.is_file()] if top.is_dir() else [top]
        kept = [path for path in files if not path.name.startswith(".")]
        yield from sorted(kept, key=lambda path: (path.name == "done.json", path))
