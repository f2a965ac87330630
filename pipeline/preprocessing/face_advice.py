"""What a user should know of the faces that were found: where many images hold none, or several."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config.preprocessing import Crop
from pipeline.images.read import UnreadableImageError, read_image
from pipeline.tables import OK

MANY = 0.1  # share of the images from which on a sentence is worth its place
TRIED = (0.1, 0.05, 0.03)  # smaller faces that are looked for
MOST = 8  # images that they are looked for in: small faces take long


def face_advice(
    faces: pd.DataFrame, images: pd.DataFrame, *, crop: Crop, root: Path, device: str
) -> list[str]:
    """Sentences about images without a face and with several, each with the setting that helps.

    Looks again for smaller faces in some of the images without one.
    """
    looked_at = faces[(faces["status"] == OK) & faces["how"].isin(["mtcnn", "centre"])]
    advice: list[str] = []
    if looked_at.empty:
        return advice
    faceless = looked_at[looked_at["how"] == "centre"]
    if len(faceless) > MANY * len(looked_at):
        advice.append(_say_faceless(faceless, images, len(looked_at), crop, root, device))
    several = int((looked_at["num_faces"] > 1).sum())
    if several > MANY * len(looked_at):
        advice.append(
            f"{several} of {len(looked_at)} images hold several faces, and the largest near the "
            "middle was taken; where the table says which face is meant, table.box names its "
            "columns, and crop.reject: [several_faces] trains without such images"
        )
    return advice


def count_small_faces(
    root: Path, paths: Sequence[str], *, min_face: float, crop: Crop, device: str
) -> int:
    """In how many of the images the detector finds a face of at least this share of the side."""
    from pipeline.faces.mtcnn.detector import Detector

    detector = Detector(device=device, min_face=min_face, thresholds=crop.thresholds)
    pixels: list[np.ndarray] = []
    for path in paths:
        try:
            pixels.append(read_image(root / path))
        except UnreadableImageError:  # it was readable a moment ago; it has no face now
            continue
    return sum(face is not None for face in detector.detect(pixels))


def _say_faceless(
    faceless: pd.DataFrame,
    images: pd.DataFrame,
    num_images: int,
    crop: Crop,
    root: Path,
    device: str,
) -> str:
    paths = images.set_index("image_id").loc[faceless["image_id"], "path"]
    step = max(1, len(paths) // MOST)
    some = paths.iloc[::step].tolist()[:MOST]
    said = (
        f"no face was found in {len(faceless)} of {num_images} images, so their middle was cut; "
        f"faces below {crop.min_face:.0%} of the shorter side are not looked for (crop.min_face)"
    )
    best, best_count = 0.0, 0
    for smaller in TRIED:
        if smaller >= crop.min_face:
            continue
        count = count_small_faces(root, some, min_face=smaller, crop=crop, device=device)
        if count > best_count:
            best, best_count = smaller, count
        if count == len(some):
            break
    if best_count:
        said += f"; crop.min_face={best:g} finds one in {best_count} of {len(some)} of them"
    else:
        said += f"; down to {min(TRIED):.0%} none is found in {len(some)} of them either"
    return f"{said}; crop.reject: [no_face] trains without such images"
