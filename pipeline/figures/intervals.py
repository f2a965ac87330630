"""A chart of values with their intervals, one row each, on a common axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from pipeline.figures.chart import DIGIT, LETTER, WIDTH, Chart, label_axes, shorten, tip
from pipeline.figures.palette import LIGHT, dash, tone

STEP = 40.0  # pixels from one row to the next
SIDE = 14.0  # pixels left and right of the axis


@dataclass(frozen=True)
class Interval:
    """A row: value, ends, small values beside it (`folds`), and a text at the right.

    `mark` is a value that a dashed stroke shows where it is near."""

    name: str
    value: float
    low: float
    high: float
    says: str
    folds: Sequence[float] = ()
    mark: float | None = None
    tone: int = 0


def plot_intervals(
    rows: Sequence[Interval],
    *,
    x_label: str,
    zero: bool = False,
    span: tuple[float, float] | None = None,
) -> Chart:
    """A row each: its name and value, below them the interval. Rings are the folds; with `zero` a
    line stands at 0; `span` is the axis, so that charts beside each other have one.

    Where a name leaves no room beside it, the values stand below the names."""
    low, high = span or span_of([row_values(row) for row in rows], zero=zero)
    more = 17.0 if any(len(row.name) > _letters_beside(row.says) for row in rows) else 0.0
    step = STEP + more
    height = step * len(rows) + 4.0

    def draw(axes: Axes) -> None:
        axes.set_xlim(low, high)
        axes.set_ylim(height, 0.0)  # y is pixels from the top
        axes.set_yticks([])
        axes.grid(visible=False, axis="y")
        axes.locator_params(axis="x", nbins=6)
        _leave_out_cut_ticks(axes)
        if zero:
            axes.axvline(0.0, color=LIGHT["soft"], linestyle=dash(1), linewidth=1)
        for number, row in enumerate(rows):
            _draw_row(axes, row, top=step * number + 4.0, more=more)
        label_axes(axes, x=x_label)

    return Chart(draw, height=height + 36.0, left=SIDE, right=SIDE, top=0.0, bottom=36.0)


def _leave_out_cut_ticks(axes: Axes) -> None:
    """Keeps the ticks whose words end within the chart."""
    low, high = axes.get_xlim()
    ticks = [float(tick) for tick in axes.get_xticks() if low <= tick <= high]
    words = axes.xaxis.get_major_formatter().format_ticks(ticks)
    inner = WIDTH - 2.0 * SIDE
    kept = []
    for tick, word in zip(ticks, words, strict=True):
        place = inner * (tick - low) / (high - low)
        half = DIGIT * len(word) / 2.0
        if half - SIDE <= place <= inner + SIDE - half:
            kept.append(tick)
    axes.set_xticks(kept)


def row_values(row: Interval) -> list[float]:
    """All values of a row that the axis has to hold."""
    return [row.value, row.low, row.high, *row.folds]


def span_of(values: Sequence[Sequence[float]], *, zero: bool = False) -> tuple[float, float]:
    """The least and the greatest finite value with some room, with `zero` 0 among them; (0, 1)
    where there is none."""
    known = [float(value) for row in values for value in row if math.isfinite(value)]
    known += [0.0] if zero else []
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    return low - room, high + room


def _draw_row(axes: Axes, row: Interval, *, top: float, more: float) -> None:
    """Name and value, and below them the line, the rings and the dot."""
    across = axes.get_yaxis_transform()  # x from 0 to 1, y in pixels
    inner = WIDTH - 2.0 * SIDE
    left, right = -(SIDE - 2.0) / inner, 1.0 + (SIDE - 2.0) / inner
    room = int((WIDTH - 8.0) / LETTER) if more else _letters_beside(row.says)
    axes.text(
        left,
        top + 14.0,
        shorten(row.name, room),
        transform=across,
        fontsize=13,
        color=LIGHT["ink"],
    )
    axes.text(
        right,
        top + 14.0 + more,
        row.says,
        transform=across,
        fontsize=12,
        color=LIGHT["soft"],
        horizontalalignment="right",
    )
    y = top + 28.0 + more
    low, high = axes.get_xlim()
    if row.mark is not None and low <= row.mark <= high:
        axes.plot(
            [row.mark, row.mark],
            [y - 8.0, y + 8.0],
            color=LIGHT["soft"],
            linestyle=(0, (4, 3)),
            linewidth=1.5,
        )
    said = tip(f"{row.name}: {row.says}")
    if math.isfinite(row.low) and math.isfinite(row.high):
        axes.plot([row.low, row.high], [y, y], color=tone(row.tone), linewidth=3, gid=said)
    for number, value in enumerate(row.folds):
        if math.isfinite(value):
            axes.plot(
                [value],
                [y],
                "o",
                markersize=6.4,
                markerfacecolor=LIGHT["card"],
                markeredgecolor=tone(row.tone),
                markeredgewidth=1.5,
                gid=tip(f"{row.name}, fold {number}: {value:.4g}"),
            )
    if math.isfinite(row.value):
        axes.plot([row.value], [y], "o", markersize=9, color=tone(row.tone), gid=said)


def _letters_beside(says: str) -> int:
    """Letters of a name that have room beside a text."""
    return max(8, int((WIDTH - 24.0 - 6.6 * len(says)) / 7.1))
