"""Paints the bare head of a person: shoulders, neck, ears, skin and the marks of age.

Eyes, brows, nose and mouth are features.py, hair is hair.py, masks and glasses are coverings.py.
"""

import numpy as np

from pipeline.sample.canvas import Canvas, Floats, Points, mirrored, rounded
from pipeline.sample.people import Person


def face_outline(person: Person) -> Points:
    """The edge of the face without hair, from the crown over the jaw and back."""
    jaw, chin, end = person.jaw, person.chin, 1.4 * person.length
    half = [
        (0.0, -1.42), (0.55, -1.4), (0.93, -1.05), (1.0, -0.5), (1.01, 0.0), (0.97, 0.42),
        (jaw + 0.04, 0.86 * person.length), (chin + 0.1, end - 0.08), (chin * 0.45, end + 0.02),
        (0.0, end + 0.02),
    ]  # fmt: skip
    return rounded(mirrored(half))


def paint_shoulders(canvas: Canvas, person: Person) -> None:
    """Neck, shoulders and clothes; drawn before the face, which shades them."""
    broad = 0.62 if person.gender == "male" else 0.54
    slope = 1.95 if person.gender == "male" else 2.0
    skin = np.array(person.skin)
    neck = mirrored([(broad, 0.7), (broad, 1.5), (broad + 0.1, 1.85), (broad + 0.4, 2.2),
                     (broad + 0.4, 3.0)])  # fmt: skip
    cover = canvas.polygon(neck, soft=0.02)
    canvas.lay(tuple(skin * 0.93), cover)
    canvas.flatten(0.1, cover)
    canvas.raise_(0.35, canvas.blob(0, 1.5, 0.42, 0.6).within(canvas.alpha))
    canvas.polish(0.2, cover)
    for side in (-1, 1):
        cord = [(side * 0.42, 1.35), (side * 0.12, 2.1)]
        canvas.tint(0.9, canvas.stroke(cord, width=0.07, soft=0.05))
    if person.wrinkles > 0.4:
        for v in (1.62, 1.78):
            line = rounded([(-0.4, v - 0.08), (0, v), (0.4, v - 0.08)], closed=False)
            canvas.tint(0.8, canvas.stroke(line, width=0.02, soft=0.015).times(person.wrinkles))

    collar_v = {"crew": 1.98, "shirt": 2.3, "open": 2.5}[person.collar]
    half = [(0.0, collar_v), (0.25, collar_v - 0.08), (broad + 0.08, 1.72), (1.0, slope - 0.05),
            (1.6, slope + 0.08), (2.1, slope + 0.35), (2.6, slope + 0.75), (2.7, 3.4)]  # fmt: skip
    cloth = canvas.polygon(rounded(mirrored(half), turns=2), soft=0.012)
    rng = np.random.default_rng([person.texture, 1])
    weave = 1 + 0.03 * canvas.grain(rng, 0.02, 0.02) + 0.05 * canvas.grain(rng, 0.12, 0.3)
    canvas.lay(np.array(person.clothes, np.float32) * weave[..., None], cloth)
    canvas.flatten(0.0, cloth)
    canvas.polish(0.0, cloth)
    canvas.raise_(0.5, canvas.blob(0, 2.7, 1.2, 0.5).within(canvas.field(cloth)))
    if person.collar == "shirt":
        paler = tuple(np.clip(np.array(person.clothes) * 0.5 + 0.46, 0, 1))
        for side in (-1, 1):
            flap = [(side * (broad + 0.08), 1.72), (side * 0.08, 2.24), (side * 0.5, 2.42),
                    (side * (broad + 0.3), 2.0)]  # fmt: skip
            canvas.lay(paler, canvas.polygon(flap, soft=0.012))
    elif person.collar == "crew":
        rim = rounded([(-broad - 0.1, 1.8), (0, collar_v + 0.2), (broad + 0.1, 1.8)], closed=False)
        canvas.tint(0.8, canvas.stroke(rim, width=0.05, soft=0.01))


def paint_skin(canvas: Canvas, person: Person) -> Floats:
    """Ears and face with their relief. Returns how much of each pixel is face, 0 to 1."""
    rng = np.random.default_rng([person.texture, 2])
    skin = np.array(person.skin, np.float32)
    mottle = 0.012 * canvas.grain(rng, 0.02, 0.02) + 0.018 * canvas.grain(rng, 0.15, 0.15)
    colours = skin * (1 + mottle)[..., None]

    for side in (-1, 1):
        ear = rounded([(side * u, v) for u, v in
                       [(0.94, -0.22), (1.08, -0.3), (1.17, -0.15), (1.13, 0.12), (1.03, 0.36),
                        (0.94, 0.36)]])  # fmt: skip
        canvas.lay(
            colours * np.array([1.0, 0.93, 0.9], np.float32), canvas.polygon(ear, soft=0.012)
        )
        canvas.tint(0.72, canvas.blob(side * 1.055, 0.0, 0.035, 0.1))
        if person.earrings:
            canvas.lay((0.9, 0.8, 0.45), canvas.blob(side * 1.03, 0.37, 0.03))
            canvas.light(0.5, canvas.blob(side * 1.02, 0.36, 0.015))

    outline = face_outline(person)
    canvas.tint(0.55, canvas.blob(0, 1.5 * person.length, 0.62, 0.16).within(canvas.alpha))
    face = canvas.polygon(outline, soft=0.012)
    canvas.lay(colours, face)
    inside = canvas.field(face)

    us = np.arange(canvas.shape[1], dtype=np.float32) / canvas.unit - 2.3
    vs = np.arange(canvas.shape[0], dtype=np.float32) / canvas.unit - 2.2
    radius = (np.abs(us) / 1.1)[None] ** 2.3 + (np.abs(vs + 0.0) / 1.55)[:, None] ** 2.3
    dome = 0.95 * np.sqrt(np.clip(1 - radius, 0, 1)).astype(np.float32) + 0.12
    canvas.flatten(dome, face)
    canvas.polish(0.35, face)
    _mould(canvas, person)
    canvas.deepen(0.75, canvas.blob(0, -0.1, 0.85, 1.0))
    canvas.deepen(0.2, canvas.blob(0, 0.3, 0.2, 0.25))
    warm, flush = (1.0, 0.86, 0.83), 0.5 + 0.5 * person.make_up
    for side in (-1, 1):
        canvas.tint(warm, canvas.blob(side * 0.55, 0.32, 0.22, 0.18).times(flush))
        canvas.tint(0.9, canvas.blob(side * 0.72, 0.62, 0.16, 0.25).within(inside))
        canvas.tint(0.9, canvas.blob(side * 0.95, -0.5, 0.12, 0.4).within(inside))
    canvas.tint(warm, canvas.blob(0, 0.36, 0.14, 0.12).times(0.6))
    return inside


def _mould(canvas: Canvas, person: Person) -> None:
    canvas.raise_(0.06, canvas.blob(0, -0.42, 0.5, 0.09))
    canvas.raise_(0.09, canvas.blob(0, 1.2 * person.length, 0.17, 0.13))
    canvas.raise_(-0.04, canvas.blob(0, 0.98 * person.length, 0.2, 0.06))
    for side in (-1, 1):
        canvas.raise_(-0.13, canvas.blob(side * person.eye_gap, -0.14, 0.2, 0.15))
        canvas.raise_(0.08, canvas.blob(side * 0.56, 0.24, 0.2, 0.15))
        canvas.raise_(-0.05, canvas.blob(side * 0.66, 0.66, 0.15, 0.2))
        canvas.raise_(-0.04, canvas.blob(side * 0.92, -0.5, 0.12, 0.25))


def paint_age(canvas: Canvas, person: Person, inside: Floats) -> None:
    """Lines, bags, sagging and spots, as strong as the person's age made them."""
    rng = np.random.default_rng([person.texture, 3])

    def crease(points: Points, width: float, depth: float) -> None:
        line = rounded(points, closed=False)
        soft = canvas.stroke(line, width=width, soft=width * 0.55).within(inside)
        canvas.tint((1 - 0.42 * depth, 1 - 0.5 * depth, 1 - 0.52 * depth), soft)
        canvas.raise_(-0.008 * depth, soft)

    worn = person.wrinkles
    for row, v in enumerate((-0.62, -0.75, -0.88)):
        sway = rng.normal(0, 0.015, 3)
        reach = rng.uniform(0.42, 0.62)
        points = [(-reach, v + sway[0]), (-0.2, v - 0.03 + sway[1]), (0.2, v - 0.03 + sway[2]),
                  (reach, v + sway[0])]  # fmt: skip
        crease(points, 0.025, worn * (0.8 - 0.15 * row))
    for side in (-1, 1):
        eye = side * person.eye_gap
        crease([(side * 0.05, -0.5), (side * 0.06, -0.36)], 0.02, worn * 0.6)
        for rise in (-0.1, 0.0, 0.1):
            start = (eye + side * 0.27, -0.1 + rise * 0.5)
            crease([start, (eye + side * 0.42, -0.1 + rise * 1.5)], 0.018, worn * 0.7)
        fold = [(side * 0.2, 0.38), (side * 0.33, 0.55), (side * 0.43, 0.78)]
        crease(fold, 0.035, 0.12 + 0.7 * worn)
        crease([(side * 0.42, 0.9), (side * 0.44, 1.08)], 0.03, worn * 0.6)
        crease([(side * 0.72, 0.9), (side * 0.6, 1.12)], 0.06, worn * 0.3)
        bag = [(eye - 0.17, 0.0), (eye, 0.11), (eye + 0.17, 0.01)]
        crease(bag, 0.03, person.bags * 0.7)
        canvas.raise_(0.03 * person.bags, canvas.blob(eye, 0.04, 0.12, 0.04))
        canvas.tint((0.84, 0.8, 0.82), canvas.blob(eye, 0.06, 0.15, 0.06).times(person.bags))
    for number, strength, size in ((14, person.spots, 0.028), (40, person.freckles, 0.012)):
        for _ in range(round(number * strength)):
            u, v = rng.uniform(-0.85, 0.85), rng.uniform(-1.1, 0.7) if size > 0.02 else 0.25
            v = v if size > 0.02 else v + rng.normal(0, 0.14)
            spot = canvas.blob(u, v, size * rng.uniform(0.6, 1.5)).within(inside)
            canvas.tint((0.76, 0.66, 0.6), spot.times(0.8))
