"""Paints what is worn over a face: masks in every wrong way, glasses, caps.

What a covering hides it hides for good: paint it on a copy.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.sample.canvas import Canvas, Points, mirrored, rounded
from pipeline.sample.people import Colour, Person

MASK_KINDS = ("surgical", "cloth", "folded")


@dataclass(frozen=True)
class Covering:
    """How the face is covered in one image. `slip` moves the mask's upper edge, in units."""

    fit: str
    kind: str = "surgical"
    colour: Colour = (0.6, 0.78, 0.88)
    pattern: bool = False
    slip: float = 0.0
    tilt: float = 0.0
    disguised: bool = False  # sunglasses and a cap on top, so that a detector has nothing to hold


def _mask_outline(person: Person, covering: Covering) -> tuple[Points, float]:
    """The mask's edge and the height of its middle."""
    slip, tilt, end = covering.slip, covering.tilt, 1.4 * person.length
    if covering.fit == "worn":
        top, cheek, low = 0.18 + slip, 0.31 + slip, end + 0.12
    elif covering.fit == "under nose":
        top, cheek, low = person.nose_length + 0.16 + slip, 0.52 + slip, end + 0.15
    else:
        top, cheek, low = 1.08 * person.length + slip, 0.86 + slip, end + 0.3
    edge, jaw = 0.93, person.jaw
    peak = 0.06 if covering.kind == "folded" else 0.0
    right = [(0.0, top - peak), (0.16, top - peak * 0.6), (0.5, top + (cheek - top) * 0.75),
             (edge, cheek), (edge - 0.02, cheek + 0.3), (jaw + 0.06, max(0.9, cheek + 0.35)),
             (0.5, low - 0.12), (0.2, low), (0.0, low)]  # fmt: skip
    left = [(-u, v) for u, v in right[1:-1]]
    whole = [(u, v + tilt * u) for u, v in right + left[::-1]]
    return rounded(whole, turns=2), (top + low) / 2


def paint_mask(canvas: Canvas, person: Person, covering: Covering) -> None:
    """A mask of one kind, colour and fit; nothing when the fit is "none"."""
    if covering.fit == "none":
        return
    outline, middle = _mask_outline(person, covering)
    colour = np.array(covering.colour, np.float32)
    _paint_straps(canvas, covering, outline)
    canvas.tint(0.72, canvas.polygon([(u, v - 0.015) for u, v in outline], soft=0.05)
                .within(canvas.alpha))  # fmt: skip
    cover = canvas.polygon(outline, soft=0.01)
    field = canvas.field(cover)
    cloth: np.ndarray = colour
    if covering.pattern:
        rng = np.random.default_rng([person.texture, round(float(colour.sum()) * 1000)])
        spots = np.clip(canvas.grain(rng, 0.06, 0.06) * 3 - 2, 0, 1)[..., None]
        cloth = (colour * (1 - spots) + (1 - colour) * spots).astype(np.float32)
    canvas.lay(cloth, cover)
    canvas.polish(0.0, cover)
    canvas.flatten(0.45, cover.times(0.75))
    half = max(v for _, v in outline) - middle
    canvas.raise_(0.42, canvas.blob(0, middle - 0.1 * half, 0.42, 0.6 * half).within(field))
    if covering.fit == "worn":  # the nose shows through
        tent = canvas.blob(0, person.nose_length, 0.15, 0.16).within(field)
        canvas.raise_(0.16, tent)
        canvas.tint(1.06, tent)
    if covering.kind == "surgical":
        for share in (-0.35, 0.05, 0.4):
            v = middle + share * half
            pleat = [(-0.85, v - 0.06), (-0.4, v), (0.4, v), (0.85, v - 0.06)]
            line = canvas.stroke(rounded(pleat, closed=False), width=0.03, soft=0.014)
            canvas.tint(0.84, line.within(field))
            canvas.raise_(-0.02, line.within(field))
        rim = [(u, v + 0.05) for u, v in outline if v < middle - 0.35 * half]
        canvas.tint(1.08, canvas.stroke(sorted(rim), width=0.05, soft=0.02).within(field))
    elif covering.kind == "folded":
        ridge = canvas.blob(0, middle, 0.07, half).within(field)
        canvas.raise_(0.12, ridge)
        for side in (-1, 1):
            seam = [(side * 0.9, middle - 0.4 * half), (side * 0.3, middle), (side * 0.8, middle)]
            fold = canvas.stroke(rounded(seam, closed=False), width=0.02, soft=0.012)
            canvas.tint(0.82, fold.within(field))
    else:
        seam = [(0.0, middle - half), (0.03, middle), (0.0, middle + half)]
        canvas.tint(0.82, canvas.stroke(seam, width=0.025, soft=0.012).within(field))


def _paint_straps(canvas: Canvas, covering: Covering, outline: Points) -> None:
    pale = tuple(0.55 + 0.4 * np.array(covering.colour))
    for side in (-1, 1):
        upper = max(outline, key=lambda p: side * p[0] - 0.2 * p[1])
        lower = max(outline, key=lambda p: side * p[0] + 0.45 * p[1])
        for start, hook in ((upper, (side * 1.07, -0.2)), (lower, (side * 1.06, 0.32))):
            cover = canvas.stroke([start, hook], width=0.028, soft=0.008).within(canvas.alpha)
            canvas.lay(pale, cover)


def paint_glasses(canvas: Canvas, person: Person) -> None:
    """The frames a person always wears, if any."""
    if person.glasses is None:
        return
    for side in (-1, 1):
        lens = _lens(person, side, 1.0)
        closed = lens + lens[:1]
        canvas.tint(0.9, canvas.stroke([(u, v + 0.04) for u, v in closed], width=0.03, soft=0.02))
        canvas.lay(person.glasses, canvas.stroke(closed, width=0.034, soft=0.007))
        glint = canvas.stroke([(side * 0.42 + 0.12, -0.26), (side * 0.42 - 0.02, 0.06)],
                              width=0.05, soft=0.02)  # fmt: skip
        canvas.light(0.1, glint)
        arm = [(side * (person.eye_gap + 0.27), -0.18), (side * 1.02, -0.2)]
        canvas.lay(person.glasses, canvas.stroke(arm, width=0.03, soft=0.007))
    bridge = rounded([(-0.14, -0.13), (0.0, -0.19), (0.14, -0.13)], closed=False)
    canvas.lay(person.glasses, canvas.stroke(bridge, width=0.034, soft=0.007))


def _lens(person: Person, side: int, size: float) -> Points:
    wide, high = 0.28 * size, 0.2 * size
    corners = [(-1, -0.9), (0, -1.05), (1, -0.95), (1.02, 0.1), (0.7, 0.95), (-0.1, 1.05),
               (-0.85, 0.8), (-1.02, 0)]  # fmt: skip
    centre = side * (person.eye_gap + 0.005)
    return rounded([(centre + side * u * wide, -0.1 + v * high) for u, v in corners], turns=2)


def paint_disguise(canvas: Canvas, person: Person) -> None:
    """Dark glasses and a low cap: with a mask there is next to no face left."""
    dark = np.array([0.05, 0.05, 0.06])
    for side in (-1, 1):
        canvas.lay(tuple(dark), canvas.polygon(_lens(person, side, 1.4), soft=0.012))
        canvas.light(0.12, canvas.blob(side * 0.42 + 0.1, -0.2, 0.07, 0.03))
        arm = [(side * 0.7, -0.16), (side * 1.04, -0.2)]
        canvas.lay(tuple(dark), canvas.stroke(arm, width=0.06, soft=0.01))
    canvas.lay(tuple(dark), canvas.stroke([(-0.15, -0.15), (0.15, -0.15)], width=0.06, soft=0.01))
    crown = [(0.0, -1.75), (0.6, -1.7), (1.08, -1.3), (1.16, -0.7), (1.1, -0.42), (0.0, -0.5)]
    cap = tuple(np.clip(np.array(person.clothes) * 0.7, 0.05, 0.75))
    hat = canvas.polygon(rounded(mirrored(crown), turns=2), soft=0.015)
    canvas.lay(cap, hat)
    canvas.polish(0.0, hat)
    canvas.flatten(0.0, hat)
    canvas.raise_(1.1, canvas.blob(0, -0.75, 0.75, 0.6).within(canvas.field(hat)))
    canvas.tint(0.8, canvas.stroke([(0.0, -1.75), (0.0, -0.6)], width=0.02, soft=0.01))
    brim = [(0.0, -0.62), (0.7, -0.6), (1.15, -0.42), (0.9, -0.3), (0.0, -0.28)]
    canvas.tint(0.5, canvas.polygon([(u, v + 0.1) for u, v in mirrored(brim)], soft=0.06)
                .within(canvas.alpha))  # fmt: skip
    canvas.lay(tuple(np.array(cap) * 0.6), canvas.polygon(rounded(mirrored(brim)), soft=0.012))
