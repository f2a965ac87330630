"""A chart is drawn by matplotlib on axes of a known size: as a PNG panel, or as SVG for a page.

No pyplot: its global state has no place in a pipeline.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import east_asian_width

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.figures.palette import LIGHT

WIDTH = 320.0  # pixels of every chart; a page scales it to its column
UNIT = 72  # pixels an inch: one unit of an SVG is then one pixel
DPI = 110  # of a PNG
TITLE = 30.0  # pixels above a panel
TIP, TIPS = "tip:", "tips:"  # ids of artists that carry hover texts; see svg.py
LETTER = 6.9  # pixels of a letter of 12 to 13 px, on average
DIGIT = 8.2  # pixels of a letter of a number of 12 px: none is narrow
LEGEND_ROW = 18.0  # pixels
LEGEND_HALF = 17  # letters of a name that shares its row
LEFT = 44.0  # pixels for the words of a y axis


@dataclass(frozen=True)
class Chart:
    """What draws on axes, and the pixels it needs: the height, and the margins for its texts."""

    draw: Callable[[Axes], None]
    height: float = 220.0
    left: float = LEFT
    right: float = 20.0  # half of a number at the end of the axis
    top: float = 22.0
    bottom: float = 42.0


def save_panels(path: Path, panels: Mapping[str, Chart], *, columns: int = 3) -> None:
    """Draws titled charts on a grid, `columns` in a row, and writes a PNG."""
    columns = min(columns, len(panels))
    titled = list(panels.items())
    rows = [titled[start : start + columns] for start in range(0, len(titled), columns)]
    heights = [TITLE + max(chart.height for _, chart in row) for row in rows]
    figure = Figure(figsize=(columns * WIDTH / UNIT, sum(heights) / UNIT), dpi=DPI)
    FigureCanvasAgg(figure)
    y = 0.0
    for row, height in zip(rows, heights, strict=True):
        for place, (title, chart) in enumerate(row):
            axes = add_axes(figure, chart, x=place * WIDTH, y=y + TITLE)
            chart.draw(axes)
            figure.text(
                place / columns + 8.0 / (columns * WIDTH),
                1.0 - (y + TITLE / 2) / sum(heights),
                shorten(title, 50),
                fontsize=13,
                va="center",
            )
        y += height
    figure.savefig(path, format="png")


def add_axes(figure: Figure, chart: Chart, *, x: float = 0.0, y: float = 0.0) -> Axes:
    """Axes for a chart whose upper left corner is `x`, `y` pixels from the figure's own."""
    width, height = (inches * UNIT for inches in figure.get_size_inches())
    inner_width = WIDTH - chart.left - chart.right
    inner_height = chart.height - chart.top - chart.bottom
    axes = figure.add_axes(
        (
            (x + chart.left) / width,
            1.0 - (y + chart.top + inner_height) / height,
            inner_width / width,
            inner_height / height,
        )
    )
    axes.spines[:].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(color=LIGHT["line"], linewidth=1)
    axes.tick_params(length=0, pad=5, labelsize=12, labelcolor=LIGHT["soft"])
    axes.tick_params(which="minor", length=0)  # a log axis has them
    axes.tick_params(axis="x", pad=7)  # or the first words of both axes touch
    return axes


def make_room_left(axes: Axes, *, left: float) -> None:
    """Narrows axes whose y labels need more than `left` pixels; call it when all is drawn."""
    low, high = sorted(axes.get_ylim())
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    words = axes.yaxis.get_major_formatter().format_ticks(ticks)
    more = 7.0 + DIGIT * max((len(word) for word in words), default=0) - left
    if more > 0:
        place = axes.get_position()
        figure = axes.get_figure(root=True)
        assert figure is not None, "axes that are drawn have a figure"
        shift = more / (figure.get_size_inches()[0] * UNIT)
        axes.set_position((place.x0 + shift, place.y0, place.width - shift, place.height))


def label_axes(axes: Axes, *, x: str, y: str = "") -> None:
    """The names of both axes: below, and above the upper left corner."""
    axes.set_xlabel(x, fontsize=12, color=LIGHT["soft"])
    if y:
        axes.set_title(y, fontsize=12, color=LIGHT["soft"], loc="left", x=-0.15, pad=7)


def legend_below(axes: Axes, *, columns: int = 2) -> None:
    """The legend below the name of the x axis: within the axes it would lie on what is drawn. The
    chart's height and bottom need `legend_height` more pixels."""
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.15, -0.27),
        ncols=columns,
        fontsize=12,
        frameon=False,
        labelcolor=LIGHT["soft"],
        handlelength=2.2,
        borderaxespad=0.0,
        labelspacing=0.4,
        columnspacing=1.0,
    )


def legend_columns(names: Sequence[str]) -> int:
    """Two columns of short names, else one: a long name would push its neighbour off the chart."""
    return 2 if all(width_of(name) <= LEGEND_HALF for name in names) else 1


def legend_height(number: int, *, columns: int = 2) -> float:
    """Pixels that a legend of so many names needs below the axes."""
    return LEGEND_ROW * -(-number // columns)


def say_count(count: float, unit: str) -> str:
    """`1,200 images`, `1 image` and `1 person`."""
    if count == 1:
        unit = "person" if unit == "people" else unit.removesuffix("s")
    return f"{count:,.0f} {unit}"


def tip(words: str) -> str:
    """The id (matplotlib's gid) of an artist that shows `words` when it is pointed at."""
    return TIP + words


def tips(words: Sequence[str]) -> str:
    """The same for the markers of one line, in their order."""
    return TIPS + "|".join(word.replace("|", "/") for word in words)


def shorten(name: object, length: int) -> str:
    """A name of at most `length` letters; an ellipsis stands for the rest. A letter of Chinese,
    Japanese or Korean is as wide as two."""
    text = str(name)
    if width_of(text) <= length:
        return text
    kept = text
    while kept and width_of(kept) > length - 1:
        kept = kept[:-1]
    return f"{kept}…"


def width_of(text: str) -> int:
    """How many letters of the Latin script a text is wide."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
