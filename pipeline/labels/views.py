"""Names of test-time views and what they stand for: flip, a move of the image, a brightness.

Numbers and words only, no torch: the settings check names here, `images.views` applies them.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

# what may stand in `tta`; `flip_` may stand before all but the first two
VIEW_FORMS = {
    "identity": "the image as it is",
    "flip": "mirrored left to right",
    "rotate_DEGREES": "turned counter-clockwise, -180 to 180",
    "scale_FACTOR": "enlarged around its centre, 0.25 to 4",
    "shift_RIGHT_DOWN": "moved by shares of its sides, -0.5 to 0.5: shift_0.05_-0.02",
    "crop_SHARE": "the middle share of its sides, 0.25 to 1, enlarged to the whole",
    "crop_SHARE_CORNER": "the same at top_left, top_right, bottom_left or bottom_right",
    "brightness_FACTOR": "its light times a factor, 0.2 to 5",
}
_NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?)"
_CORNERS = {"top_left": (-1, -1), "top_right": (1, -1), "bottom_left": (-1, 1)}
_CORNERS |= {"bottom_right": (1, 1)}
Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]
STILL: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


@dataclass(frozen=True)
class View:
    """A view: first the flip, then the move, then the light.

    `matrix` (2, 3) maps a position in the seen image to one in the image that it is taken from;
    positions go from -1 (left, top) to 1.
    """

    flip: bool = False
    matrix: Matrix = STILL
    light: float = 1.0

    @property
    def inverse(self) -> "View":
        """The view that gives the image back, but for what left its frame or its range."""
        (a, b, x), (c, d, y) = self.matrix
        size = a * d - b * c
        a, b, c, d = d / size, -b / size, -c / size, a / size
        x, y = -(a * x + b * y), -(c * x + d * y)
        if self.flip:  # flip comes first here too: what follows it is mirrored
            b, c, x = -b, -c, -x
        return View(self.flip, ((a, b, x), (c, d, y)), 1.0 / self.light)


def parse_view(name: str) -> View:
    """The view of this name. Raises ValueError, listing what there is, for a name of none."""
    flip = name.startswith("flip")
    word = name.removeprefix("flip_")
    if name in ("identity", "flip"):
        return View(flip=flip)
    for form, build in _MOVES.items():
        match = re.fullmatch(form, word)
        if match is not None:
            matrix, light = build(name, [part for part in match.groups() if part is not None])
            return View(flip, matrix, light)
    forms = {form.split("_")[0]: form for form in reversed(VIEW_FORMS)}
    close = get_close_matches(word.split("_")[0], forms, n=1, cutoff=0.6)
    hint = f"; did you mean {forms[close[0]]}?" if close else ";"
    raise ValueError(f"no view {name!r}{hint} views are {', '.join(VIEW_FORMS)}, flip_ before them")


def _rotate(name: str, parts: Sequence[str]) -> tuple[Matrix, float]:
    angle = math.radians(_between(name, parts[0], -180.0, 180.0))
    cos, sin = math.cos(angle), math.sin(angle)
    return ((cos, -sin, 0.0), (sin, cos, 0.0)), 1.0


def _scale(name: str, parts: Sequence[str]) -> tuple[Matrix, float]:
    share = 1.0 / _between(name, parts[0], 0.25, 4.0)
    return ((share, 0.0, 0.0), (0.0, share, 0.0)), 1.0


def _shift(name: str, parts: Sequence[str]) -> tuple[Matrix, float]:
    right, down = (_between(name, part, -0.5, 0.5) for part in parts)
    return ((1.0, 0.0, -2.0 * right), (0.0, 1.0, -2.0 * down)), 1.0


def _crop(name: str, parts: Sequence[str]) -> tuple[Matrix, float]:
    share = _between(name, parts[0], 0.25, 1.0)
    right, down = _CORNERS[parts[1]] if len(parts) > 1 else (0, 0)
    left_over = 1.0 - share
    return ((share, 0.0, right * left_over), (0.0, share, down * left_over)), 1.0


def _brightness(name: str, parts: Sequence[str]) -> tuple[Matrix, float]:
    return STILL, _between(name, parts[0], 0.2, 5.0)


def _between(name: str, word: str, low: float, high: float) -> float:
    if not low <= float(word) <= high:
        raise ValueError(f"view {name!r}: {word} is not between {low:g} and {high:g}")
    return float(word)


_MOVES: dict[str, Callable[[str, Sequence[str]], tuple[Matrix, float]]] = {
    f"rotate_{_NUMBER}": _rotate,
    f"scale_{_NUMBER}": _scale,
    f"shift_{_NUMBER}_{_NUMBER}": _shift,
    f"crop_{_NUMBER}(?:_({'|'.join(_CORNERS)}))?": _crop,
    f"brightness_{_NUMBER}": _brightness,
}
