"""Paints one person and takes images of them.

The canvas of a person is painted once; an image adds a covering, light and pose.
"""

import numpy as np

from pipeline.sample.camera import Shot, take_image
from pipeline.sample.canvas import Canvas
from pipeline.sample.coverings import Covering, paint_disguise, paint_glasses, paint_mask
from pipeline.sample.features import paint_brows, paint_features
from pipeline.sample.hair import hair_colours, paint_back, paint_beard, paint_hair
from pipeline.sample.head import paint_age, paint_shoulders, paint_skin
from pipeline.sample.people import Person


def paint_person(person: Person, *, unit: int = 72) -> Canvas:
    """The bare head and shoulders, `unit` pixels to half a face's width."""
    canvas = Canvas(unit)
    hair = hair_colours(canvas, person)
    paint_back(canvas, person, hair)
    paint_shoulders(canvas, person)
    inside = paint_skin(canvas, person)
    paint_features(canvas, person)
    paint_age(canvas, person, inside)
    paint_beard(canvas, person, hair, inside)
    paint_brows(canvas, person, hair)
    paint_hair(canvas, person, hair)
    return canvas


def photograph(
    painted: Canvas, person: Person, covering: Covering, shot: Shot, *, width: int, height: int
) -> np.ndarray:
    """One image of a painted person, uint8 RGB (height, width, 3)."""
    canvas = painted.copy()
    paint_mask(canvas, person, covering)
    if covering.disguised:
        paint_disguise(canvas, person)
    else:
        paint_glasses(canvas, person)
    return take_image(canvas, shot, width=width, height=height)
