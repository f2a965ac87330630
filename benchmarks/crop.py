"""crop: images on disk to crops; ours against facenet-pytorch's detect, one by one."""

from pathlib import Path

import numpy as np

from benchmarks.bench_images import portraits
from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.crop import PlainCropper
from benchmarks.peers.pairs import measure_pairs
from pipeline.faces.boxes import centre_box, iou, square_box
from pipeline.faces.crop import cut
from pipeline.faces.mtcnn.detector import Detector
from pipeline.images.read import read_image

SIZE, MARGIN, MIN_FACE = 224, 0.25, 0.21  # the settings' own defaults


def run(asked: Asked) -> list[Row]:
    goal = "≥ 20×" if asked.device == "cuda" else "≥ 8×"
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
    return [
        row_of(
            "crop",
            "images/s",
            pairs,
            num=each,
            goal=goal,
            sizes=f"{len(paths)} images of 384×512, crops of {SIZE}",
            **agreement(answers),
        )
    ]


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
