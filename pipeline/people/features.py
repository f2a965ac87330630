"""What an image looks like, as a point: near ones are probably of one person."""

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.config.preprocessing import Crop
from pipeline.console import follow
from pipeline.ensembling.linkage import to_points
from pipeline.faces.align import align_upper_face, eyes_in_crop, sharpen
from pipeline.faces.crop_store import open_crops
from pipeline.images.transform import fit_size
from pipeline.storage import Runs, read_table
from pipeline.tables import pick

THUMBNAIL = 32  # pixels a side, of which the upper half is compared


def appearance_points(
    settings: Experiment, runs: Runs, images: pd.DataFrame, *, part: str
) -> np.ndarray:
    """Points (N, d) of a part's images, all with a crop, as `pool.by` says: the upper part of the
    face, its light and its details counting the same; or what a member's network sees."""
    if settings.pool.by == "crops":
        upper = _upper_parts(runs, images, said=f"people: {part} images", crop=settings.crop)
        return np.concatenate([to_points(upper), to_points(sharpen(upper))], axis=1) / np.sqrt(2.0)
    from pipeline.people.embeddings import member_embeddings

    found = member_embeddings(settings, runs, settings.pool.by, part)
    found = pick(found, images["image_id"], what="embeddings")
    seen = np.stack(found["embedding"].tolist())
    folds = found["fold"].to_numpy()
    for fold in np.unique(folds):  # what all images have in common says nothing
        seen[folds == fold] -= seen[folds == fold].mean(axis=0)
    return to_points(seen)


def _upper_parts(runs: Runs, images: pd.DataFrame, *, said: str, crop: Crop) -> np.ndarray:
    """The upper part (N, h, w) of each face, eyes on eyes where the detector found them."""
    crops = open_crops(runs.crops)
    faces = pick(read_table(runs.faces), images["image_id"], what="faces")
    boxes, size = faces[["x1", "y1", "x2", "y2"]].to_numpy(), crops.shape[1]
    rows = zip(images["row"], boxes, faces["landmarks"], faces["how"], strict=True)
    parts = []
    for row, box, landmarks, how in follow(rows, total=len(faces), desc=said):
        known = landmarks if how == "mtcnn" else None
        eyes = eyes_in_crop(box, known, margin=crop.margin, size=size, align=crop.align)
        parts.append(align_upper_face(crops[row], eyes))
    return np.stack(parts)


def upper_halves(crops: np.ndarray, rows: pd.Series, *, said: str) -> np.ndarray:
    """Grey thumbnails (n, 16, 32) of the crops' upper halves: masks, beards and hands change the
    lower ones."""
    half = THUMBNAIL // 2
    bar = follow(rows, desc=said)
    upper = [fit_size(crops[row], size=THUMBNAIL)[:half].mean(axis=2) for row in bar]
    return np.stack(upper).astype(np.float32)
