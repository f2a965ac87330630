"""Charts, each written to a path as PNG. No pyplot: its global state has no place in a pipeline."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#2a6f97", "#d1682b", "#8a8f94"
COLOURS = (BLUE, ORANGE, GREY, "#5a8f4f", "#a05195", "#c9a227")
MAX_BARS = 24  # more would not be legible
Draw = Callable[[Axes], None]


def save_panels(path: Path, panels: Mapping[str, Draw], *, columns: int = 3, tall: float = 3.4):
    """Draws named panels on a grid, three in a row unless told, and writes the PNG."""
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(max(4.8, 4.4 * columns), tall * rows), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, draw) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        axes.set_title(title, fontsize=11, loc="left")
    figure.savefig(path, format="png")


def bars(names: Sequence[str], counts: Sequence[float], *, unit: str = "images") -> Draw:
    """Lying bars, a count at each end; the smallest are summed when there are too many."""
    if len(names) > MAX_BARS:
        order = np.argsort(-np.asarray(counts, dtype=float), kind="stable")
        kept, rest = order[: MAX_BARS - 1], order[MAX_BARS - 1 :]
        others = [f"{len(rest)} others"], [sum(counts[i] for i in rest)]
        names = [names[i] for i in kept] + others[0]
        counts = [counts[i] for i in kept] + others[1]

    def draw(axes: Axes) -> None:
        drawn = axes.barh(range(len(names)), counts, color=BLUE, height=0.7)
        axes.bar_label(drawn, fmt="{:,.0f}", padding=3, fontsize=9)
        axes.set_yticks(range(len(names)), [_short(name) for name in names], fontsize=9)
        axes.set_ylim(max(len(names), 5) - 0.5, -0.5)  # few bars don't become slabs
        axes.margins(x=0.18)
        axes.set_xlabel(unit, fontsize=9)
        axes.tick_params(axis="x", labelsize=8)
        axes.locator_params(axis="x", nbins=5)

    return draw


def histogram(
    groups: Mapping[str, np.ndarray],
    *,
    label: str,
    unit: str = "images",
    marks: Sequence[float] = (),
    log: bool = False,
    whole: bool = False,
) -> Draw:
    """A histogram of each group's values side by side; `marks` are dashed lines, `whole` gives a
    bar to each whole number, or to each few of them."""

    def draw(axes: Axes) -> None:
        everything = np.concatenate([np.asarray(v, dtype=float) for v in groups.values()])
        low, high = everything.min(), everything.max()
        if whole:
            edges = np.arange(low - 0.5, high + np.ceil((high - low) / 40.0) + 0.5)
            edges = edges[:: max(1, int(np.ceil((high - low) / 40.0)))]
        else:
            edges = np.linspace(low, high if high > low else low + 1.0, 31)
        said = [f"{name} ({len(values):,})" for name, values in groups.items()]
        axes.hist(
            list(groups.values()),
            bins=edges,
            color=COLOURS[: len(said)],
            label=said,
            edgecolor="white",
            linewidth=0.4,
        )
        for mark in marks:
            axes.axvline(mark, color="black", linestyle="--", linewidth=1)
        if log:
            axes.set_yscale("log")
        if whole and high - low <= 12:
            axes.set_xticks(np.arange(low, high + 1.0))
            axes.set_xlim(min(low, high - 3) - 0.5, high + 0.5)
        axes.set_xlabel(label, fontsize=9)
        axes.set_ylabel(unit, fontsize=9)
        axes.tick_params(labelsize=8)
        if len(groups) > 1:
            axes.legend(fontsize=8, frameon=False)

    return draw


def size_map(groups: Mapping[str, pd.DataFrame]) -> Draw:
    """Widths and heights (columns width, height): a dot for each size, its area the share."""

    def draw(axes: Axes) -> None:
        for colour, (name, frame) in zip(COLOURS, groups.items(), strict=False):
            counts = frame.groupby(["width", "height"]).size().reset_index(name="count")
            area = 20.0 + 380.0 * counts["count"] / len(frame)
            sizes = "1 size" if len(counts) == 1 else f"{len(counts):,} sizes"
            said = f"{name} ({len(frame):,}, {sizes})"
            axes.scatter(
                counts["width"], counts["height"], s=area, alpha=0.5, color=colour, label=said
            )
        axes.set_xlabel("width, pixels", fontsize=9)
        axes.set_ylabel("height, pixels", fontsize=9)
        axes.tick_params(labelsize=8)
        axes.margins(0.2)
        legend = axes.legend(fontsize=8, frameon=False)
        for handle in legend.legend_handles:
            handle.set_sizes([40.0])

    return draw


def count_table(table: pd.DataFrame) -> Draw:
    """A joint table as a heat map with the count in each cell; rarer is paler, zero is marked."""

    def draw(axes: Axes) -> None:
        values = table.to_numpy(dtype=float)
        axes.imshow(values, cmap="Blues", aspect="auto", vmin=0.0, vmax=max(values.max(), 1.0))
        for (row, column), value in np.ndenumerate(values):
            colour = "white" if value > 0.6 * values.max() else "black"
            colour = "#b3261e" if value == 0 else colour
            axes.text(column, row, f"{value:,.0f}", ha="center", va="center", color=colour)
        axes.set_xticks(range(table.shape[1]), [_short(word) for word in table.columns], fontsize=9)
        axes.set_yticks(range(table.shape[0]), [_short(word) for word in table.index], fontsize=9)
        axes.set_xlabel(str(table.columns.name or ""), fontsize=9)
        axes.set_ylabel(str(table.index.name or ""), fontsize=9)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)

    return draw


def rate_curve(
    rates: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    *,
    marks: Mapping[str, float],
) -> Draw:
    """Losses against learning rates on a log axis; what is not finite is left out. `marks` names
    rates."""

    def draw(axes: Axes) -> None:
        for colour, (name, values) in zip((GREY, BLUE), curves.items(), strict=False):
            finite = np.where(np.isfinite(values), values, np.nan)
            axes.plot(rates, finite, color=colour, marker="o", markersize=4, label=name)
        first = np.asarray(next(iter(curves.values())), dtype=float)
        if np.isfinite(first).any():
            axes.set_ylim(0.0, 2.0 * np.median(first[np.isfinite(first)]))
        for style, (name, rate) in zip(("-", "--", ":"), marks.items(), strict=False):
            axes.axvline(rate, color=ORANGE, linestyle=style, label=f"{name} {rate:.2g}")
        axes.set_xscale("log")
        axes.set_xlabel("learning rate", fontsize=9)
        axes.set_ylabel("training loss", fontsize=9)
        axes.legend(fontsize=8, frameon=False)

    return draw


def _short(name: object) -> str:
    """A name that fits beside a bar."""
    text = str(name)
    return text if len(text) <= 24 else f"{text[:22]}…"


def dots(
    names: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    label: str,
    mark: float | None = None,
) -> Draw:
    """A dot and a whisker for each name, from the top down, orange where the interval leaves out
    `mark`, a dashed line; the value stands beside it."""

    def draw(axes: Axes) -> None:
        for place, (value, low, high) in enumerate(zip(values, lows, highs, strict=True)):
            out = mark is not None and (low > mark or high < mark)
            axes.plot([low, high], [place, place], color=ORANGE if out else BLUE, linewidth=2)
            axes.plot([value], [place], "o", color=ORANGE if out else BLUE, markersize=6)
            axes.text(np.nanmax([value, high]), place, f"  {value:.3g}", va="center", fontsize=8)
        if mark is not None:
            axes.axvline(mark, color=GREY, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(names)), list(names), fontsize=9)
        axes.set_ylim(max(len(names), 4) - 0.5, -0.5)
        axes.margins(x=0.15)
        axes.set_xlabel(label, fontsize=9)
        axes.tick_params(axis="x", labelsize=8)

    return draw
