"""A heatmap laid over a picture, and curves with their intervals. Pixels and values in."""

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
) -> Draw:
    """Curves by name as (x, value, low, high), the interval as a band; `mark` is a dashed line."""

    def draw(axes: Axes) -> None:
        for colour, (name, (xs, values, lows, highs)) in zip(COLOURS, curves.items(), strict=False):
            axes.plot(xs, values, color=colour, marker="o", markersize=3, label=name)
            axes.fill_between(xs, lows, highs, color=colour, alpha=0.15, linewidth=0)
        if mark is not None:
            axes.axvline(mark, color="black", linestyle="--", linewidth=1)
        axes.set_xlabel(label, fontsize=9)
        axes.tick_params(labelsize=8)
        if len(curves) > 1:
            axes.legend(fontsize=8, frameon=False)

    return draw
