"""Charts of one number along another: curves with intervals, clouds of points, learning rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.figures.chart import (
    LEFT,
    Chart,
    label_axes,
    legend_below,
    legend_columns,
    legend_height,
    make_room_left,
    shorten,
    tips,
)
from pipeline.figures.palette import BLUE, GREY, LIGHT, ORANGE, dash, tone

MOST_MARKERS = 16  # a longer curve has none
LEGEND_LETTERS = 38


@dataclass(frozen=True)
class Curve:
    """A line through points; with `lows` and `highs` a band around it, or whiskers.

    `sizes` are radii of the points, pixels (0: none), `says` their hover texts; `style` is a line
    style of matplotlib ("" draws no line; None is the tone's own, for colour alone is not
    enough of a difference)."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    lows: Sequence[float] | None = None
    highs: Sequence[float] | None = None
    tone: int = 0
    style: str | tuple | None = None
    whiskers: bool = False
    sizes: Sequence[float] | None = None
    says: Sequence[str] | None = None


def curves_by_source(rows: pd.DataFrame) -> list[Curve]:
    """A curve with its band for each `source`: `value`, `low` and `high` along `level`."""
    curves = []
    for place, (source, some) in enumerate(rows.groupby("source", sort=False)):
        some = some.sort_values("level")
        curves.append(
            Curve(
                str(source),
                some["level"].tolist(),
                some["value"].tolist(),
                lows=some["low"].tolist(),
                highs=some["high"].tolist(),
                tone=place,
            )
        )
    return curves


def plot_curves(
    curves: Sequence[Curve],
    *,
    x_label: str,
    y_label: str = "",
    x_span: tuple[float, float] | None = None,
    y_span: tuple[float, float] | None = None,
    x_ticks: Sequence[float] | None = None,
    diagonal: bool = False,
    mark: float | None = None,
    legend: Sequence[tuple[str, int, str | tuple]] | None = None,
) -> Chart:
    """Curves over common axes. `diagonal` is the dashed line where x = y, `mark` a dashed upright.

    `legend` gives (name, tone, style) in place of the curves' own; an empty one leaves it out."""
    if legend is None:
        named = {curve.name: (curve.name, curve.tone, _line_style(curve)) for curve in curves}
        legend = list(named.values()) if len(named) > 1 else []
    legend = [(shorten(name, LEGEND_LETTERS), number, style) for name, number, style in legend]
    columns = legend_columns([name for name, _, _ in legend])

    def draw(axes: Axes) -> None:
        for curve in curves:
            _draw_curve(axes, curve, faint=len(curves) > 3)
        if mark is not None:
            axes.axvline(mark, color=LIGHT["soft"], linestyle=dash(1), linewidth=1)
        if x_span is not None:
            axes.set_xlim(*x_span)
        if y_span is not None:
            axes.set_ylim(*y_span)
        if diagonal:
            low = max(axes.get_xlim()[0], axes.get_ylim()[0])
            high = min(axes.get_xlim()[1], axes.get_ylim()[1])
            ends = [low, high]
            axes.plot(ends, ends, color=LIGHT["soft"], linestyle=dash(1), linewidth=1)
        if x_ticks is not None:
            axes.set_xticks(list(x_ticks))
        label_axes(axes, x=x_label, y=y_label)
        for name, number, style in legend:
            line_style = style or "none"
            axes.plot(
                [],
                [],
                color=tone(number),
                linestyle=line_style,
                marker="o" if line_style == "none" else None,
                label=name,
            )
        if legend:
            legend_below(axes, columns=columns)
        make_room_left(axes, left=LEFT)

    more = legend_height(len(legend), columns=columns)
    return Chart(draw, height=220.0 + more, bottom=42.0 + more)


def _line_style(curve: Curve) -> str | tuple:
    return dash(curve.tone) if curve.style is None else curve.style


def _draw_curve(axes: Axes, curve: Curve, *, faint: bool) -> None:
    """One curve; points that are not finite are left out."""
    xs, ys = np.asarray(curve.xs, dtype=float), np.asarray(curve.ys, dtype=float)
    known = np.isfinite(ys)
    colour = tone(curve.tone)
    if curve.lows is not None and curve.highs is not None:
        lows = np.asarray(curve.lows, dtype=float)
        highs = np.asarray(curve.highs, dtype=float)
        here = known & np.isfinite(lows) & np.isfinite(highs)
        if curve.whiskers:
            axes.vlines(xs[here], lows[here], highs[here], color=colour, linewidth=2)
        else:
            opacity = 0.07 if faint else 0.16  # many bands hide each other
            axes.fill_between(
                xs[here], lows[here], highs[here], color=colour, alpha=opacity, linewidth=0
            )
    style = _line_style(curve)
    if style and known.sum() > 1:
        axes.plot(xs[known], ys[known], color=colour, linestyle=style, linewidth=2)
    if curve.sizes is not None or known.sum() <= MOST_MARKERS:
        sizes = np.full(len(xs), 2.8) if curve.sizes is None else np.asarray(curve.sizes)
        says = [f"{curve.name}, {x:g}: {y:.4g}" for x, y in zip(xs, ys, strict=True)]
        says = says if curve.says is None else list(curve.says)
        for place in np.flatnonzero(known & (sizes > 0)):
            axes.plot(
                [xs[place]],
                [ys[place]],
                "o",
                color=colour,
                markersize=2.0 * sizes[place],
                markeredgewidth=0,
                gid=tips([says[place]]),
            )


def scatter(
    xs: Sequence[float],
    ys: Sequence[float],
    *,
    x_label: str,
    y_label: str,
    span: tuple[float, float] | None = None,
    says: Sequence[str] | None = None,
) -> Chart:
    """Points, and the dashed line where x = y; `span` is of both axes. `says` are hover texts."""

    def draw(axes: Axes) -> None:
        few = len(xs) < 400
        axes.plot(
            xs,
            ys,
            "o",
            color=BLUE,
            markersize=5 if few else 3,
            alpha=0.5,
            markeredgewidth=0,
            gid=None if says is None else tips(says),
        )
        if span is not None:
            axes.set_xlim(*span)
            axes.set_ylim(*span)
        low = max(axes.get_xlim()[0], axes.get_ylim()[0])
        high = min(axes.get_xlim()[1], axes.get_ylim()[1])
        if low < high:
            ends = [low, high]
            axes.plot(ends, ends, color=LIGHT["soft"], linestyle=dash(1), linewidth=1)
        label_axes(axes, x=x_label, y=y_label)
        make_room_left(axes, left=LEFT)

    return Chart(draw)


def rate_curve(
    rates: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    *,
    marks: Mapping[str, float],
) -> Chart:
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
        label_axes(axes, x="learning rate", y="training loss")
        axes.legend(fontsize=10, frameon=False, labelcolor=LIGHT["soft"])

    return Chart(draw, height=260.0)
