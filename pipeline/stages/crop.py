"""crop: finds the main face of every picture once, then cuts the crops from the stored boxes."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.config.data import Crop
from pipeline.faces.boxes import centre_box, square_box
from pipeline.faces.cut import cut
from pipeline.faces.store import create_crops, open_crops
from pipeline.images.reading import UnreadablePictureError, read_picture
from pipeline.runs import read_table, shown, write_table, writing
from pipeline.stages import Work
from pipeline.stages.members import choose_device
from pipeline.tables import FACES, IMAGES, OK, check_table

SHARD = 256  # pictures between two marks on disk: what a killed run loses
CHUNK = 64  # pictures decoded at once

Decoded = tuple[np.ndarray | None, str]  # the pixels, or None and the reason


def run(work: Work) -> None:
    images = check_table(read_table(work.runs.images), IMAGES)
    if not work.runs.faces.exists():
        _find_faces(work, images)
    faces = check_table(read_table(work.runs.faces), FACES)
    if not work.runs.crops.exists():
        _cut_crops(work, images, faces)
    counts = faces.groupby(["how", "status"]).size()
    said = ", ".join(
        f"{how or 'none'} {status}: {count}" for (how, status), count in counts.items()
    )
    print(f"crop: {said}; wrote {shown(work.runs.faces)} and {shown(work.runs.crops)}")


def _find_faces(work: Work, images: pd.DataFrame) -> None:
    shards = work.runs.face_shards
    starts = range(0, len(images), SHARD)
    files = [shards / f"{start:08d}.parquet" for start in starts]
    missing = [
        (start, file) for start, file in zip(starts, files, strict=True) if not file.exists()
    ]
    detector = _make_detector(work) if missing and work.settings.crop.faces == "detect" else None
    done = len(images) - sum(len(images[start : start + SHARD]) for start, _ in missing)
    with tqdm(total=len(images), initial=done, desc="crop: find faces", unit="pic") as bar:
        for start, file in missing:
            part = images.iloc[start : start + SHARD]
            rows = []
            for chunk, decoded in _decode(work.runs.root, part):
                rows += _face_rows(chunk, decoded, crop=work.settings.crop, detector=detector)
                bar.update(len(chunk))
            write_table(file, pd.DataFrame(rows))
    faces = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    kept = (faces["status"] == OK).to_numpy()
    faces["row"] = np.where(kept, np.cumsum(kept) - 1, -1)
    write_table(work.runs.faces, check_table(faces, FACES))
    shutil.rmtree(shards)


def _make_detector(work: Work):
    from pipeline.faces.detector import Detector

    device, _ = choose_device(work.settings)
    crop = work.settings.crop
    return Detector(device=str(device), min_face=crop.min_face, thresholds=crop.thresholds)


def _decode(root: Path, images: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, list[Decoded]]]:
    """Chunks of the images with their pixels, decoded by threads one chunk ahead."""

    def read(path: str, status: str, message: str) -> Decoded:
        if status not in (OK, "unlabelled"):
            return None, message
        try:
            return read_picture(root / path), ""
        except UnreadablePictureError as error:
            return None, str(error)

    chunks = [images.iloc[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
    with ThreadPoolExecutor() as pool:

        def start(chunk: pd.DataFrame) -> list:
            columns = (chunk["path"], chunk["status"], chunk["message"])
            return [pool.submit(read, *cells) for cells in zip(*columns, strict=True)]

        ahead = start(chunks[0]) if chunks else []
        for number, chunk in enumerate(chunks):
            now, ahead = ahead, start(chunks[number + 1]) if number + 1 < len(chunks) else []
            yield chunk, [future.result() for future in now]


def _face_rows(images: pd.DataFrame, decoded: list[Decoded], *, crop: Crop, detector) -> list[dict]:
    """A row of the faces table for every image, whatever became of it."""
    readable = [pixels for pixels, _ in decoded if pixels is not None]
    found = iter(detector.detect(readable) if detector is not None else [None] * len(readable))
    rows = []
    for image, (pixels, message) in zip(images.to_dict("records"), decoded, strict=True):
        row = {"image_id": image["image_id"], "how": "", "status": OK, "message": message}
        row |= dict.fromkeys(("x1", "y1", "x2", "y2", "probability"), np.nan)
        row |= {"landmarks": None, "num_faces": 0}
        if pixels is None:
            unread = image["status"] in (OK, "unlabelled")
            rows.append(row | {"status": "unreadable" if unread else image["status"]})
            continue
        height, width = pixels.shape[:2]
        face = next(found)
        if face is not None:
            box, row["how"] = face.box, "mtcnn"
            row |= {"probability": float(face.probability), "num_faces": int(face.num_faces)}
            row["landmarks"] = np.asarray(face.landmarks, dtype=np.float32).ravel().tolist()
        elif crop.faces == "given":
            box, row["how"] = np.array([0.0, 0.0, width, height]), "given"
        else:
            box, row["how"] = centre_box(width, height, fraction=crop.fallback), "centre"
        rows.append(row | dict(zip(("x1", "y1", "x2", "y2"), map(float, box), strict=True)))
    return rows


def _cut_crops(work: Work, images: pd.DataFrame, faces: pd.DataFrame) -> None:
    crop = work.settings.crop
    kept = faces["status"] == OK
    boxes = faces.loc[kept, ["x1", "y1", "x2", "y2"]].to_numpy()
    # the margin is for a detected face: a centre crop and a given face already hold what is wanted
    margins = np.where(faces.loc[kept, "how"] == "mtcnn", crop.margin, 0.0)
    paths = [work.runs.root / path for path in images.loc[kept.to_numpy(), "path"]]

    def make(row: int) -> np.ndarray:
        square = square_box(boxes[row], margin=margins[row])
        return cut(read_picture(paths[row]), square, size=crop.size)

    with writing(work.runs.crops) as temporary:
        store = create_crops(temporary, num_crops=len(paths), size=crop.size)
        with (
            ThreadPoolExecutor() as pool,
            tqdm(total=len(paths), desc="crop: cut", unit="pic") as bar,
        ):
            for start in range(0, len(paths), CHUNK):
                rows = range(start, min(start + CHUNK, len(paths)))
                for row, pixels in zip(rows, pool.map(make, rows), strict=True):
                    store[row] = pixels
                bar.update(len(rows))
        store.flush()
        del store


def crops_of(work: Work) -> np.ndarray:
    """The crop store, read-only (rows, size, size, 3) uint8."""
    return open_crops(work.runs.crops)
