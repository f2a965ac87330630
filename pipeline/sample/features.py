"""Paints what a face is recognised by: eyes, brows, nose and mouth."""

import numpy as np

from pipeline.sample.canvas import Canvas, Cover, Floats, rounded
from pipeline.sample.people import Person

EYE_V, MOUTH_V = -0.13, 0.8


def mouth_height(person: Person) -> float:
    """Where the lips meet, in face units below the centre."""
    return MOUTH_V * person.length


def paint_features(canvas: Canvas, person: Person) -> None:
    """Everything on the skin that is not hair."""
    for side in (-1, 1):
        _paint_eye(canvas, person, side)
    _paint_nose(canvas, person)
    _paint_mouth(canvas, person)


def _paint_eye(canvas: Canvas, person: Person, side: int) -> None:
    eye, wide = side * person.eye_gap, 0.205 * person.eye_size
    hooded = 0.3 * person.wrinkles
    upper, lower = 0.108 * person.eye_size * (1 - hooded), 0.068 * person.eye_size
    ts = np.linspace(-1, 1, 17)

    def arc(height: float, power: float) -> list[tuple[float, float]]:
        tilt = -person.eye_tilt * ts
        return [
            (eye + side * wide * t, EYE_V + lift + height * (1 - abs(t) ** power))
            for t, lift in zip(ts, tilt, strict=True)
        ]

    lid, floor = arc(-upper, 2.4), arc(lower, 2.0)
    canvas.tint((0.8, 0.73, 0.72), canvas.blob(eye, EYE_V - 0.05, 0.21, 0.11))
    canvas.tint(0.88, canvas.blob(eye - side * 0.22, EYE_V - 0.06, 0.07, 0.1))
    if person.make_up:
        shadow = tuple(np.array([0.75, 0.6, 0.68]))
        canvas.tint(shadow, canvas.blob(eye, EYE_V - 0.13, 0.17, 0.05).times(person.make_up))
    crease = [(u, v - 0.055) for u, v in lid[2:-1]]
    canvas.tint(0.62, canvas.stroke(crease, width=0.022, soft=0.014))

    opening = canvas.polygon(lid + floor[::-1], soft=0.006)
    white = canvas.field(opening)
    canvas.lay((0.93, 0.9, 0.88), opening)
    canvas.raise_(0.05, canvas.blob(eye, EYE_V, 0.13, 0.1))
    canvas.tint((0.8, 0.76, 0.76), canvas.blob(eye, EYE_V - upper, 0.22, 0.05).within(white))
    canvas.tint((1, 0.75, 0.72), canvas.blob(eye - side * wide, EYE_V, 0.035).within(white))
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    middle = EYE_V - 0.012

    def disc(radius: float, soft: float) -> Cover:
        ring = [(eye + radius * np.cos(t), middle + radius * np.sin(t)) for t in turn]
        return canvas.polygon(ring, soft=soft).within(white)

    colour = np.array(person.eye_colour)
    canvas.lay(tuple(colour * 0.45), disc(0.104, 0.008))
    canvas.lay(tuple(colour), disc(0.085, 0.012))
    canvas.tint(1.5, canvas.blob(eye + 0.02, middle + 0.045, 0.035, 0.025).within(white))
    canvas.lay((0.03, 0.025, 0.025), disc(0.045, 0.008))
    canvas.polish(0.0, opening)
    canvas.light(0.9, canvas.blob(eye + 0.032, middle - 0.036, 0.016))

    lash = 0.026 + 0.022 * person.make_up + (0.008 if person.gender == "female" else 0)
    dark = (0.07, 0.05, 0.05)
    canvas.lay(dark, canvas.stroke(lid, width=lash, soft=0.007).times(0.9))
    if person.make_up > 0.3:
        outer_u, outer_v = lid[-1]
        wing = [(outer_u, outer_v), (outer_u + side * 0.05, outer_v - 0.045)]
        canvas.lay(dark, canvas.stroke(wing, width=0.02, soft=0.008).times(person.make_up))
    canvas.tint(0.62, canvas.stroke(floor, width=0.018, soft=0.008))


def paint_brows(canvas: Canvas, person: Person, hair: Floats) -> None:
    """Two tapered brows in hair colours by pixel."""
    for side in (-1, 1):
        eye, thick, arch = side * person.eye_gap, person.brow_thickness, person.brow_arch
        v = EYE_V - 0.27
        spine = [(-0.25, 0.03, 0.8), (-0.1, -0.01 - arch * 0.4, 1.0), (0.1, -0.02 - arch, 0.75),
                 (0.3, 0.05, 0.12)]  # fmt: skip
        top = [(eye + side * u, v + lift - thick * share / 2) for u, lift, share in spine]
        low = [(eye + side * u, v + lift + thick * share / 2) for u, lift, share in spine]
        shape = rounded(top + low[::-1], turns=2)
        cover = canvas.polygon(shape, soft=0.018)
        canvas.lay(hair * np.float32(0.8), cover.times(0.62 + 0.25 * person.make_up))


def _paint_nose(canvas: Canvas, person: Person) -> None:
    wide, tip = person.nose_width, person.nose_length
    for v in np.linspace(-0.28, tip - 0.08, 7):
        share = (v + 0.28) / (tip + 0.2)
        canvas.raise_(0.03 + 0.07 * share, canvas.blob(0, v, 0.08 + 0.03 * share * wide, 0.09))
    canvas.raise_(0.2, canvas.blob(0, tip - 0.01, 0.1 * wide, 0.085))
    for side in (-1, 1):
        canvas.raise_(0.11, canvas.blob(side * 0.15 * wide, tip + 0.02, 0.055, 0.055))
        canvas.tint(0.94, canvas.blob(side * 0.15, 0.1, 0.06, 0.2))
        canvas.tint(0.72, canvas.blob(side * 0.22 * wide, tip + 0.01, 0.03, 0.06))
        nostril = canvas.blob(side * 0.085 * wide, tip + 0.088, 0.036, 0.02)
        canvas.lay((0.2, 0.1, 0.09), nostril.times(0.85))
    canvas.tint((0.68, 0.6, 0.6), canvas.blob(0, tip + 0.115, 0.15 * wide, 0.035))
    canvas.polish(0.7, canvas.blob(0, tip - 0.06, 0.06, 0.12))
    for side in (-1, 1):
        canvas.tint(0.94, canvas.blob(side * 0.055, tip + 0.22, 0.02, 0.06))


def _paint_mouth(canvas: Canvas, person: Person) -> None:
    wide = person.mouth_width
    full = person.lip_fullness
    v = mouth_height(person)
    skin = np.array(person.skin)
    natural = skin * np.array([0.84, 0.62, 0.6])
    red = np.array([0.72, 0.2, 0.24]) * (0.55 + 0.45 * skin[0])
    share = min(0.75, 0.35 * person.lip_redness + 0.45 * person.make_up)
    lips = natural * (1 - share) + red * share
    top, bottom = 0.085 * full, 0.125 * full
    upper = [(-wide, v), (-wide * 0.5, v - top * 0.8), (-0.06, v - top * 1.25), (0, v - top * 0.9),
             (0.06, v - top * 1.25), (wide * 0.5, v - top * 0.8), (wide, v), (0.12, v + 0.02),
             (0, v + 0.03), (-0.12, v + 0.02)]  # fmt: skip
    lower = [(-wide, v), (-0.12, v + 0.01), (0.12, v + 0.01), (wide, v),
             (wide * 0.6, v + bottom * 0.95), (0, v + bottom * 1.2),
             (-wide * 0.6, v + bottom * 0.95)]  # fmt: skip
    canvas.tint(0.75, canvas.blob(0, v + bottom + 0.085, 0.17, 0.035))
    canvas.lay(tuple(lips * 0.86), canvas.polygon(rounded(upper, turns=2), soft=0.014))
    canvas.lay(tuple(lips), canvas.polygon(rounded(lower, turns=2), soft=0.014))
    canvas.raise_(0.05, canvas.blob(0, v - 0.05, wide * 0.5, 0.04))
    canvas.raise_(0.07, canvas.blob(0, v + 0.075 * full, wide * 0.45, 0.045))
    canvas.polish(0.6 + 0.4 * person.make_up, canvas.blob(0, v + 0.07, 0.16, 0.03))
    seam = rounded([(-wide, v - 0.005), (-0.14, v + 0.012), (0, v + 0.022), (0.14, v + 0.012),
                    (wide, v - 0.005)], closed=False)  # fmt: skip
    canvas.lay((0.24, 0.1, 0.1), canvas.stroke(seam, width=0.024, soft=0.01).times(0.8))
    for side in (-1, 1):
        canvas.tint(0.72, canvas.blob(side * (wide + 0.02), v, 0.035))
        canvas.lift(0.09, canvas.blob(side * wide, v, 0.11))
