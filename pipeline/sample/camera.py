"""Takes an image of a painted canvas: light, pose, background, lens and film.

Knows relief and colour, not faces: what is on the canvas is the painter's matter.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.sample.canvas import BOTTOM, LEFT, TOP, Canvas, Floats, as_floats


@dataclass(frozen=True)
class Shot:
    """The circumstances of one image. Angles in radians, light points from the left and above."""

    scale: float  # half a face's width as a share of the image's shorter side
    centre: tuple[float, float]  # of the face, as shares of width and height
    roll: float
    yaw: float
    pitch: float
    smile: float
    light: tuple[float, float]
    ambient: float
    exposure: float
    warmth: float
    blur: float  # standard deviation in pixels of a 192 pixel wide image
    noise: float  # standard deviation, of 0 to 1
    background: int  # its seed


def set_up_shot(rng: np.random.Generator) -> Shot:
    """A plausible hand-held portrait."""

    def near(mean: float, spread: float, reach: float = 2.0) -> float:
        return float(mean + spread * np.clip(rng.normal(), -reach, reach))

    return Shot(
        scale=near(0.245, 0.025),
        centre=(near(0.5, 0.035), near(0.5, 0.025)),
        roll=near(0, 0.07),
        yaw=near(0, 0.16),
        pitch=near(0, 0.08),
        smile=near(0.2, 0.4),
        light=(near(0, 0.5), near(-0.45, 0.25)),
        ambient=float(rng.uniform(0.4, 0.68)),
        exposure=near(0.98, 0.1),
        warmth=near(0, 0.05),
        blur=float(rng.choice([0.0, 0.4, 0.7, 1.1], p=[0.4, 0.3, 0.2, 0.1])),
        noise=float(rng.uniform(0.004, 0.02)),
        background=int(rng.integers(2**31)),
    )


def _lit(canvas: Canvas, shot: Shot) -> Floats:
    """The canvas's colours, premultiplied, under the shot's lamp (Lambert, a soft highlight)."""
    slope_u = cv2.Sobel(canvas.relief, cv2.CV_32F, 1, 0, scale=canvas.unit / 8)
    slope_v = cv2.Sobel(canvas.relief, cv2.CV_32F, 0, 1, scale=canvas.unit / 8)
    towards = 1 / np.sqrt(slope_u * slope_u + slope_v * slope_v + 1)
    slope_u, slope_v = slope_u * towards, slope_v * towards

    def facing(u: float, v: float, w: float) -> Floats:
        """The cosine between the surface and a direction."""
        length = (u * u + v * v + w * w) ** 0.5
        cosine = (w / length) * towards - (u / length) * slope_u - (v / length) * slope_v
        return np.maximum(cosine, 0)

    lamp_u, lamp_v = shot.light
    reach = (lamp_u**2 + lamp_v**2 + 1) ** 0.5
    shade = shot.ambient + (1.05 - shot.ambient) * facing(lamp_u, lamp_v, 1.0)
    mirror = facing(lamp_u, lamp_v, 1.0 + reach)  # half way between the lamp and the lens
    for _ in range(4):
        mirror = mirror * mirror
    shine = (0.22 * canvas.gloss * mirror + canvas.glow) * canvas.alpha
    lit = canvas.colour * shade[..., None]
    lit += shine[..., None]
    return lit


def _background(shot: Shot, width: int, height: int) -> Floats:
    rng = np.random.default_rng(shot.background)
    rows, cols = max(height // 4, 8), max(width // 4, 8)
    first, second = rng.uniform(0.25, 0.9) + rng.normal(0, 0.05, (2, 3))
    ramp = np.linspace(0, 1, rows)[:, None, None]
    wall = np.broadcast_to(first * (1 - ramp) + second * ramp, (rows, cols, 3)).astype(np.float32)
    wall = np.ascontiguousarray(wall)
    for _ in range(int(rng.integers(0, 7))):
        colour = np.clip(first + rng.normal(0, 0.2) + rng.normal(0, 0.05, 3), 0, 1).tolist()
        x, y = int(rng.integers(-5, cols)), int(rng.integers(-5, rows))
        size = rng.integers(cols // 10, cols // 2, 2)
        cv2.rectangle(wall, (x, y), (x + int(size[0]), y + int(size[1]) * 2), colour, -1)
    soft = cv2.GaussianBlur(wall, (0, 0), float(rng.uniform(0.8, 5)))
    whole = cv2.resize(np.clip(soft, 0, 1), (width, height), interpolation=cv2.INTER_LINEAR)
    return as_floats(whole)


def _project(shot: Shot, width: int, height: int) -> tuple[Floats, Floats]:
    """For every pixel of the image, its place on the canvas before the head turned."""
    reach = shot.scale * min(width, height)
    xs = (np.arange(width, dtype=np.float32) + 0.5 - shot.centre[0] * width) / reach
    ys = (np.arange(height, dtype=np.float32) + 0.5 - shot.centre[1] * height) / reach
    cos, sin = np.float32(np.cos(shot.roll)), np.float32(np.sin(shot.roll))
    return xs[None] * cos + ys[:, None] * sin, ys[:, None] * cos - xs[None] * sin


def place(shot: Shot, points: Floats, width: int, height: int) -> Floats:
    """Where points of the canvas (n, 2) land in the image, in pixels, for a head not turned."""
    reach = shot.scale * min(width, height)
    cos, sin = np.cos(shot.roll), np.sin(shot.roll)
    u, v = np.asarray(points).T
    x = (u * cos - v * sin) * reach + shot.centre[0] * width
    y = (u * sin + v * cos) * reach + shot.centre[1] * height
    return np.stack([x, y], axis=1)


def take_image(canvas: Canvas, shot: Shot, *, width: int, height: int) -> np.ndarray:
    """One image, uint8 RGB (height, width, 3)."""
    u, v = _project(shot, width, height)
    unit = np.float32(canvas.unit)
    moves = cv2.remap(
        cv2.merge([canvas.depth, canvas.smile]), (u - LEFT) * unit, (v - TOP) * unit,
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    depth, smile = moves[..., 0], moves[..., 1]
    u, v = u - shot.yaw * depth, v - shot.pitch * depth + shot.smile * smile
    v = BOTTOM - np.abs(BOTTOM - v)  # below the canvas, the clothes go on as their mirror image
    layers = cv2.merge([*cv2.split(_lit(canvas, shot)), canvas.alpha])
    seen = cv2.remap(
        layers, (u - LEFT) * unit, (v - TOP) * unit, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    image = _background(shot, width, height)
    image *= 1 - seen[..., 3:]
    image += seen[..., :3]
    image *= shot.exposure * np.array([1 + shot.warmth, 1, 1 - shot.warmth], np.float32)
    if shot.blur:
        spread = shot.blur * min(width, height) / 192
        image = as_floats(cv2.GaussianBlur(image, (0, 0), spread))
    rng = np.random.default_rng([shot.background, 1])
    image += shot.noise * rng.standard_normal((height, width, 1), dtype=np.float32)
    image *= 255
    image += 0.5
    return np.clip(image, 0, 255, out=image).astype(np.uint8)
