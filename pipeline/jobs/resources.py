"""How many jobs at once on this machine: its devices, its cores, and what its memories hold."""

from collections.abc import Sequence

from pipeline.config import Experiment
from pipeline.experiment.memory import free_memory, num_cores
from pipeline.jobs.process_pool import Slot

SHARE = 0.85  # of the free memory that is given away
HEADROOM = 1.3  # on a GPU: jobs are counted without cuDNN's workspaces and the gaps between blocks
CONTEXT = 2**29  # bytes of a GPU that a process takes before its first tensor
MOST_ON_ONE = 3  # networks on one GPU: their kernels take turns, so more only wait
MOST_READING = 8  # jobs on one GPU that read images most of their time


def find_slots(
    settings: Experiment, *, most: int, job_bytes: int, on_one: int = MOST_ON_ONE
) -> list[Slot]:
    """Where jobs run at once: at most `most`, each needing so many bytes of its device's memory,
    and at most `on_one` on a GPU unless the settings name a number.

    One slot says: in this process, one after another. The number of slots changes no byte of what
    is computed on a CPU, because each computes with `threads` threads, whatever the machine has.
    On a GPU, where sums do not depend on them, the jobs share the cores.
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
        rooms = [_fits(_free_on(device), HEADROOM * job_bytes + CONTEXT) for device in devices]
        each = max(1, min(on_one, cores // (2 * len(devices)), *rooms))
    assert isinstance(each, int)  # `auto` has been answered
    # device by device, so that few jobs spread over all
    number = max(1, min(asked, each * len(devices)))
    workers = settings.workers
    if workers is None and number > 1:
        workers = max(1, min(12, cores // number - 1))
    threads = max(1, cores // number)
    return [Slot(devices[place % len(devices)], threads, workers) for place in range(number)]


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


def _fits(free: int, needed: float) -> int:
    return int(SHARE * free / max(needed, 1))
