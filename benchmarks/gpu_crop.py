"""gpu_crop: the crop stage as it runs, in several processes, against facenet-pytorch's GPU loop;
and whether the GPU finds the boxes that the CPU finds."""

import os
import shutil
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.bench_images import HEIGHT, WIDTH, portraits
from benchmarks.crop import MARGIN, MIN_FACE, SIZE, agreement
from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.crop import PlainCropper
from benchmarks.peers.pairs import Pairs
from benchmarks.sizes import CROP
from pipeline.config import load_experiment
from pipeline.experiment.work import Work
from pipeline.faces.mtcnn.detector import Detector
from pipeline.images.read import read_image
from pipeline.jobs.job import Job
from pipeline.jobs.process_pool import run_in_processes
from pipeline.jobs.resources import MOST_READING, find_slots
from pipeline.preprocessing.shards import cut_shard, face_rows
from pipeline.stages.crop import JOB_BYTES
from pipeline.storage import PROJECT, Runs
from pipeline.tables import OK

SHARD = 128  # images of one job
TWO = 2  # processes where there is no GPU, and repeats: to start eight of them takes seconds


def run(asked: Asked) -> Iterator[Row]:
    number, each = CROP[asked.device]
    paths = portraits(asked, number)
    words = [f"runs={asked.folder}/crop", f"root={asked.folder}", f"device={asked.device}"]
    words += [f"parallel={TWO}"] if asked.device == "cpu" else []
    settings = load_experiment("masks", words, configs=PROJECT / "configs")
    work = Work(settings, Runs(settings), ["./run.sh", "bench", "gpu"])
    slots = find_slots(settings, most=99, job_bytes=JOB_BYTES, on_one=MOST_READING)
    peer, rates = PlainCropper(device=asked.device, size=SIZE, margin=MARGIN), ([], [])
    found, _ = peer(paths[:2])
    for repeat in range(min(asked.repeats, TWO)):
        for way in (0, 1) if repeat % 2 == 0 else (1, 0):
            if way == 0:
                rates[0].append(1.0 / _staged(work, paths, slots=slots, each=each))
            else:
                started = time.perf_counter()
                found, _ = peer(paths)
                asked.ready()
                rates[1].append((time.perf_counter() - started) / len(paths))
    shutil.rmtree(asked.folder / "crop", ignore_errors=True)
    detector = partial(Detector, min_face=MIN_FACE)
    images = [read_image(path) for path in paths]
    faces = detector(device=asked.device).detect(images)
    said = agreement([(([f and f.box for f in faces], None), (found, None))])
    yield row_of(
        f"crop, {len(slots)} processes",
        "images/s",
        Pairs(ours=tuple(rates[0]), peer=tuple(rates[1])),
        num=1,
        goal="≥ 20×",
        sizes=f"{each} images of 384×512 a process, found and cut; peer {len(paths)}",
        agree=said["agree"],
        facts=said["facts"] | {"estimate": "crop"},
    )
    number = min(16, len(paths))
    here = detector(device="cpu").detect(images[:number])
    pairs = [(a, b) for a, b in zip(faces, here, strict=False) if a is not None and b is not None]
    apart = max((float(np.abs(a.box - b.box).max()) for a, b in pairs), default=0.0)
    alike = sum((a is None) == (b is None) for a, b in zip(faces, here, strict=False))
    yield Row(
        name="crop, boxes of this device and of the CPU",
        unit="pixels apart at most",
        ours=apart,
        goal="< 1",
        sizes=f"{number} images",
        agree=f"found alike {alike} of {number}",
    )


def _staged(work: Work, paths: list, *, slots, each: int) -> float:
    """Images a second of all processes, once every one is warm."""
    root, part = work.runs.root, min(SHARD, each)
    rows = [
        {"image_id": str(n), "path": str(path.relative_to(root)), "status": OK, "message": ""}
        for n, path in enumerate(paths[n % len(paths)] for n in range(part))
    ]
    images = pd.DataFrame(rows).assign(width=WIDTH, height=HEIGHT)
    jobs = [
        Job(f"{place}", crop_some, {"images": images, "start": part * place})
        for place in range(len(slots) * (1 + each // part))
    ]
    times = []
    for outcome in run_in_processes(work, jobs, slots=slots):
        if outcome is not None:
            if outcome.failed is not None:
                raise ValueError(outcome.failed)
            times.append(outcome.facts)
    first: dict[int, float] = {}
    for process, _, end in sorted(times, key=lambda one: one[1]):
        first.setdefault(process, end)
    warm = max(first.values())
    counted = [one for one in times if one[1] >= warm]
    if not counted:  # the work was over before the last process had begun
        return part * len(times) / (max(e for *_, e in times) - min(s for _, s, _ in times))
    return part * len(counted) / (max(e for *_, e in counted) - min(s for _, s, _ in counted))


def crop_some(work: Work, *, images: pd.DataFrame, start: int) -> tuple[int, float, float]:
    """What both jobs of the crop stage do with these images; its process, its start and end."""
    started = time.time()
    faces = pd.DataFrame(face_rows(work, images))
    boxes, margins = faces[["x1", "y1", "x2", "y2"]].to_numpy(), np.full(len(faces), MARGIN)
    cut_shard(work, start=start, images=images["path"].tolist(), boxes=boxes, margins=margins)
    return os.getpid(), started, time.time()
