"""All faces of one image with their crops, cut as the crop stage cuts the main one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.faces.boxes import centre_box
from pipeline.faces.mtcnn.detector import Detector
from pipeline.faces.recipe import CropRecipe, cut_face

SURE = 0.9  # of a face that only the finer search found: small textures look like faces too
SHARED = 0.3  # of the smaller box, from which two boxes are of one face


@dataclass(frozen=True)
class FoundFace:
    """A face of an image: its box (4,) as found, how, how sure, and its crops (S, S, 3) uint8 by
    the names of their recipes."""

    box: np.ndarray
    how: str  # mtcnn, given (the image is the face) or centre
    probability: float  # NaN where nothing was looked for
    crops: Mapping[str, np.ndarray]


class FaceFinder:
    """Images (H, W, 3) uint8, upright, to their faces.

    `detector` is None where the whole image is the face (`faces: given`) or its middle is
    (`centre`). `fine` looks for smaller faces; what it adds never replaces a face of `detector`.
    """

    def __init__(
        self,
        *,
        faces: str,
        fallback: float,
        recipes: Mapping[str, CropRecipe],
        detector: Detector | None = None,
        fine: Detector | None = None,
    ) -> None:
        self._faces, self._fallback, self._recipes = faces, fallback, dict(recipes)
        self._detector, self._fine = detector, fine

    def find(self, image: np.ndarray) -> list[FoundFace]:
        """The faces, the subject's first; none where the detector finds none."""
        height, width = image.shape[:2]
        if self._detector is None:
            box = np.array([0.0, 0.0, width, height])
            if self._faces == "centre":
                box = centre_box(width, height, fraction=self._fallback)
            return [self._cut(image, box, None, how=self._faces, probability=float("nan"))]
        found = self._detector.detect_all([image])[0]
        for other in self._fine.detect_all([image])[0] if self._fine is not None else []:
            boxes = np.array([face.box for face in found]).reshape(-1, 4)
            if other.probability >= SURE and (_shares(other.box, boxes) <= SHARED).all():
                found.append(other)
        inside = [f for f in found if _shares(f.box, np.array([[0, 0, width, height]])).item() > 0]
        return [
            self._cut(image, f.box, f.landmarks, how="mtcnn", probability=f.probability)
            for f in inside
        ]

    def _cut(
        self,
        image: np.ndarray,
        box: np.ndarray,
        landmarks: np.ndarray | None,
        *,
        how: str,
        probability: float,
    ) -> FoundFace:
        box = np.asarray(box, dtype=np.float64)
        crops = {
            name: cut_face(image, box, how=how, landmarks=landmarks, recipe=recipe)
            for name, recipe in self._recipes.items()
        }
        return FoundFace(box, how, probability, crops)


def _shares(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The part (n,) of the smaller box that a box and each of the others (n, 4) share."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(np.clip(others[:, 2:] - others[:, :2], 1e-9, None), axis=1)
    return shared / np.minimum(np.prod(np.clip(box[2:] - box[:2], 1e-9, None)), areas)
