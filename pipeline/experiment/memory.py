"""What the machine's memories hold: loader processes in the shared one, a batch in the device's."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

SHARED = Path("/dev/shm")  # through which loader processes hand over their batches
BATCHES = 6  # of one process at a time: two ahead and one in hand, for training and for held out


def limit_workers(wanted: int, *, batch_bytes: int) -> int:
    """As many of the wanted loader processes as shared memory has room for; 64 MB, which containers
    have by default, are soon full, and a process that finds them full is killed."""
    if not SHARED.is_dir() or batch_bytes == 0:
        return wanted
    free = shutil.disk_usage(SHARED).free
    number = min(wanted, free // (BATCHES * batch_bytes))
    if number < wanted:
        _say_once(
            f"workers: {SHARED} has {free // 2**20} MB free, room for {number} of {wanted} loader "
            "processes; more of it is faster (docker run --shm-size=8g)"
        )
    return number


@contextmanager
def enough_memory(key: str, batch_size: int) -> Iterator[None]:
    """Turns a full device memory in the block into a ValueError that says what to set smaller."""
    try:
        yield
    except RuntimeError as error:
        from pipeline.models.out_of_memory import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        reason = str(error).split(". ")[0]
        raise ValueError(
            f"the device's memory is full ({reason}); a smaller batch needs less: "
            f"{key}={max(1, batch_size // 2)}"
        ) from None


@lru_cache(maxsize=64)
def _say_once(text: str) -> None:
    print(text)


def num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that processes can still take; without end where the system does not say. A container's
    own limit counts where it is lower."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # no Linux
        return 2**62
    known = dict(line.split(":", 1) for line in lines)
    free = int(known["MemAvailable"].split()[0]) * 1024
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container with a limit of its own
        return free
    return free if limit == "max" else min(free, max(0, int(limit) - used))


def peak_memory(device: str) -> int:
    """MB that this process took at most so far: of the GPU, or of the machine on a CPU."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() // 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 2**20 if sys.platform == "darwin" else peak // 2**10  # bytes there, kB here
