"""Where values lie in a drawing: round ticks, the frame of two axes, a number's short text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.pages.markup import Html, tag

WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 20, 38


def round_ticks(low: float, high: float, *, number: int = 5) -> list[float]:
    """About so many round numbers from low to high."""
    if not high > low:
        return [low]
    rough = (high - low) / number
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)]


def short(value: float) -> str:
    """A tick's text."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def span_of(*series: Sequence[float], room: float = 0.05) -> tuple[float, float]:
    """The least and the greatest finite value, with some room; (0, 1) when there is none."""
    known = [float(v) for values in series for v in values if math.isfinite(v)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    extra = (high - low) * room or abs(high) * room or 0.5
    return low - extra, high + extra


@dataclass(frozen=True)
class Frame:
    """The plane between two axes: values to places."""

    xs: tuple[float, float]
    ys: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.xs
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low), 1)

    def y(self, value: float) -> float:
        low, high = self.ys
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)

    def grid(
        self, *, x_label: str, y_label: str, x_ticks: Sequence[tuple[float, str]] | None = None
    ) -> list[Html]:
        """Lines and texts of both axes."""
        if x_ticks is None:
            x_ticks = [(tick, short(tick)) for tick in round_ticks(*self.xs)]
        lines, texts = [], []
        for tick in round_ticks(*self.ys, number=4):
            at = self.y(tick)
            lines.append(f"M{LEFT} {at}H{WIDTH - RIGHT}")
            texts.append(text(short(tick), LEFT - 6, at + 4, anchor="end", small=True))
        for tick, word in x_ticks:
            at = self.x(tick)
            lines.append(f"M{at} {TOP}V{HEIGHT - BOTTOM}")
            texts.append(text(word, at, HEIGHT - BOTTOM + 14, anchor="middle", small=True))
        middle = (LEFT + WIDTH - RIGHT) / 2
        texts.append(text(x_label, middle, HEIGHT - 6, anchor="middle", small=True))
        if y_label:
            texts.append(text(y_label, 2, 9, small=True))
        return [tag("path", d="".join(lines), class_="grid"), *texts]


def text(
    words: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    small: bool = False,
    halo: bool = False,
) -> Html:
    kinds = (("small", small), ("halo", halo))
    return tag(
        "text",
        words,
        x=round(x, 1),
        y=round(y, 1),
        text_anchor=None if anchor == "start" else anchor,
        class_=" ".join(word for word, is_so in kinds if is_so) or None,
    )


def drawing(*children, height: float = HEIGHT, says: str) -> Html:
    """The SVG of these; `says` stands for it where it can't be seen."""
    box = f"0 0 {WIDTH} {round(height)}"
    return tag("svg", *children, viewBox=box, role="img", aria_label=says)
