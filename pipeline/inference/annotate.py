"""Faces drawn into an image: a box each and what is said of it, legible on any background."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.inference.readout import FacePrediction, TaskPrediction

COLOURS = ("#0b6e4f", "#8a3ffc", "#b3261e", "#005d8f", "#7a5200", "#a2195b")  # 5:1 against white
LEAST_TEXT, MOST_TEXT = 13, 40  # pixels


def say_line(said: TaskPrediction) -> str:
    """A task in a line: `mask worn 98 %`, `age 34`."""
    if said.probability is None:
        return f"{said.task} {said.text}"
    return f"{said.task} {said.text} {100 * said.probability:.0f} %"


def draw_faces(image: np.ndarray, faces: Sequence[FacePrediction]) -> np.ndarray:
    """The image (H, W, 3) uint8 with its faces; a small one is enlarged until text fits in."""
    canvas = Image.fromarray(image)
    grown = max(1, -(-320 // max(1, min(canvas.size))))
    if grown > 1:
        canvas = canvas.resize(
            (canvas.width * grown, canvas.height * grown), Image.Resampling.BICUBIC
        )
    size = int(np.clip(min(canvas.size) / 28, LEAST_TEXT, MOST_TEXT))
    pen = ImageDraw.Draw(canvas)
    taken: list[tuple[float, ...]] = []
    for number, face in enumerate(faces):
        colour = COLOURS[number % len(COLOURS)]
        box = [float(v) * grown for v in face.box]
        _draw_box(pen, box, colour, wide=max(2, size // 7), limits=canvas.size)
        lines = [say_line(said) for said in face.said]
        lines[0] = f"{number + 1}  {lines[0]}" if len(faces) > 1 else lines[0]
        _draw_label(pen, lines, box, colour, size=size, limits=canvas.size, taken=taken)
    return np.asarray(canvas)


def _draw_box(
    pen: ImageDraw.ImageDraw,
    box: list[float],
    colour: str,
    *,
    wide: int,
    limits: tuple[int, int],
) -> None:
    """White around the colour, so that it is seen on light and on dark."""
    x1, y1 = max(box[0], wide), max(box[1], wide)
    x2, y2 = min(box[2], limits[0] - wide - 1), min(box[3], limits[1] - wide - 1)
    if x2 <= x1 or y2 <= y1:
        return
    edge = max(1, wide // 2)
    outer = (x1 - edge, y1 - edge, x2 + edge, y2 + edge)
    pen.rectangle(outer, outline="white", width=wide + 2 * edge)
    pen.rectangle((x1, y1, x2, y2), outline=colour, width=wide)


def _draw_label(
    pen: ImageDraw.ImageDraw,
    lines: list[str],
    box: list[float],
    colour: str,
    *,
    size: int,
    limits: tuple[int, int],
    taken: list[tuple[float, ...]],
) -> None:
    """The lines on a plate: under the face, or wherever it fits and hides no other label least."""
    font = ImageFont.load_default(size=size)
    step, pad = round(size * 1.25), max(3, size // 4)
    width = max(pen.textlength(line, font=font) for line in lines) + 2 * pad
    height = step * len(lines) + pad
    x = box[0] + (box[2] - box[0] - width) / 2
    places = [
        (x, box[3] + pad),
        (x, box[1] - height - pad),
        (box[2] + pad, box[1]),
        (box[0] - width - pad, box[1]),
    ]
    fitted = [
        (
            float(np.clip(left, 0, max(0, limits[0] - width))),
            float(np.clip(top, 0, max(0, limits[1] - height))),
        )
        for left, top in places
    ]

    def cost(place: tuple[float, float]) -> float:
        plate = (*place, place[0] + width, place[1] + height)
        return sum(_overlap(plate, other) for other in taken) + _overlap(plate, box)

    left, top = min(fitted, key=cost)
    plate = (left, top, left + width, top + height)
    taken += [plate, tuple(box)]
    pen.rounded_rectangle(plate, radius=pad, fill=colour, outline="white", width=max(1, size // 12))
    for row, line in enumerate(lines):
        pen.text((left + pad, top + pad / 2 + row * step), line, font=font, fill="white")


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)
