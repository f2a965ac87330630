"""A chart of values with their intervals, a line each."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from pipeline.figures.charts import BLUE, GREY, ORANGE, Draw


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
