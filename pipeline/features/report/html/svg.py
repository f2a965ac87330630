"""Drawings of curves, clouds, intervals and bars, as SVG in the colours of the style sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.features.report.html.markup import Html, join, tag
from pipeline.features.report.html.style import NUM_TONES

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


_DASHES = (None, "6 3", "2 3", "9 3 2 3", "4 2 1 2", "1 4")  # colours are not all there is to see
STEP = 40  # from one row of an interval chart to the next


@dataclass(frozen=True)
class Curve:
    """A line through points; with `lows` and `highs` a band around it, or whiskers."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    lows: Sequence[float] | None = None
    highs: Sequence[float] | None = None
    tone: int = 0
    whiskers: bool = False


@dataclass(frozen=True)
class Interval:
    """A row of an interval chart: value, ends, small values beside it, and a text at the right."""

    name: str
    value: float
    low: float
    high: float
    says: str
    folds: Sequence[float] = ()
    stamp: float | None = None
    tone: int = 0


def plot_curves(
    curves: Sequence[Curve],
    *,
    x_label: str,
    y_label: str,
    says: str,
    diagonal: bool = False,
    cloud: tuple[Sequence[float], Sequence[float]] | None = None,
    x_span: tuple[float, float] | None = None,
    y_span: tuple[float, float] | None = None,
    x_ticks: Sequence[tuple[float, str]] | None = None,
    legend: bool = True,
) -> Html:
    """Curves over a common axis, with a legend where there are several; `diagonal` is where x = y,
    `cloud` points without a line."""
    seen_x = [curve.xs for curve in curves] + ([cloud[0]] if cloud else [])
    seen_y = [curve.ys for curve in curves] + ([cloud[1]] if cloud else [])
    seen_y += [ends for c in curves for ends in (c.lows, c.highs) if ends is not None]
    frame = Frame(x_span or span_of(*seen_x, room=0.03), y_span or span_of(*seen_y))
    parts = frame.grid(x_label=x_label, y_label=y_label, x_ticks=x_ticks)
    if diagonal:
        low, high = max(frame.xs[0], frame.ys[0]), min(frame.xs[1], frame.ys[1])
        place = f"M{frame.x(low)} {frame.y(low)}L{frame.x(high)} {frame.y(high)}"
        parts.append(tag("path", d=place, class_="mark"))
    if cloud:
        dots = "".join(f"M{frame.x(x)} {frame.y(y)}h0" for x, y in zip(*cloud, strict=True))
        width = 4 if len(cloud[0]) < 400 else 2.6
        parts.append(tag("path", d=dots, class_="cloud", stroke_width=width))
    parts += [part for curve in curves for part in _curve(frame, curve, dashed=len(curves) > 1)]
    listed = curves if legend and len(curves) > 1 else ()
    return join(drawing(*parts, says=says), _legend(listed))


def _curve(frame: Frame, curve: Curve, *, dashed: bool) -> list[Html]:
    tone, parts = curve.tone % NUM_TONES, []
    known = [n for n, y in enumerate(curve.ys) if math.isfinite(y)]
    places = [(frame.x(curve.xs[n]), frame.y(curve.ys[n])) for n in known]
    if curve.lows is not None and curve.highs is not None:
        spans = [n for n in known if math.isfinite(curve.lows[n]) and math.isfinite(curve.highs[n])]
        if curve.whiskers:
            path = "".join(
                f"M{frame.x(curve.xs[n])} {frame.y(curve.lows[n])}V{frame.y(curve.highs[n])}"
                for n in spans
            )
            parts.append(tag("path", d=path, class_=f"curve t{tone}"))
        else:
            over = [f"{frame.x(curve.xs[n])} {frame.y(curve.highs[n])}" for n in spans]
            under = [f"{frame.x(curve.xs[n])} {frame.y(curve.lows[n])}" for n in spans[::-1]]
            path = "M" + "L".join([*over, *under]) + "Z" if spans else ""
            parts.append(tag("path", d=path, class_=f"band f{tone}"))
    line = "M" + "L".join(f"{x} {y}" for x, y in places) if places else ""
    if len(places) > 1:
        dash = _DASHES[tone] if dashed else None
        parts.append(tag("path", d=line, class_=f"curve t{tone}", stroke_dasharray=dash))
    if len(places) <= 16:
        parts += [tag("circle", cx=x, cy=y, r=2.8, class_=f"f{tone}") for x, y in places]
    return parts


def _legend(curves: Sequence[Curve]) -> Html | None:
    if not curves:
        return None
    entries = []
    for curve in curves:
        tone = curve.tone % NUM_TONES
        line = tag("path", d="M1 5H25", class_=f"curve t{tone}", stroke_dasharray=_DASHES[tone])
        swatch = tag("svg", line, viewBox="0 0 26 10", aria_hidden="true")
        entries.append(tag("li", swatch, curve.name))
    return tag("ul", *entries, class_="legend")


def plot_intervals(
    rows: Sequence[Interval], *, x_label: str, says: str, zero: bool = False
) -> Html:
    """A row each: its name and value, below them the interval on a common axis. Rings are the
    folds, a dashed stroke the row's `mark` where it is near; with `zero` a line stands at 0. Where
    a name leaves no room beside it the values stand below the names."""
    ends = [[r.value, r.low, r.high, *r.folds] for r in rows]
    low, high = span_of(*ends, [0.0] if zero else [])
    left, right = 14.0, WIDTH - 14.0
    more = 15 if any(len(row.name) > _room(row.says) for row in rows) else 0
    step = STEP + more
    bottom = step * len(rows) + 4

    def place(value: float) -> float:
        return round(left + (right - left) * (value - low) / (high - low), 1)

    lines, parts = [], []
    for tick in round_ticks(low, high):
        lines.append(f"M{place(tick)} 4V{bottom}")
        parts.append(text(short(tick), place(tick), bottom + 14, anchor="middle", small=True))
    parts.insert(0, tag("path", d="".join(lines), class_="grid"))
    if zero:
        parts.append(tag("path", d=f"M{place(0.0)} 4V{bottom}", class_="mark"))
    for number, row in enumerate(rows):
        top, tone = step * number + 4, row.tone % NUM_TONES
        at = top + 28 + more
        name = _fitting(row.name, "" if more else row.says)
        parts.append(text(name, 2, top + 14, halo=True))
        parts.append(
            text(row.says, WIDTH - 2, top + 14 + more, anchor="end", small=True, halo=True)
        )
        if row.stamp is not None and low <= row.stamp <= high:
            parts.append(tag("path", d=f"M{place(row.stamp)} {at - 8}V{at + 8}", class_="mark"))
        if math.isfinite(row.low) and math.isfinite(row.high):
            path = f"M{place(row.low)} {at}H{place(row.high)}"
            parts.append(tag("path", d=path, class_=f"curve t{tone}", stroke_width=3))
        rings = [value for value in row.folds if math.isfinite(value)]
        parts += [
            tag("circle", cx=place(value), cy=at, r=3.2, class_=f"fold t{tone}") for value in rings
        ]
        if math.isfinite(row.value):
            parts.append(tag("circle", cx=place(row.value), cy=at, r=5, class_=f"f{tone}"))
    parts.append(text(x_label, (left + right) / 2, bottom + 29, anchor="middle", small=True))
    return drawing(*parts, height=bottom + 34, says=says)


def plot_bars(names: Sequence[str], counts: Sequence[float], *, unit: str, says: str) -> Html:
    """Lying bars, the name and the count above each."""
    most, parts, right = max([*counts, 1]), [], WIDTH - 12.0
    for number, (name, count) in enumerate(zip(names, counts, strict=True)):
        top = 34 * number + 2
        width = max((right - 8) * count / most, 1.0 if count else 0.0)
        said = f"{count:,.0f} {unit}"
        parts.append(text(_fitting(name, said), 8, top + 13))
        parts.append(text(said, right, top + 13, anchor="end", small=True))
        shape = {"x": 8, "y": top + 18, "width": round(width, 1), "height": 8, "rx": 2}
        parts.append(tag("rect", class_="bar", **shape))
    return drawing(*parts, height=34 * len(names) + 4, says=says)


def plot_columns(edges: Sequence[float], counts: Sequence[int], *, x_label: str, says: str) -> Html:
    """Standing bars between rising edges (one more than counts): a histogram."""
    frame = Frame((edges[0], edges[-1]), (0.0, max([*counts, 1]) * 1.05))
    parts = frame.grid(x_label=x_label, y_label="images")
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        if count:
            left, top = frame.x(low) + 0.5, frame.y(count)
            width = max(frame.x(high) - left - 0.5, 0.8)
            shape = {"x": left, "y": top, "width": round(width, 1)}
            height = round(frame.y(0.0) - top, 1)
            parts.append(tag("rect", class_="bar", height=height, **shape))
    return drawing(*parts, says=says)


def _fitting(name: str, says: str) -> str:
    """The name, cut where the text at the other end would run into it."""
    room = _room(says)
    return name if len(name) <= room else f"{name[: room - 1]}…"


def _room(says: str) -> int:
    """Letters of a name that have room beside a text."""
    return max(8, int((WIDTH - 24 - 6.0 * len(says)) / 6.6))
