"""growth: seconds and peak memory of the stages at growing numbers of images, as users run them.

A contest of hard links to a few drawn faces, in a folder that is removed; every stage is a process
of its own, so that its peak is its own.
"""

import csv
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.harness import Asked, Row
from pipeline.storage import PROJECT

LARGEST, STEP = 10_000, 10  # images; each size is so many times the one before
SOURCES, SIDE = 40, 64  # files that all others are links to; a file can have 65,000 links
STAGES = ("index", "crop", "split", "train", "infer")


def run(asked: Asked) -> list[Row]:
    sizes = [(asked.num or LARGEST) // STEP**power for power in (2, 1, 0)]
    rows, folder = [], asked.folder / "growth"
    for num in filter(None, sizes):
        shutil.rmtree(folder, ignore_errors=True)
        root = _make_contest(folder, num)
        for stage in STAGES:
            seconds, peak, mapped = _measure(stage, root, folder)
            rows.append(
                Row(
                    name=f"growth: {stage}",
                    unit="images/s",
                    ours=num / seconds,
                    sizes=f"{num} images, {seconds:.1f} s",
                    agree=f"peak {peak} MB, with mapped files {mapped} MB",
                    facts={"images": num, "seconds": seconds, "peak_mb": peak},
                )
            )
    shutil.rmtree(folder, ignore_errors=True)
    return rows


def _make_contest(folder: Path, num: int) -> Path:
    """The root of a contest of so many images, seven a person, a tenth of them to answer."""
    import cv2

    root, rng = folder / "root", np.random.default_rng(0)
    for part in ("crops_train", "crops_test"):
        (root / part).mkdir(parents=True)
    sources = [root / f"source{number}.jpg" for number in range(SOURCES)]
    for path in sources:
        cv2.imwrite(str(path), rng.integers(256, size=(SIDE, SIDE, 3), dtype=np.uint8))
    rows: dict[str, list[tuple]] = {"train": [], "test": []}
    for number in range(num):
        part = "test" if number % 10 == 9 else "train"
        name = f"crops_{part}/{number:08d}.jpg"
        os.link(sources[number % SOURCES], root / name)
        label = (round(number % 97 / 97, 3),) if part == "train" else ()
        rows[part].append((name, *label, number // 7 % 2))
    heads = {"train": ("filename", "FaceOcclusion", "gender"), "test": ("filename", "gender")}
    for part, lines in rows.items():
        with open(root / f"{part}.csv", "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([heads[part], *lines])
    return root


def _measure(stage: str, root: Path, folder: Path) -> tuple[float, int, int]:
    """Seconds of a stage, and the peak MB of its processes: their own, and with mapped files, which
    the system takes back when it needs the room."""
    words = [stage, "-c", "occlusion-lite", f"root={root}", f"runs={folder}/runs"]
    words += [f"submissions={folder}/submissions", "crop.size=32", "folds.num=2", "folds.train=[0]"]
    words += ["folds.lookalikes=null"]  # which compares every face with every other
    words += ["device=cpu", "parallel=1", "bootstrap=100", *_small_members()]
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", *words],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peaks = [0, 0]
    watch = threading.Thread(target=_watch, args=(process, peaks), daemon=True)
    watch.start()
    said, _ = process.communicate()
    if process.returncode:
        raise ValueError(f"bench growth: {stage} did not come through: {said[-500:]}")
    return time.monotonic() - started, *peaks


def _small_members() -> list[str]:
    from pipeline.config import load_experiment

    members = load_experiment("occlusion-lite", [], configs=PROJECT / "configs").members
    small = {"backbone": "test_resnet", "weights": "none", "image_size": 32, "epochs": 1}
    small |= {"freeze": 0, "repeats": 1, "seeds": "[777]"}
    return [f"members.{name}.{key}={value}" for name in members for key, value in small.items()]


def _watch(process: subprocess.Popen, peaks: list[int]) -> None:
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            own, mapped = (int(lines[key].split()[0]) // 1024 for key in ("RssAnon", "VmHWM"))
        except (OSError, KeyError, ValueError):  # it ended meanwhile, or no Linux
            return
        peaks[0], peaks[1] = max(peaks[0], own), max(peaks[1], mapped)
        time.sleep(0.05)
