"""Which images look like one photograph or one sitting, where nobody is named.

The eye region of each face, eyes laid on eyes, is seen by the first stages of an ImageNet network
(stride 16): coarse enough to forgive a detector that is two pixels off, fine enough to tell faces
apart. What all images have in common is taken away, so that the similarity of two strangers is
about 0 in any contest. It finds the same photograph, cropped, masked or in another light, and
sittings of one session. It is no face recognition: a person on two occasions stays two.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.console import follow
from pipeline.ensembling.linkage import linkage_tree
from pipeline.experiment.device import choose_device
from pipeline.faces.align import eyes_in_crop
from pipeline.faces.crop_store import open_crops
from pipeline.storage import Runs, read_table
from pipeline.tables import FACES, check_table, pick

if TYPE_CHECKING:
    import torch

BACKBONE = "tf_efficientnet_lite0"  # its weights come with a package: no download
WIDTH, HEIGHT = 128, 80  # of the part that is looked at: it ends below the eyes, above most masks
EYES = np.array([[40.0, 68.0], [88.0, 68.0]])  # the left one of the image, then the right
NUM_STAGES = 4  # of the network that are run: (80, 5, 8) of the backbone, 2,240 values pooled
FLAT = 4.0  # grey levels: a part of one colour stays flat
BLUR = 1.5  # pixels: sharp and poor copies of a photograph look the same
BATCH = 64


SIMILARITY = 0.7  # where nothing else is asked for; see find_lookalikes


def lookalike_groups(
    settings: Experiment, runs: Runs, image_ids: pd.Series, *, similarity: float = SIMILARITY
) -> np.ndarray:
    """The group (N,) of each of these cropped images of an experiment."""
    faces = pick(check_table(read_table(runs.faces), FACES), image_ids, what="faces")
    return find_lookalikes(
        open_crops(runs.crops),
        faces,
        margin=settings.crop.margin,
        align=settings.crop.align,
        similarity=similarity,
        largest=max(2, len(faces) // (4 * settings.folds.num)),  # folds must stay even
        device=choose_device(settings)[0],
    )


def find_lookalikes(
    crops: np.ndarray,
    faces: pd.DataFrame,
    *,
    margin: float,
    similarity: float,
    largest: int,
    device: "torch.device",
    align: bool = False,
) -> np.ndarray:
    """The group (N,) of each image, numbers from 0 on; none has more than `largest` images.

    A `similarity` of 0.7 was chosen on 231 people with 7 images each; on 232 others it finds 97 %
    of the pairs of one person, and 4 of 100,000 other pairs. They were photographed in one
    sitting: on other occasions a person looks too different.

    `crops` (M, S, S, 3) is the store of crops; `faces` has a row an image with `row` in the store,
    the box x1 y1 x2 y2, landmarks (10,) and `how` the face was found; `margin` and
    `align` are the crops' own.
    """
    parts = _align_faces(crops, faces, margin=margin, align=align)
    points = contrast_points(eye_features(parts, device=device))
    return group_lookalikes(points, similarity=similarity, largest=largest)


def describe_lookalikes(people: np.ndarray, joined: np.ndarray, *, similarity: float) -> str:
    """How many groups there are of the images (N,) by name, and after joining, in a sentence."""
    sizes = np.unique(joined, return_counts=True)[1]
    single = int((sizes == 1).sum())
    return (
        f"lookalikes: {len(people):,} images, {len(set(people)):,} by name, are {len(sizes):,} "
        f"groups at similarity {similarity:g}: {single:,} of one image, the largest of "
        f"{sizes.max():,}; copies and similar photographs are found, a person on two occasions is "
        "not"
    )


def group_lookalikes(
    points: np.ndarray, *, similarity: float, largest: int | None = None
) -> np.ndarray:
    """The group (N,) of each point (N, d) by average linkage: groups are joined while the mean
    similarity of all their pairs is at least `similarity` and they have at most `largest` images.
    """
    return linkage_tree(points, floor=similarity).cut(similarity, size=largest)


def contrast_points(values: np.ndarray) -> np.ndarray:
    """Values (N, d) as points of length 1, once each column has mean 0 and deviation 1 over all
    images: what they have in common says nothing."""
    rows = np.array(values, dtype=np.float32)
    rows -= rows.mean(axis=0)
    rows /= rows.std(axis=0) + 1e-6
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows


def align_eyes(crop: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """The upper part (HEIGHT, WIDTH, 3) uint8 of a crop (S, S, 3), turned, scaled and shifted so
    that its eyes (2, 2) lie at EYES; what lies outside the crop repeats its edge."""
    left, right = np.asarray(eyes, dtype=np.float64)
    across = right - left
    scale = (EYES[1, 0] - EYES[0, 0]) / max(float(np.hypot(*across)), 1e-6)
    image = np.ascontiguousarray(crop)
    if scale < 1.0:  # a warp alone would skip pixels
        image = cv2.GaussianBlur(image, (0, 0), 0.5 / scale)
    angle = np.arctan2(across[1], across[0])
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    shift = EYES.mean(axis=0) - matrix @ (left + right) / 2.0
    warp = np.column_stack([matrix, shift])
    part = cv2.warpAffine(image, warp, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(part, (0, 0), BLUR)


def eye_features(parts: Iterable[np.ndarray], *, device: "torch.device") -> np.ndarray:
    """What the network sees (N, d) float32 in parts (HEIGHT, WIDTH, 3) and their mirror images."""
    import torch
    from torch.nn.functional import avg_pool2d

    from pipeline.models.pretrained import load_backbone

    network = load_backbone(BACKBONE, weights="imagenet", drop_path=0.0).eval().to(device)
    first, norm = network.get_submodule("conv_stem"), network.get_submodule("bn1")
    stages = list(network.get_submodule("blocks").children())[:NUM_STAGES]

    def run(values: torch.Tensor) -> torch.Tensor:
        values = norm(first(values))
        for stage in stages:
            values = stage(values)
        return values

    features = []
    with torch.inference_mode():
        for batch in _batches(parts):
            values = torch.from_numpy(np.stack(batch)).to(device).permute(0, 3, 1, 2).float()
            # each colour to mean 0 and deviation 1: undoes light and white balance, and is the
            # scale that the network knows
            deviation = values.std(dim=(2, 3), keepdim=True)
            values = (values - values.mean(dim=(2, 3), keepdim=True)) / (deviation + FLAT)
            values = values.contiguous(memory_format=torch.channels_last)
            both = run(values) + run(values.flip(3))  # a mirrored copy looks the same
            pooled = avg_pool2d(both, kernel_size=2, stride=1)
            features.append(pooled.flatten(1).cpu().numpy())
    return np.concatenate(features)


def _align_faces(
    crops: np.ndarray, faces: pd.DataFrame, *, margin: float, align: bool
) -> Iterator[np.ndarray]:
    """The eye region of each face, with the eyes where the detector found them."""
    size = crops.shape[1]
    boxes = faces[["x1", "y1", "x2", "y2"]].to_numpy()
    rows = zip(faces["row"], boxes, faces["landmarks"], faces["how"], strict=True)
    for row, box, landmarks, how in follow(rows, total=len(faces), desc="lookalikes"):
        known = landmarks if how == "mtcnn" else None
        eyes = eyes_in_crop(box, known, margin=margin, size=size, align=align)
        yield align_eyes(crops[row], eyes)


def _batches(parts: Iterable[np.ndarray]) -> Iterator[list[np.ndarray]]:
    batch: list[np.ndarray] = []
    for part in parts:
        batch.append(part)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
