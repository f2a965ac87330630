"""How many jobs at once on this machine: its devices, its cores, and what its memories hold."""

from collections.abc import Sequence

from pipeline.config import Experiment
from pipeline.experiment.memory import free_memory, num_cores
from pipeline.jobs.process_pool import Slot

SHARE = 0.85  # of the free memory that is given away
CONTEXT = 2**29  # bytes of a GPU that a process takes before its first tensor
MOST_ON_ONE = 8  # jobs on one GPU: more only wait for one another


def find_slots(settings: Experiment, *, most: int, job_bytes: int) -> list[Slot]:
    """Where jobs run at once: at most `most`, each needing so many bytes of its device's memory.

    One slot says: in this process, one after another. The number of slots changes no byte of what
    is computed on a CPU, because each computes with `threads` threads, whatever the machine has.
    """
    devices = visible_devices(settings)
    asked = most if settings.parallel == "auto" else min(most, settings.parallel)
    cores = num_cores()
    if not devices:
        room = _fits(free_memory(), job_bytes)
        number = asked if settings.parallel != "auto" else min(cores // settings.threads, room)
        number = max(1, min(asked, number))
        return [Slot("cpu", settings.threads)] * number
    each = settings.cells_per_device
    if each == "auto":
        rooms = [_fits(_free_on(device), job_bytes + CONTEXT) for device in devices]
        each = max(1, min(MOST_ON_ONE, cores // (2 * len(devices)), *rooms))
    # device by device, so that few jobs spread over all
    number = max(1, min(asked, each * len(devices)))
    workers = settings.workers
    if workers is None and number > 1:
        workers = max(1, min(12, cores // number - 1))
    return [
        Slot(devices[place % len(devices)], settings.threads, workers) for place in range(number)
    ]


def visible_devices(settings: Experiment) -> list[str]:
    """The GPUs that jobs go to: all that CUDA shows, or the one that is named; none for a CPU."""
    if settings.device == "cpu":
        return []
    import torch

    if settings.device in ("auto", "cuda") and torch.cuda.is_available():
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [] if settings.device == "auto" else [settings.device]


def describe_slots(slots: Sequence[Slot]) -> str:
    """`on the CPU, 1 thread each` or `on cuda:0, cuda:1`."""
    devices = list(dict.fromkeys(slot.device for slot in slots))
    if devices == ["cpu"]:
        threads = slots[0].threads
        return f"on the CPU, {threads} thread{'s' if threads > 1 else ''} each"
    return f"on {', '.join(devices)}"


def _free_on(device: str) -> int:
    import torch

    return torch.cuda.mem_get_info(device)[0] if device.startswith("cuda") else free_memory()


def _fits(free: int, needed: int) -> int:
    return int(SHARE * free / max(needed, 1))
