"""How a found face becomes a crop: one recipe, for the crop stage and for photos alike. Pure."""

from dataclasses import dataclass

import numpy as np

from pipeline.faces.boxes import AROUND_FACES, square_box
from pipeline.faces.crop import cut
from pipeline.faces.similarity import cut_aligned


@dataclass(frozen=True)
class CropRecipe:
    """`margin` is added to each side, as a share of the box; `size` is the crop's side in pixels;
    `align` turns and scales the face so that its landmarks lie at fixed places."""

    margin: float
    size: int
    align: bool = False


def cut_face(
    image: np.ndarray,
    box: np.ndarray,
    *,
    how: str,
    landmarks: np.ndarray | None,
    recipe: CropRecipe,
    widen: float = 0.0,
) -> np.ndarray:
    """The crop (size, size, 3) uint8 of a face of an image (height, width, 3) uint8.

    `how` says how the box (4,) was found: a margin goes around a face, not around a whole image or
    its middle. Without landmarks (10,) or (5, 2) a face is cut upright. `widen` comes to the
    margin, whatever that is.
    """
    if recipe.align and landmarks is not None:
        landmarks = np.asarray(landmarks, dtype=np.float32)  # as the faces table stores them
        return cut_aligned(image, landmarks, margin=recipe.margin + widen, size=recipe.size)
    margin = recipe.margin if how in AROUND_FACES else 0.0
    return cut(image, square_box(box, margin=margin + widen), size=recipe.size)
