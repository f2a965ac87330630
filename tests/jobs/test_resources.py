"""How many jobs at once on GPUs, and what share of the machine each has."""

import pytest

from pipeline.config import Experiment, load_experiment
from pipeline.jobs import resources as slots
from pipeline.jobs.process_pool import Slot
from pipeline.jobs.resources import MOST_READING, find_slots
from pipeline.storage import PROJECT

GB = 2**30


def settings_of(*words: str) -> Experiment:
    return load_experiment("sample", list(words), configs=PROJECT / "configs")


def on_gpus(patch: pytest.MonkeyPatch, *, gpus: int, cores: int, free: int = 100 * GB) -> None:
    names = [f"cuda:{number}" for number in range(gpus)]
    patch.setattr(slots, "visible_devices", lambda settings: names)
    patch.setattr(slots, "num_cores", lambda: cores)
    patch.setattr(slots, "_free_on", lambda device: free)


@pytest.mark.parametrize(
    ("words", "gpus", "cores", "most", "number", "threads", "workers"),
    [
        ((), 1, 16, 9, 3, 5, 4),
        ((), 1, 16, 1, 1, 16, None),  # alone: the whole machine
        ((), 1, 4, 9, 2, 2, 1),
        ((), 2, 64, 9, 6, 10, 9),
        (("cells_per_device=8",), 1, 16, 9, 8, 2, 1),
        (("parallel=2",), 1, 16, 9, 2, 8, 7),
        ((), 1, 1, 9, 1, 1, None),
    ],
)
def test_few_networks_on_a_gpu_share_the_cores(
    words: tuple[str, ...],
    gpus: int,
    cores: int,
    most: int,
    number: int,
    threads: int,
    workers: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_gpus(monkeypatch, gpus=gpus, cores=cores)
    found = find_slots(settings_of(*words), most=most, job_bytes=GB)
    wanted = [Slot(f"cuda:{place % gpus}", threads, workers) for place in range(number)]
    assert found == wanted


@pytest.mark.parametrize(("free", "number"), [(16.2, 1), (16.5, 2), (24.2, 2), (24.8, 3), (1, 1)])
def test_a_job_on_a_gpu_has_headroom(
    free: float, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 GB by count are 7 with its context; 0.85 of what is free is given away."""
    on_gpus(monkeypatch, gpus=1, cores=16, free=int(free * GB))
    assert len(find_slots(settings_of(), most=9, job_bytes=5 * GB)) == number


def test_more_jobs_that_only_read_fit_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    on_gpus(monkeypatch, gpus=1, cores=32)
    found = find_slots(settings_of(), most=99, job_bytes=GB, on_one=MOST_READING)
    assert len(found) == MOST_READING
