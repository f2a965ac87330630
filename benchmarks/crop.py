"""crop: images on disk to crops, against facenet-pytorch's detector, image by image.

In the GPU column the stage runs as it does for users, in several processes, and the boxes of the
device are compared with those of the CPU.
"""

import os
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.bench_images import HEIGHT, WIDTH, portraits
from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.crop import PlainCropper
from benchmarks.peers.pairs import Pairs, measure_pairs
from benchmarks.sizes import CROP
from pipeline.config import load_experiment
from pipeline.experiment.crops import recipe_of
from pipeline.experiment.work import Work
from pipeline.faces.boxes import centre_box, iou, square_box
from pipeline.faces.crop import cut
from pipeline.faces.mtcnn.detector import Detector
from pipeline.images.read import read_image
from pipeline.jobs.job import Job
from pipeline.jobs.process_pool import run_in_processes
from pipeline.jobs.resources import MOST_READING, find_slots
from pipeline.preprocessing.shards import FaceRow, cut_shard, face_rows
from pipeline.storage import PROJECT, Runs
from pipeline.tables import OK

SIZE, MARGIN, MIN_FACE = 224, 0.25, 0.21  # the settings' own defaults
SHARD = 128  # images of one job
JOB_BYTES = 2**30
TWO = 2  # processes where there is no GPU, and repeats: to start eight of them takes seconds


def run(asked: Asked) -> Iterator[Row]:
    if asked.gpu_column:
        yield from _measure_column(asked)
    else:
        yield _measure(asked)


def _measure(asked: Asked) -> Row:
    each = max(8, (asked.num or 120) // asked.repeats)
    paths = portraits(asked, each * asked.repeats)
    # every repeat sees images of its own, so that all of them count for the agreement
    parts = [paths[number :: asked.repeats] for number in range(asked.repeats)]
    detector = Detector(device=asked.device, min_face=MIN_FACE)
    peer = PlainCropper(device=asked.device, size=SIZE, margin=MARGIN)

    def ours(part: list[Path]) -> tuple[list[np.ndarray | None], np.ndarray]:
        images = [read_image(path) for path in part]
        faces = detector.detect(images)
        crops = [
            cut(image, _square(image, face), size=SIZE)
            for image, face in zip(images, faces, strict=True)
        ]
        return [None if face is None else face.box for face in faces], np.stack(crops)

    ours(parts[0])  # warm both
    peer(parts[0])
    pairs, answers = measure_pairs(ours, peer, parts, clock=asked.clock, ready=asked.ready)
    return row_of(
        "crop",
        "images/s",
        pairs,
        num=each,
        goal="≥ 8×",
        sizes=f"{len(paths)} images of 384×512, crops of {SIZE}",
        **agreement(answers),
    )


def _square(image: np.ndarray, face) -> np.ndarray:
    if face is not None:
        return square_box(face.box, margin=MARGIN)
    return centre_box(image.shape[1], image.shape[0], fraction=0.78125)


def agreement(answers: list) -> dict:
    """How often the same is found, and how often our box is one of the peer's (IoU ≥ 0.9)."""
    pairs = [
        (mine, theirs)
        for ours, peer in answers
        for mine, theirs in zip(ours[0], peer[0], strict=True)
    ]
    same = [(mine is None) == (theirs is None) for mine, theirs in pairs]
    both = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
    near = [float(iou(mine, theirs).max()) >= 0.9 for mine, theirs in both]
    facts = {"same_found": float(np.mean(same)), "iou_09": float(np.mean(near)) if near else None}
    agree = f"found alike {facts['same_found']:.1%} of {len(pairs)}"
    if near:
        agree += f", IoU ≥ 0.9 {facts['iou_09']:.1%} of {len(both)}"
    return {"agree": agree, "facts": facts}


def _measure_column(asked: Asked) -> Iterator[Row]:
    number, each = CROP[asked.device]
    paths = portraits(asked, number)
    words = [f"runs={asked.folder}/crop", f"root={asked.folder}", f"device={asked.device}"]
    words += [f"parallel={TWO}"] if asked.device == "cpu" else []
    settings = load_experiment("masks-seed", words, configs=PROJECT / "configs")
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
    faces = pd.DataFrame(face_rows(work.settings, work.runs.root, images))
    boxes = faces[["x1", "y1", "x2", "y2"]].to_numpy()
    rows = [FaceRow(box, "mtcnn", None) for box in boxes]
    store, recipe = work.runs.crops.parent.name, recipe_of(work.settings.crop)
    cut_shard(work, start=start, images=images["path"].tolist(), faces=rows, stores={store: recipe})
    return os.getpid(), started, time.time()
