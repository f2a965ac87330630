"""Are the images faces cut out already, or photographs in which faces must be found?

A look at some of them with the detector that the crop stage uses, and at the sizes of more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.features.new_contest.guess import Guess
from pipeline.images.read import UnreadableImageError, measure_image, read_image

LOOKED_AT = 20
MEASURED = 200
SMALL_FACES = (0.1, 0.05, 0.03)  # shares of the shorter side, looked for where few faces are found
TINY = 80  # pixels: an image this small is a face, and no detector finds one in it
TIGHT = 0.55  # of the image's side, from which on a face fills the image
FEW = 0.5  # of the images


@dataclass(frozen=True)
class Sizes:
    """Shorter sides of some images in pixels, from their headers."""

    smallest: int
    median: int
    largest: int
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class FaceLook:
    """What the detector found in some images.

    `found` is by the smallest share of the shorter side that was looked for; `side` is the median
    of the faces' sides as a share of the images'; `several` counts images with more than one face.
    """

    looked_at: int
    found: dict[float, int]
    side: float
    several: int


def measure_sizes(root: Path, paths: Sequence[str]) -> Sizes:
    """The sizes of some images, evenly spread over the list."""
    sides: list[int] = []
    broken: list[str] = []
    for path in spread(paths, MEASURED):
        try:
            sides.append(min(measure_image(root / path)))
        except UnreadableImageError:
            broken.append(path)
    if not sides:
        return Sizes(0, 0, 0, tuple(broken))
    return Sizes(min(sides), int(np.median(sides)), max(sides), tuple(broken))


def spread(items: Sequence[str], number: int) -> list[str]:
    """Up to so many of the items, evenly spread."""
    places = np.linspace(0, len(items) - 1, min(len(items), number)).astype(int)
    return [items[place] for place in places]


def look_at_faces(root: Path, paths: Sequence[str], *, min_face: float = 0.21) -> FaceLook:
    """Looks for faces in some of the images; for smaller ones where it finds few."""
    from pipeline.faces.mtcnn.detector import Detector

    pixels: list[np.ndarray] = []
    for path in spread(paths, LOOKED_AT):
        try:
            pixels.append(read_image(root / path))
        except UnreadableImageError:  # index counts such images
            continue
    found: dict[float, int] = {}
    sides: list[float] = []
    several = 0
    for share in (min_face, *SMALL_FACES):
        faces = Detector(device="cpu", min_face=share).detect_all(pixels) if pixels else []
        found[share] = sum(bool(one) for one in faces)
        if share == min_face:
            several = sum(len(one) > 1 for one in faces)
            for one, image in zip(faces, pixels, strict=True):
                if one:
                    box = one[0].box
                    area = float((box[2] - box[0]) * (box[3] - box[1]))
                    sides.append((area / (image.shape[0] * image.shape[1])) ** 0.5)
        if found[share] >= FEW * len(pixels):
            break
    return FaceLook(len(pixels), found, float(np.median(sides)) if sides else 0.0, several)


def guess_crop(look: FaceLook | None, sizes: Sizes) -> Guess[dict[str, object]]:
    """The settings of `crop` but for its size; `look` is None where the images are too small."""
    if look is None:
        size = f"images of {sizes.median} pixels" if sizes.median else "images in a table"
        return Guess({"faces": "given"}, f"{size} are faces themselves: none is looked for")
    number = look.looked_at
    first = next(iter(look.found), 0.21)
    found = look.found.get(first, 0)
    if found >= FEW * number and look.side >= TIGHT:
        why = f"in {found} of {number} images the face fills {look.side:.0%} of the side: cut out"
        return Guess({"faces": "given"}, why)
    if found >= FEW * number:
        why = f"a face was found in {found} of {number} images, {look.side:.0%} of their side"
        return Guess({"margin": 0.2}, why)
    smaller = max(look.found, key=lambda share: (look.found[share], share), default=first)
    if number and look.found.get(smaller, 0) >= FEW * number:
        why = (
            f"small faces: found in {look.found[smaller]} of {number} images, with 0.21 in {found}"
        )
        return Guess({"margin": 0.2, "min_face": smaller}, why)
    why = (
        f"a face was found in {found} of {number} images only, so they are taken as they are; "
        "faces: detect looks for faces in all of them"
    )
    return Guess({"faces": "given"}, why)
