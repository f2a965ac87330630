"""What sections hand to templates: figures, tables, grids of counts, faces, hints. Plain values."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from markupsafe import Markup
from PIL import Image

from pipeline.figures.chart import Chart
from pipeline.figures.svg import draw_svg

FACE_SIDE = 128  # pixels of a face, about 4 kB
QUALITY = 72  # of JPEG

Cell = str | int | float


@dataclass(frozen=True)
class Figure:
    """A drawing under its title, with a note below it."""

    title: str
    drawing: Markup
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table that can be sorted and scrolls by itself where it is too wide.

    The first `words` columns are words (with `last_is_words` the last one too), the others numbers;
    the first cell of each row heads it. `name` is its id."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str
    words: int = 1
    last_is_words: bool = False
    name: str | None = None

    @property
    def kinds(self) -> list[str]:
        """The class of each column: "word" or "number"."""
        kinds = ["word" if place < self.words else "number" for place in range(len(self.header))]
        if self.last_is_words:
            kinds[-1] = "word"
        return kinds


@dataclass(frozen=True)
class Grid:
    """Counts in a grid, darker for a larger share of the row; zeros stay empty.

    With `has_diagonal` those beside the diagonal are mistakes, in another colour."""

    rows: Sequence[str]
    columns: Sequence[str]
    counts: Sequence[Sequence[int]]
    caption: str
    corner: str
    has_diagonal: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether its words must be turned to fit beside each other."""
        return len(self.columns) > 8

    def share(self, row: int, column: int) -> float:
        """The share of its row that a count is, from 0 to 1."""
        return self.counts[row][column] / max(sum(self.counts[row]), 1)

    def kind(self, row: int, column: int) -> str:
        """The class of a cell: "none", "off" for a mistake, else nothing."""
        if not self.counts[row][column]:
            return "none"
        return "off" if self.has_diagonal and row != column else ""

    def say(self, row: int, column: int) -> str:
        """The share of a row's images in a cell, as it is shown."""
        return say_share(self.share(row, column))


@dataclass(frozen=True)
class Face:
    """A crop as a small image, what is said of it, and which it is."""

    source: str
    says: str
    row: int
    image_id: str


@dataclass(frozen=True)
class Hint:
    """What is not there, and the command that makes it."""

    what: str
    command: str


def figure(title: str, chart: Chart, *, says: str, note: str = "") -> Figure:
    """A chart as a figure; `says` stands for it where it can't be seen."""
    return Figure(title, Markup(draw_svg(chart, says=says)), note)


def face(crop: np.ndarray, *, says: str, row: int, image_id: str) -> Face:
    """A crop (S, S, 3) as a face of a page."""
    small = Image.fromarray(crop).resize((FACE_SIDE, FACE_SIDE), Image.Resampling.LANCZOS)
    return Face(data_uri(small, quality=QUALITY), says, row, image_id)


def data_uri(image: Image.Image, *, quality: int) -> str:
    """An image as the address of itself: a JPEG within the page."""
    file = BytesIO()
    image.save(file, format="JPEG", quality=quality, optimize=True)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode('ascii')}"


def say_share(share: float) -> str:
    """A share in whole percents; nothing but all is 100 %, nothing but none is 0 %."""
    if share not in (0.0, 1.0) and not 0.005 <= share < 0.995:
        return "<1 %" if share < 0.5 else ">99 %"
    return f"{100 * share:.0f} %"
