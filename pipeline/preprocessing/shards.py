"""Shards of the crop stage as jobs: faces found in, and crops cut out of, some images in a row.

A shard's answer depends on its own images only, so it is the same wherever it is made.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.config.preprocessing import Crop
from pipeline.experiment.device import choose_device
from pipeline.experiment.work import Work
from pipeline.faces.boxes import centre_box
from pipeline.faces.recipe import CropRecipe, cut_face
from pipeline.images.read import UnreadableImageError, read_image
from pipeline.labels.layouts.face_boxes import BOX
from pipeline.storage import atomic_write, write_table
from pipeline.tables import OK

if TYPE_CHECKING:
    from pipeline.faces.mtcnn.detector import Detector

CHUNK = 64  # images decoded at once, as long as they are small
PIXELS = 2**26  # decoded at once, 200 MB of them; a larger image is alone
Decoded = tuple[np.ndarray | None, str]  # the pixels, or None and the reason


@dataclass(frozen=True)
class FaceRow:
    """What the faces table says of one image's face."""

    box: np.ndarray  # (4,)
    how: str
    landmarks: np.ndarray | None  # (10,)


def find_shard(work: Work, *, start: int, images: pd.DataFrame) -> None:
    """Writes the rows of the faces table of these images, the shard from `start` on."""
    write_table(
        work.runs.face_shard(start), pd.DataFrame(face_rows(work.settings, work.runs.root, images))
    )


def face_rows(settings: Experiment, root: Path, images: pd.DataFrame) -> list[dict]:
    """A row of the faces table for every image, whatever became of it."""
    crop = settings.crop
    rows: list[dict] = []
    detector = None
    if crop.faces == "detect":
        device, _ = choose_device(settings)
        detector = _make_detector(str(device), crop.min_face, crop.thresholds)
    for chunk, decoded in _decode(root, images):
        rows += _rows(chunk, decoded, crop=crop, detector=detector)
    return rows


def cut_shard(
    work: Work,
    *,
    start: int,
    images: Sequence[str],
    faces: Sequence[FaceRow],
    stores: Mapping[str, CropRecipe],
) -> None:
    """Writes the crops (n, size, size, 3) of faces, each cut out of its image: the shard from
    `start` on of every store, by its folder. An image is read once for all stores."""

    def make(row: int) -> list[np.ndarray]:
        image, face = read_image(work.runs.root / images[row]), faces[row]
        return [
            cut_face(image, face.box, how=face.how, landmarks=face.landmarks, recipe=recipe)
            for recipe in stores.values()
        ]

    with ThreadPoolExecutor(_threads(work.settings)) as pool:
        by_image = list(pool.map(make, range(len(images))))
    for place, folder in enumerate(stores):
        store = work.runs.crop_store(folder)
        with atomic_write(work.runs.crop_shard(store, start)) as temporary:
            np.save(temporary, np.stack([crops[place] for crops in by_image]))


def _threads(settings: Experiment) -> int | None:
    """Images decoded at once: on a cluster a job's own share of the cores, else what Python
    thinks best."""
    return None if settings.cluster is None else max(2, settings.threads)


@lru_cache(maxsize=1)
def _make_detector(
    device: str, min_face: float, thresholds: tuple[float, float, float]
) -> "Detector":
    from pipeline.faces.mtcnn.detector import Detector

    return Detector(device=device, min_face=min_face, thresholds=thresholds)


def _decode(root: Path, images: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, list[Decoded]]]:
    """Chunks of the images with their pixels, decoded by threads one chunk ahead."""

    def read(path: str, status: str, message: str) -> Decoded:
        if status not in (OK, "unlabelled"):
            return None, message
        try:
            return read_image(root / path), ""
        except UnreadableImageError as error:
            return None, str(error)

    sizes = (images["width"] * images["height"]).tolist()
    chunks = [images.iloc[part.start : part.stop] for part in chunks_of(sizes)]
    with ThreadPoolExecutor() as pool:

        def start(chunk: pd.DataFrame) -> list:
            columns = (chunk["path"], chunk["status"], chunk["message"])
            return [pool.submit(read, *cells) for cells in zip(*columns, strict=True)]

        ahead = start(chunks[0]) if chunks else []
        for number, chunk in enumerate(chunks):
            now = ahead
            is_last = number + 1 == len(chunks)
            ahead = [] if is_last else start(chunks[number + 1])
            yield chunk, [future.result() for future in now]


def chunks_of(sizes: Sequence[int]) -> Iterator[range]:
    """Consecutive images that are decoded together, by their pixels: few when they are large, so
    that what is in memory does not depend on the camera."""
    start, pixels = 0, 0
    for row, size in enumerate(sizes):
        if row > start and (row - start == CHUNK or pixels + size > PIXELS):
            yield range(start, row)
            start, pixels = row, 0
        pixels += size
    if start < len(sizes):
        yield range(start, len(sizes))


def _rows(
    images: pd.DataFrame, decoded: list[Decoded], *, crop: Crop, detector: "Detector | None"
) -> list[dict]:
    """A row of the faces table for every image, whatever became of it."""
    records = images.to_dict("records")
    searched = []  # the contest's own table can say where the face is
    for image, (pixels, _) in zip(records, decoded, strict=True):
        if pixels is not None and table_box(image) is None:
            searched.append(pixels)
    faces = [None] * len(searched) if detector is None else detector.detect(searched)
    next_face = iter(faces)
    rows = []
    for image, (pixels, message) in zip(records, decoded, strict=True):
        row = {"image_id": image["image_id"], "how": "", "status": OK, "message": message}
        row |= dict.fromkeys(("x1", "y1", "x2", "y2", "probability"), np.nan)
        row |= {"landmarks": None, "num_faces": 0}
        if pixels is None:
            unread = image["status"] in (OK, "unlabelled")
            rows.append(row | {"status": "unreadable" if unread else image["status"]})
            continue
        height, width = pixels.shape[:2]
        box = table_box(image)
        face = next(next_face) if box is None else None
        if box is not None:
            row |= {"how": "table", "num_faces": 1}
        elif face is not None:
            box, row["how"] = face.box, "mtcnn"
            row |= {"probability": float(face.probability), "num_faces": int(face.num_faces)}
            row["landmarks"] = np.asarray(face.landmarks, dtype=np.float32).ravel().tolist()
        elif crop.faces == "given":
            box, row["how"] = np.array([0.0, 0.0, width, height]), "given"
        else:
            box, row["how"] = centre_box(width, height, fraction=crop.fallback), "centre"
        rows.append(row | dict(zip(("x1", "y1", "x2", "y2"), map(float, box), strict=True)))
    return rows


def table_box(image: Mapping[str, object]) -> np.ndarray | None:
    """The corners (4,) of the face that the contest's table names for an image, if it names one."""
    corners = np.array([image.get(column, np.nan) for column in BOX], dtype=np.float64)
    return None if np.isnan(corners).any() else corners
