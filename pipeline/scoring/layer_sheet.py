"""The table of layers that a person reads in a terminal, as text. Pure."""

from collections.abc import Sequence

from pipeline.scoring.climbing import Step
from pipeline.scoring.comparisons import Difference, show_number
from pipeline.scoring.sheet import EMPTY, lay_out

HEADER = ("layer", "plain", "naive", "nested", "95 %", "nested gain", "95 %", "kept")


def describe_layers(plain: dict, steps: Sequence[Step], final: dict, gain: Difference) -> list[str]:
    """The plain answer, every layer that was tried, and what is kept: a line each."""
    rows = [HEADER, ("plain mean", *_value(plain), "", "", "")]
    for step in steps:
        rows.append(
            (
                step.name,
                show_number(step.before),
                show_number(step.naive),
                show_number(step.nested),
                f"{show_number(step.low)}..{show_number(step.high)}",
                *_gain(step.gain),
                "yes" if step.kept else "no",
            )
        )
    rows.append(("what is kept", *_value(final, nested=True), *_gain(gain), ""))
    return lay_out(rows, left=1)


def say_sharper(step: Step) -> str:
    """By how much a layer lowers the log-loss, in words."""
    found = step.sharper
    low, high = (f"{value:+.4f}" for value in (found.low, found.high))
    return (
        f"{step.name} lowers the log-loss by {found.value:.4f} (95 % {low}..{high}); that decides"
    )


def describe_views(rows: Sequence[dict]) -> list[str]:
    """A line a task and view: the view alone, and added to the picture as it is."""
    lines = [("task", "view", "metric", "alone", "added to the first", "95 %", "")]
    for row in rows:
        gain = ("", "") if row["gain"] is None else _gain(row["gain"])
        known = (row["task"], row["view"], row["metric"], show_number(row["value"]))
        lines.append((*known, *gain, row["verdict"]))
    return lay_out(lines, left=3)


def _value(score: dict, *, nested: bool = False) -> tuple[str, ...]:
    value, low, high = (show_number(score[key]) for key in ("value", "low", "high"))
    places = (EMPTY, EMPTY, value) if nested else (value, EMPTY, EMPTY)
    return (*places, f"{low}..{high}")


def _gain(gain: Difference) -> tuple[str, str]:
    small = max(abs(gain.value), abs(gain.low), abs(gain.high)) < 0.01
    value, low, high = (f"{n:+.{6 if small else 4}f}" for n in (gain.value, gain.low, gain.high))
    return value, f"{low}..{high}"
