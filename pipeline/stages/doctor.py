"""doctor: is everything here that the work needs? One line a finding, in words; it changes nothing.

`ok` is as it should be, `note` may surprise, `FAIL` will stop the work: then the exit code is 2.
"""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.experiment.build import fresh_state, make_criteria, member_transform
from pipeline.experiment.crops import crops_of
from pipeline.experiment.device import choose_device, choose_workers
from pipeline.experiment.pictures import read_pictures, usable
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.work import Work
from pipeline.faces.boxes import centre_box, square_box
from pipeline.faces.crop import cut
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.read import read_picture
from pipeline.images.sampler import in_order
from pipeline.images.transform import normalise
from pipeline.models.gradient import total_loss
from pipeline.models.pretrained import describe_source, load_backbone
from pipeline.stages import STAGES, plan_stages
from pipeline.stages.index import read_images
from pipeline.storage import PROJECT, shown
from pipeline.tables import OK

Finding = tuple[str, str]  # ok, note or FAIL, and a sentence
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
            yield "FAIL", f"{name} {pin} is not installed: ./run.sh installs it into .venv"
            continue
        if found != pin:
            other.append(f"{name} {found} (pinned: {pin})")
    if other:
        yield "note", f"other versions than were tried together: {', '.join(other)}"
    else:
        yield "ok", f"{len(pins)} packages as pinned"


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
        said = f"{free / 2**30:.1f} GiB free for {shown(folder)}"
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
    from pipeline.stages.index import read_images
    from pipeline.tables import OK

    contest, root = work.settings.competition, work.runs.root
    if contest.drawn is not None and not root.is_dir():
        yield "note", f"{shown(root)} will be drawn"
        return
    frame = read_images(work)
    counts = frame.groupby(["part", "status"]).size().items()
    said = ", ".join(f"{part} {status} {count}" for (part, status), count in counts)
    found = ((frame["part"] == "train") & (frame["status"] == OK)).any()
    yield ("ok" if found else "FAIL"), f"{root}: {said}"


NUMBER = 8  # pictures of the one batch
Finding = tuple[str, str]


def look_at_weights(work: Work) -> Iterator[Finding]:
    """Loads each backbone's weights once, as training would."""
    wanted = {(m.backbone, m.weights, m.drop_path) for m in work.settings.members.values()}
    for backbone, weights, drop_path in sorted(wanted):
        try:
            load_backbone(backbone, weights=weights, drop_path=drop_path)
        except ValueError as error:
            yield "FAIL", str(error)
        else:
            yield "ok", f"{backbone}: {describe_source(backbone, weights=weights)}"


def look_at_batch(work: Work) -> Iterator[Finding]:
    """Reads a batch as training and as infer do, compares the tensors, and takes one step."""
    if not work.runs.root.is_dir():
        yield "note", "no pictures yet"
        return
    crops, pictures, whence = _some_crops(work)
    device, precision = choose_device(work.settings)
    for name, member in work.settings.members.items():
        transform, tasks = member_transform(member), member_tasks(work.settings, member)
        targets = training_targets(member, tasks, pictures)
        tensors = {}
        workers = choose_workers(work.settings, device_type=device.type)
        for use, number in (("train", workers), ("infer", 0)):
            given = {"rows": pictures["row"].to_numpy(), "size": transform.size}
            dataset = CropDataset(crops, **given, targets=targets)
            batches = in_order(len(pictures), batch_size=NUMBER)
            ((pixels, read),) = make_loader(dataset, batches, workers=number, pin=False)
            tensors[use] = normalise(pixels.to(device), transform=transform)
        if not torch.equal(tensors["train"], tensors["infer"]):
            yield "FAIL", f"{name}: training and infer see other pixels of the same pictures"
            continue
        augment = build_augment(member.augment)
        changed = [augment(image.numpy(), seed) for seed, image in enumerate(pixels)]
        state = fresh_state(member, tasks, seed=0, device=device, precision=precision)
        inputs = np.ascontiguousarray(np.stack(changed))
        to_input = partial(normalise, transform=transform)
        logits = state.network.train()(to_input(torch.from_numpy(inputs).to(device)))
        read = {task: values.to(device) for task, values in read.items()}
        loss = total_loss(logits, read, criteria=make_criteria(member, tasks, pictures))
        loss.backward()
        size = f"{len(pictures)} pictures of {transform.size}x{transform.size} ({whence})"
        verdict = "ok" if torch.isfinite(loss) else "FAIL"
        yield verdict, f"{name}: {size}, the same for training and infer; first loss {loss:.3f}"


def _some_crops(work: Work) -> tuple[np.ndarray, pd.DataFrame, str]:
    """Crops (n, S, S, 3), their labelled pictures with the row of each, and where they are from."""
    if work.runs.crops.exists():
        pictures = usable(read_pictures(work.runs)).head(NUMBER)
        return crops_of(work), pictures, "as cut by crop"
    frame = read_images(work)
    pictures = frame[(frame["part"] == "train") & (frame["status"] == OK)].head(NUMBER)
    if pictures.empty:
        raise ValueError("no train picture that is there and has its labels")
    crop, crops = work.settings.crop, []
    for path in pictures["path"]:
        pixels = read_picture(work.runs.root / path)
        box = centre_box(pixels.shape[1], pixels.shape[0], fraction=crop.fallback)
        crops.append(cut(pixels, square_box(box, margin=0.0), size=crop.size))
    return np.stack(crops), pictures.assign(row=range(len(crops))), "their middle, not cropped yet"
