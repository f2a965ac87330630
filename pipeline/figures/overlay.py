"""A heatmap laid over an image, and curves with their intervals. Pixels and values in."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from pipeline.figures.charts import COLOURS, Draw

_HEAT = matplotlib.colormaps["inferno"]


def lay_over(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The uint8 pixels (S, S, 3) in grey under the heat (S, S) from 0 to 1; the hotter, the less
    is seen of them."""
    grey = pixels.astype(np.float32).mean(axis=2, keepdims=True)
    colour = _HEAT(np.clip(heat, 0.0, 1.0))[..., :3] * 255.0
    share = 0.25 + 0.5 * np.clip(heat, 0.0, 1.0)[..., None]
    return np.rint(grey * (1.0 - share) + colour * share).astype(np.uint8)


def bands(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[float], Sequence[float]]],
    *,
    label: str,
    mark: float | None = None,
    legend: bool = True,
) -> Draw:
    """Curves by name as (x, value, low, high), the interval as a band; `mark` is a dashed line.
    The legend stands at the right of the panel."""

    def draw(axes: Axes) -> None:
        faint = 0.15 if len(curves) < 3 else 0.06  # many bands hide each other
        for number, (name, (xs, values, lows, highs)) in enumerate(curves.items()):
            turn, place = divmod(number, len(COLOURS))
            look = {"color": COLOURS[place], "linestyle": "--" if turn % 2 else "-"}
            axes.plot(xs, values, marker="o", markersize=3, label=name, **look)
            axes.fill_between(xs, lows, highs, color=COLOURS[place], alpha=faint, linewidth=0)
        if mark is not None:
            axes.axvline(mark, color="black", linestyle="--", linewidth=1)
        axes.set_xlabel(label, fontsize=9)
        axes.tick_params(labelsize=8)
        if legend and len(curves) > 1:
            axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return draw
