"""Paints hair: behind the head, on it, on the chin."""

import cv2
import numpy as np

from pipeline.sample.canvas import (
    LEFT,
    TOP,
    Canvas,
    Cover,
    Floats,
    Points,
    as_floats,
    mirrored,
    rounded,
)
from pipeline.sample.features import mouth_height
from pipeline.sample.people import Person

LONG = {"long": 2.35, "long fringe": 2.3, "bob": 1.25}
FRINGED = ("fringe", "long fringe")


def hair_colours(canvas: Canvas, person: Person) -> Floats:
    """Strands over the whole canvas, greyed as the person is."""
    rng = np.random.default_rng([person.texture, 4])
    along = 0.05 if person.style == "curly" else 0.22
    strands = 0.6 * canvas.grain(rng, 0.012, along) + 0.5 * canvas.grain(rng, 0.04, along * 1.5)
    patches = 0.7 * canvas.grain(rng, 0.02, along) + 0.7 * canvas.grain(rng, 0.3, 0.3)
    if person.style != "curly":
        strands, patches = _combed(canvas, person, strands), _combed(canvas, person, patches)
    greyed = 1 / (1 + np.exp(-1.6 * (patches + (person.grey - 0.5) * 6)))
    dark, pale = np.array(person.hair, np.float32), np.array([0.8, 0.79, 0.77], np.float32)
    share = (greyed * min(1.0, person.grey * 2))[..., None].astype(np.float32)
    return as_floats((dark * (1 - share) + pale * share) * (1 + 0.16 * strands)[..., None])


def _combed(canvas: Canvas, person: Person, strands: Floats) -> Floats:
    """Let upright strands fan out from the parting at the crown."""
    us = np.arange(canvas.shape[1], dtype=np.float32) / canvas.unit + LEFT - 0.5 * person.parting
    vs = np.arange(canvas.shape[0], dtype=np.float32) / canvas.unit + TOP
    spread = 0.2 + 0.9 * np.clip((vs + 1.6) / 1.5, 0, 1) ** 0.7
    column = (us[None] / spread[:, None] - LEFT) * canvas.unit
    row = (vs[:, None] + 0.35 * us[None] ** 2 - TOP) * canvas.unit
    fanned = cv2.remap(strands, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return as_floats(fanned)


def paint_back(canvas: Canvas, person: Person, colours: Floats) -> None:
    """Hair that falls behind the neck; drawn first."""
    shape: Points | None = None
    if person.style in LONG:
        end, wide = LONG[person.style], 1.12 + person.volume
        shape = mirrored([(0.3, -1.5), (wide * 0.9, -1.0), (wide, 0.0), (wide + 0.05, end - 0.5),
                          (wide - 0.1, end), (0.5, end + 0.05)])  # fmt: skip
    elif person.style == "tied":
        knot = person.parting * 0.4
        shape = [(knot + 0.34 * np.cos(t), -1.68 + 0.3 * np.sin(t)) for t in np.arange(0, 6.3, 0.5)]
    if shape:
        cover = canvas.polygon(rounded(shape), soft=0.03)
        canvas.lay(colours * np.float32(0.72), cover)
        canvas.flatten(0.1, cover)


def _ragged(person: Person, outline: Points) -> Points:
    rng = np.random.default_rng([person.texture, 5])
    rough = 0.05 if person.style == "curly" else 0.012
    return [(u + rng.normal(0, rough), v + rng.normal(0, rough)) for u, v in outline]


def _outer(person: Person) -> Points:
    puff = {"buzz": 0.03, "tied": 0.07, "curly": 0.18 + person.volume}.get(
        person.style, person.volume
    )
    crown = -1.45 - puff * 1.1
    half = [(0.0, crown), (0.45, crown + 0.02), (0.8 + puff * 0.6, -1.28 - puff * 0.6),
            (1.0 + puff, -0.9), (1.04 + puff, -0.5)]  # fmt: skip
    if person.style in LONG:
        end = LONG[person.style]
        wave = 0.05 + 0.25 * puff
        half += [(1.05 + puff, 0.1), (1.08 + puff + wave, end * 0.55),
                 (1.0 + puff + wave, end - 0.25), (0.9 + puff, end), (0.8, end - 0.1)]  # fmt: skip
    else:
        lower = 0.25 if person.style == "curly" else -0.02
        half += [(1.03 + puff * 0.7, lower - 0.12), (0.97, lower)]
    return rounded(mirrored(half))


def _opening(person: Person) -> Points:
    """The part of the head that hair leaves free."""
    top = -0.52 if person.style in FRINGED else -0.98 - 0.1 * person.volume
    bare, part = person.recession, person.parting
    swept = 0.1 if person.style in ("long", "bob") else 0.0
    right = [(part * 0.5, top - swept - 0.62 * bare**2), (0.3, top + 0.03 - 0.5 * bare),
             (0.6, top + 0.2 + swept - 0.42 * bare), (0.8, max(top + 0.45, -0.6) - 0.2 * bare),
             (0.88, -0.25)]  # fmt: skip
    if person.style in LONG:
        side = [(0.92, 0.1), (0.9, 0.6), (0.82, 1.1), (0.9, 2.0), (1.0, 2.9)]
    else:
        side = [(0.93, 0.0), (1.5, 0.3), (2.0, 2.9)]
    left = [(-u, v) for u, v in right[1:] + side]
    return rounded(right + side + left[::-1], turns=3)


def _head_hair(canvas: Canvas, person: Person) -> Cover:
    outer = canvas.field(canvas.polygon(_ragged(person, _outer(person)), soft=0.018))
    edge = 0.05 if person.style in ("buzz", *FRINGED) else 0.035
    free = canvas.field(canvas.polygon(_opening(person), soft=edge))
    rng = np.random.default_rng([person.texture, 6])
    wisps = 0.16 * canvas.grain(rng, 0.015, 0.09)
    amount = outer * np.clip((1 - free) * 1.25 + wisps * 4 * free * (1 - free) - 0.1, 0, 1)
    return canvas.whole((amount * (0.78 if person.style == "buzz" else 1.0)).astype(np.float32))


def paint_hair(canvas: Canvas, person: Person, colours: Floats) -> None:
    """Hair on the head, with the shadow it throws on the forehead."""
    cover = _head_hair(canvas, person)
    shadow = cv2.GaussianBlur(cover.amount, (0, 0), 0.07 * canvas.unit)
    canvas.tint(0.72, canvas.whole(shadow * canvas.alpha))
    canvas.lay(colours, cover)
    canvas.polish(0.12, cover)
    rng = np.random.default_rng([person.texture, 7])
    along = 0.05 if person.style == "curly" else 0.2
    canvas.raise_(0.06, cover)
    canvas.raise_(0.012, canvas.whole(cover.amount * canvas.grain(rng, 0.03, along)))


def paint_beard(canvas: Canvas, person: Person, colours: Floats, inside: Floats) -> None:
    """Stubble, moustache, goatee or full beard, inside the face."""
    if person.beard == "none":
        return
    v = mouth_height(person)
    rng = np.random.default_rng([person.texture, 8])
    bristle = np.clip(0.86 + 0.16 * canvas.grain(rng, 0.014, 0.025), 0, 1).astype(np.float32)
    top = 0.3 if person.beard in ("stubble", "full") else 0.9
    jaw = mirrored([(0.48, v - 0.05), (0.78, top), (1.02, top - 0.2), (1.0, 0.9), (0.5, 1.5),
                    (0.0, 1.55)])  # fmt: skip
    chin = mirrored([(0.0, v + 0.16), (0.3, v + 0.12), (0.36, 1.2), (0.22, 1.5), (0.0, 1.55)])
    lip = mirrored([(0.0, v - 0.22), (0.16, v - 0.24), (0.42, v - 0.02), (0.4, v + 0.12),
                    (0.3, v - 0.02), (0.0, v - 0.09)])  # fmt: skip
    under = mirrored([(0.0, v + 0.2), (0.5, v - 0.02), (0.8, 0.9), (0.4, 1.5), (0.0, 1.55)])
    shapes = {
        "stubble": [(jaw, 0.3), (under, 0.3), (lip, 0.32)],
        "moustache": [(lip, 0.9)],
        "goatee": [(lip, 0.85), (chin, 0.85)],
        "full": [(jaw, 0.82), (under, 0.85), (lip, 0.85)],
    }[person.beard]
    amount = np.zeros(canvas.shape, np.float32)
    for points, strength in shapes:
        cover = canvas.polygon(rounded(points, turns=2), soft=0.035).times(strength)
        amount = np.maximum(amount, canvas.field(cover))
    lips = canvas.field(canvas.blob(0, v + 0.03, person.mouth_width * 0.55, 0.07))
    amount *= bristle * inside * (1 - np.clip(1.6 * lips, 0, 1))
    canvas.lay(colours * np.float32(0.85), canvas.whole(amount))
    canvas.polish(0.05, canvas.whole(amount))
