"""Charts of one distribution: bars, histograms, sizes, joint counts."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.figures.chart import (
    LEFT,
    LETTER,
    WIDTH,
    Chart,
    label_axes,
    legend_below,
    legend_columns,
    legend_height,
    make_room_left,
    say_count,
    shorten,
    tip,
)
from pipeline.figures.palette import BLUE, LIGHT, dash, tone

MAX_BARS = 24  # more would not be legible
STEP = 34.0  # pixels from one lying bar to the next
CELL = 30.0  # pixels of a row of a joint table
MAX_BINS = 40
LOG_FLOOR = 0.7  # where bars of a log axis stand: a bar of one image can be seen
FEWEST_BINS = 5  # on the axis: one bar alone is no slab


def bars(names: Sequence[str], counts: Sequence[float], *, unit: str = "images") -> Chart:
    """Lying bars, the name and the count above each; the smallest are summed when there are too
    many."""
    names, counts = _at_most(names, counts)
    height = STEP * len(names) + 4.0
    most = max([*counts, 1])

    def draw(axes: Axes) -> None:
        axes.grid(visible=False)
        axes.set_xlim(0.0, most)
        axes.set_ylim(height, 0.0)  # y is pixels from the top
        axes.set_xticks([])
        axes.set_yticks([])
        for number, (name, count) in enumerate(zip(names, counts, strict=True)):
            top = STEP * number
            said = say_count(count, unit)
            room = int((WIDTH - 16.0) / LETTER) - len(said)
            axes.text(0.0, top + 13.0, shorten(name, max(room, 8)), color=LIGHT["ink"], fontsize=12)
            axes.text(
                most,
                top + 13.0,
                said,
                color=LIGHT["soft"],
                fontsize=12,
                horizontalalignment="right",
            )
            axes.barh(top + 22.0, count, height=8.0, color=BLUE, gid=tip(f"{name}: {said}"))

    return Chart(draw, height=height, left=8.0, right=8.0, top=0.0, bottom=0.0)


def _at_most(names: Sequence[str], counts: Sequence[float]) -> tuple[list[str], list[float]]:
    """The largest bars, and the sum of the others where there are more than `MAX_BARS`."""
    if len(names) <= MAX_BARS:
        return list(names), list(counts)
    order = np.argsort(-np.asarray(counts, dtype=float), kind="stable")
    kept, rest = order[: MAX_BARS - 1], order[MAX_BARS - 1 :]
    others = sum(counts[place] for place in rest)
    return (
        [*(names[place] for place in kept), f"{len(rest)} others"],
        [*(counts[place] for place in kept), others],
    )


def histogram(
    groups: Mapping[str, np.ndarray],
    *,
    label: str,
    unit: str = "images",
    marks: Sequence[float] = (),
    log: bool = False,
    edges: Sequence[float] | np.ndarray | None = None,
) -> Chart:
    """Standing bars, the groups beside each other; `marks` are dashed lines. Whole numbers get a
    bar each, or one for each few of them; `edges` gives other bins."""
    everything = np.concatenate([np.asarray(values, dtype=float) for values in groups.values()])
    ends = histogram_edges(everything) if edges is None else np.asarray(edges, dtype=float)
    said = [f"{shorten(name, 28)} ({len(values):,})" for name, values in groups.items()]
    columns = legend_columns(said)

    def draw(axes: Axes) -> None:
        width = 1.0 / len(groups)
        floor = LOG_FLOOR if log else 0.0
        for number, (name, values) in enumerate(groups.items()):
            counts, _ = np.histogram(values, ends)
            for low, high, count in zip(ends[:-1], ends[1:], counts, strict=True):
                if count:
                    axes.bar(
                        low + (high - low) * number * width,
                        count - floor,
                        bottom=floor,
                        width=(high - low) * width * 0.94,
                        align="edge",
                        color=tone(number),
                        gid=tip(
                            f"{_say_bin(low, high)}: {say_count(count, unit)}{_of(name, groups)}"
                        ),
                    )
            axes.plot([], [], color=tone(number), linewidth=7, label=said[number])
        for mark in marks:
            axes.axvline(mark, color=LIGHT["soft"], linestyle=dash(1), linewidth=1)
        axes.set_xlim(*_x_limits(ends))
        if log:
            axes.set_yscale("log")
            axes.set_ylim(bottom=LOG_FLOOR)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        if _is_whole(everything) and len(ends) <= 12:
            axes.set_xticks((ends[:-1] + ends[1:]) / 2)
        axes.grid(visible=False, axis="x")
        label_axes(axes, x=label, y=unit + (", log scale" if log else ""))
        if len(groups) > 1:
            legend_below(axes, columns=columns)
        make_room_left(axes, left=LEFT)

    more = legend_height(len(groups), columns=columns) if len(groups) > 1 else 0.0
    return Chart(draw, height=220.0 + more, bottom=42.0 + more)


def histogram_edges(values: np.ndarray) -> np.ndarray:
    """Edges of bins, at most `MAX_BINS`: each holds equally many whole numbers where all are."""
    low, high = float(values.min()), float(values.max())
    if _is_whole(values):
        step = max(1, int(np.ceil((high - low + 1) / MAX_BINS)))
        number = int(np.ceil((high - low + 1) / step))
        return low - 0.5 + step * np.arange(number + 1)
    return np.linspace(low, high if high > low else low + 1.0, 31)


def _x_limits(edges: np.ndarray) -> tuple[float, float]:
    """The ends of the axis: room for `FEWEST_BINS` bins, the bars in the middle."""
    width = float(edges[1] - edges[0])
    room = max(0.0, width * (FEWEST_BINS - (len(edges) - 1)) / 2)
    return float(edges[0]) - room, float(edges[-1]) + room


def _is_whole(values: np.ndarray) -> bool:
    return bool((values == np.round(values)).all())


def _say_bin(low: float, high: float) -> str:
    """The values of a bin: a whole number by itself, else from where to where."""
    if high - low == 1.0 and low % 1.0 == 0.5:
        return f"{low + 0.5:g}"
    return f"{low:.4g} to {high:.4g}"


def _of(name: str, groups: Mapping[str, np.ndarray]) -> str:
    return f" of {name}" if len(groups) > 1 else ""


def size_map(groups: Mapping[str, pd.DataFrame]) -> Chart:
    """Widths and heights (columns width, height) from 0 on: a ring for each size, its area the
    share of its part. Rings of several parts can be seen through each other."""

    def draw(axes: Axes) -> None:
        largest = max(
            float(frame[["width", "height"]].to_numpy().max()) for frame in groups.values()
        )
        for number, (name, frame) in enumerate(groups.items()):
            counts = frame.groupby(["width", "height"]).size().reset_index(name="count")
            for width, height, count in counts.itertuples(index=False):
                axes.plot(
                    [width],
                    [height],
                    "o",
                    markersize=5.0 + 15.0 * np.sqrt(count / len(frame)) + 5.0 * number,
                    markerfacecolor="none",
                    markeredgecolor=tone(number),
                    markeredgewidth=2,
                    gid=tip(f"{name}: {say_count(count, 'images')} of {width} x {height} pixels"),
                )
            sizes = "1 size" if len(counts) == 1 else f"{len(counts):,} sizes"
            said = f"{name} ({say_count(len(frame), 'images')}, {sizes})"
            axes.plot([], [], color=tone(number), linewidth=7, label=said)
        axes.set_xlim(0.0, 1.15 * largest)
        axes.set_ylim(0.0, 1.15 * largest)
        label_axes(axes, x="width, pixels", y="height, pixels")
        legend_below(axes, columns=1)
        make_room_left(axes, left=LEFT)

    more = legend_height(len(groups), columns=1)
    return Chart(draw, height=220.0 + more, bottom=42.0 + more)


def count_table(table: pd.DataFrame) -> Chart:
    """A joint table as a heat map with the count in each cell; rarer is paler, zeros are red."""
    longest = max(len(shorten(word, 24)) for word in table.index)

    def draw(axes: Axes) -> None:
        values = table.to_numpy(dtype=float)
        axes.grid(visible=False)
        axes.imshow(values, cmap="Blues", aspect="auto", vmin=0.0, vmax=max(values.max(), 1.0))
        for (row, column), value in np.ndenumerate(values):
            colour = LIGHT["card"] if value > 0.6 * values.max() else LIGHT["ink"]
            colour = LIGHT["alarm"] if value == 0 else colour
            axes.text(column, row, f"{value:,.0f}", ha="center", va="center", color=colour)
        columns = [shorten(word, 24) for word in table.columns]
        axes.set_xticks(range(table.shape[1]), columns)
        axes.set_yticks(range(table.shape[0]), [shorten(word, 24) for word in table.index])
        label_axes(axes, x=str(table.columns.name or ""))

    return Chart(draw, height=CELL * len(table) + 58.0, left=12.0 + 7.0 * longest)
