"""The canvas a face is painted on: soft shapes, layers and their relief, in face units.

One unit is half the width of a face; (0, 0) lies between the eyes and the nose, u grows to the
right and v downwards. Nothing here knows what a face, a person or an image file is.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Points = list[tuple[float, float]]
LEFT, RIGHT, TOP, BOTTOM = -2.3, 2.3, -2.2, 2.9


def as_floats(values: NDArray) -> Floats:
    """The same values: OpenCV gives float32 for float32, but its types do not say so."""
    return np.asarray(values, np.float32)


@dataclass(frozen=True)
class Cover:
    """A soft shape: how much of each canvas pixel in a window it covers, 0 to 1."""

    rows: slice
    cols: slice
    amount: Floats

    def times(self, factor: float) -> "Cover":
        """The same cover, so much thicker."""
        return replace(self, amount=self.amount * np.float32(factor))

    def within(self, field: Floats) -> "Cover":
        """Keep what lies inside a field of the whole canvas's size."""
        return replace(self, amount=self.amount * field[self.rows, self.cols])


def rounded(points: Points, *, closed: bool = True, turns: int = 3) -> Points:
    """Cut the corners of a polyline (Chaikin 1974), so that few points make a smooth curve."""
    curve = np.asarray(points, dtype=np.float64)
    for _ in range(turns):
        after = np.roll(curve, -1, axis=0)
        cut = np.stack([0.75 * curve + 0.25 * after, 0.25 * curve + 0.75 * after], axis=1)
        cut = cut.reshape(-1, 2)
        curve = cut if closed else np.concatenate([curve[:1], cut[:-2], curve[-1:]])
    return [(float(u), float(v)) for u, v in curve]


def mirrored(right_half: Points) -> Points:
    """Close a half outline, listed from top to bottom on the right, into a whole one."""
    return right_half + [(-u, v) for u, v in reversed(right_half)]


class Canvas:
    """Colour (premultiplied by alpha), alpha, relief, gloss and own light of every canvas pixel.

    `relief` is what light falls on; `depth` is how far a turn of the head moves a place,
    `smile` how far a smile lifts it.
    """

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.shape = (round((BOTTOM - TOP) * unit), round((RIGHT - LEFT) * unit))
        self.colour = np.zeros((*self.shape, 3), np.float32)
        self.alpha, self.relief, self.gloss, self.glow, self.depth, self.smile = np.zeros(
            (6, *self.shape), np.float32
        )

    def copy(self) -> "Canvas":
        """A canvas of its own, on which something worn can be drawn."""
        other = Canvas.__new__(Canvas)
        other.unit, other.shape = self.unit, self.shape
        other.depth, other.smile = self.depth, self.smile  # nothing that is worn changes these
        for name in ("colour", "alpha", "relief", "gloss", "glow"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def whole(self, amount: Floats) -> Cover:
        """A cover of the whole canvas, with an amount for each pixel."""
        return Cover(slice(None), slice(None), amount)

    def field(self, cover: Cover) -> Floats:
        """Spread a cover over the whole canvas, 0 outside its window."""
        spread = np.zeros(self.shape, np.float32)
        spread[cover.rows, cover.cols] = cover.amount
        return spread

    def _window(self, low: NDArray, high: NDArray) -> tuple[slice, slice]:
        corner = np.array([LEFT, TOP])
        first = np.floor((low - corner) * self.unit).astype(int)
        last = np.ceil((high - corner) * self.unit).astype(int) + 1
        height, width = self.shape
        first = np.clip(first, 0, [width - 1, height - 1])
        last = np.clip(last, first + 1, [width, height])
        return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))

    def _draw(self, points: Points, width: float | None, soft: float) -> Cover:
        corners = np.asarray(points, dtype=np.float64)
        margin = 3 * soft + (width or 0) + 2 / self.unit
        rows, cols = self._window(corners.min(0) - margin, corners.max(0) + margin)
        window = np.zeros((rows.stop - rows.start, cols.stop - cols.start), np.uint8)
        pixels = (corners - [LEFT, TOP]) * self.unit - [cols.start, rows.start]
        fixed = np.round(pixels * 16).astype(np.int32)[None]
        if width is None:
            cv2.fillPoly(window, fixed, 255, cv2.LINE_AA, shift=4)
        else:
            thick = max(1, round(width * self.unit))
            cv2.polylines(window, fixed, False, 255, thick, cv2.LINE_AA, shift=4)
        amount = as_floats(window.astype(np.float32) / 255)
        if soft:
            amount = as_floats(cv2.GaussianBlur(amount, (0, 0), max(soft * self.unit, 0.3)))
        return Cover(rows, cols, amount)

    def polygon(self, points: Points, *, soft: float = 0.0) -> Cover:
        """The cover of a filled shape; `soft` is how far its edge is blurred."""
        return self._draw(points, None, soft)

    def stroke(self, points: Points, *, width: float, soft: float = 0.0) -> Cover:
        """The cover of a line through the points."""
        return self._draw(points, width, soft)

    def blob(self, u: float, v: float, across: float, along: float | None = None) -> Cover:
        """A Gaussian spot with these standard deviations."""
        spread = np.array([across, across if along is None else along])
        rows, cols = self._window([u, v] - 3.2 * spread, [u, v] + 3.2 * spread)
        us = (np.arange(cols.start, cols.stop) / self.unit + LEFT - u) / spread[0]
        vs = (np.arange(rows.start, rows.stop) / self.unit + TOP - v) / spread[1]
        amount = np.exp(-0.5 * vs**2)[:, None] * np.exp(-0.5 * us**2)[None]
        return Cover(rows, cols, amount.astype(np.float32))

    def grain(self, rng: np.random.Generator, across: float, along: float) -> Floats:
        """Blurred noise over the whole canvas, mean 0 and standard deviation 1."""
        noise = rng.standard_normal(self.shape, dtype=np.float32)
        sizes = [max(length * self.unit, 0.3) for length in (across, along)]
        noise = as_floats(cv2.GaussianBlur(noise, (0, 0), sizes[0], sigmaY=sizes[1]))
        return noise / noise.std()

    def lay(self, colour: tuple[float, float, float] | Floats, cover: Cover) -> None:
        """Paint over: an opaque layer of one colour, or of a colour for each pixel, RGB 0 to 1."""
        paint = np.asarray(colour, np.float32)
        if paint.ndim == 3:
            paint = paint[cover.rows, cover.cols]
        amount = cover.amount[..., None]
        colours = self.colour[cover.rows, cover.cols]
        colours *= 1 - amount
        colours += paint * amount
        alpha = self.alpha[cover.rows, cover.cols]
        alpha += cover.amount * (1 - alpha)
        self.glow[cover.rows, cover.cols] *= 1 - cover.amount

    def tint(self, factor: float | tuple[float, float, float], cover: Cover) -> None:
        """Multiply what is painted by a factor, 1 where nothing is covered."""
        change = np.asarray(factor, np.float32) - 1
        self.colour[cover.rows, cover.cols] *= 1 + cover.amount[..., None] * change

    def raise_(self, amount: float, cover: Cover) -> None:
        """Adds to the relief, which the light falls on, under the cover."""
        self.relief[cover.rows, cover.cols] += np.float32(amount) * cover.amount

    def deepen(self, amount: float, cover: Cover) -> None:
        """Adds to the depth, by which a turning head shifts, under the cover."""
        self.depth[cover.rows, cover.cols] += np.float32(amount) * cover.amount

    def lift(self, amount: float, cover: Cover) -> None:
        """Adds to how far a smile lifts what is under the cover."""
        self.smile[cover.rows, cover.cols] += np.float32(amount) * cover.amount

    def flatten(self, level: float | Floats, cover: Cover) -> None:
        """Pull the relief towards a level, or one level for each pixel."""
        target = level[cover.rows, cover.cols] if isinstance(level, np.ndarray) else level
        relief = self.relief[cover.rows, cover.cols]
        relief += (target - relief) * cover.amount

    def polish(self, level: float, cover: Cover) -> None:
        """Moves the gloss under the cover towards a level."""
        gloss = self.gloss[cover.rows, cover.cols]
        gloss += (level - gloss) * cover.amount

    def light(self, level: float, cover: Cover) -> None:
        """Adds light that comes from the thing itself, under the cover."""
        self.glow[cover.rows, cover.cols] += np.float32(level) * cover.amount
