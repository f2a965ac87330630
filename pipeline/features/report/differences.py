"""A paired difference as a row of a chart: green is better, orange worse, grey can't be told."""

from collections.abc import Sequence
from typing import Any

from pipeline.features.report.parts import Figure, figure
from pipeline.figures.intervals import Interval, plot_intervals
from pipeline.metrics.paired import Difference

BETTER, WORSE, UNCLEAR = 2, 1, 5  # tones of the palette


def difference_figure(title: str, rows: Sequence[Interval]) -> Figure:
    """Paired differences as a figure."""
    says = "; ".join(f"{row.name}: {row.says}" for row in rows)
    chart = plot_intervals(rows, x_label="difference, above 0 is better", zero=True)
    return figure(title, chart, says=says)


def interval_of(name: str, row: Any) -> Interval:
    """A row of a table of paired differences as a row of a chart."""
    return draw_difference(name, row.difference, row.low, row.high)


def draw_difference(name: str, value: float, low: float, high: float) -> Interval:
    """A difference and its interval as a row of a chart."""
    found = Difference(float(value), float(low), float(high))
    tone = UNCLEAR
    if found.is_distinguishable:
        tone = BETTER if found.value > 0 else WORSE
    largest = max(abs(found.value), abs(found.low), abs(found.high))
    places = 4 if largest >= 0.001 else 6
    ends = f"{signed(found.low, places=places)} to {signed(found.high, places=places)}"
    says = f"{signed(found.value, places=places)} ({ends})"
    return Interval(name, found.value, found.low, found.high, says, tone=tone)


def signed(value: float, *, places: int = 4) -> str:
    """`+0.0134`, `−0.0161`, and 0 without a sign."""
    text = f"{value:+.{places}f}"
    return "0" if float(text) == 0 else text.replace("-", "−")
