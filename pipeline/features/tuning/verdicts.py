"""Judges what each habit of tune measured: good or bad, and what to do where it is bad."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.console import paint
from pipeline.console.installation import COMMAND
from pipeline.features.tuning.lr_sweep import Sweep

SMALL = 0.2  # an untrained head's answers vary by about this much
LARGE = 5.0  # a head starts near 0; a label of this size is far away for usual learning rates
HABITS = {
    1: "the loss before learning",
    2: "a few images by heart",
    3: "learning rates",
    4: "rate and weight decay",
    5: "the long run",
    6: "the sum",
}


@dataclass(frozen=True)
class Verdict:
    """Good or bad, in words."""

    good: bool
    says: str

    def line(self, habit: int) -> str:
        """The verdict as it is printed, with the name of the habit (1 to 6)."""
        word = paint("good", "green", stream=sys.stdout)
        if not self.good:
            word = paint("BAD", "red", stream=sys.stdout)
        return f"tune: habit {habit}, {HABITS[habit]}: {word}: {self.says}"


def judge_initial_loss(
    task: str,
    *,
    found: float,
    expected: float,
    formula: str,
    close: float,
    constant: float | None,
    size: float | None,
) -> Verdict:
    """Judges one task's loss before the first step.

    `close` is how far off is still right, as a fraction; of numbers `constant` is the loss of the
    best constant answer and `size` the mean size of the scaled label.
    """
    said = f"{task}: the untrained loss is {found:.4f}, expected {expected:.4f} ({formula})"
    if constant is not None:
        said += f"; the best constant answer costs {constant:.4f}"
    off = not abs(found - expected) <= close * abs(expected)  # also NaN
    if off and size is not None and size < SMALL:
        return Verdict(
            False,
            f"{said}. The scaled label is {size:.2g} on average, less than an untrained network's "
            f"noise: set competition.tasks.{task}.scale near the label's largest value",
        )
    if off:
        return Verdict(
            False,
            f"{said}. More than {close:.0%} off: the network has an opinion before it has seen a "
            "image. Look at the head's first weights and bias, and at the weights file",
        )
    if size is not None and size > LARGE:
        return Verdict(
            False,
            f"{said}. The scaled label is {size:.3g} on average, so the first epochs only move the "
            f"mean: set competition.tasks.{task}.scale near the label's largest value",
        )
    return Verdict(True, said)


def judge_overfit(
    *, first: float, last: float, steps: int, number: int, goal: float, config: str
) -> Verdict:
    """Judges whether a few images could be learnt by heart: below `goal` times the first loss.

    `config` is what a command says to mean this experiment.
    """
    said = f"{number} images learnt by heart: loss {first:.4f} to {last:.4f} in {steps} steps"
    if last <= goal * first:
        return Verdict(True, f"{said}, below {goal:g} of the start")
    return Verdict(
        False,
        f"{said}, not below {goal:g} of the start. A network that can't learn {number} images "
        "won't learn more: a larger lr, fewer frozen groups, a check of the labels "
        f"({COMMAND} explore {config}), or the label's scale; tune.overfit_steps if it was still "
        "falling",
    )


def judge_sweep(sweep: Sweep, *, rates: Sequence[float], now: float) -> Verdict:
    """Judges the learning rates that were tried; `now` is the rate in the settings."""
    low, high = rates[0], rates[-1]
    if sweep.picked is None:
        return Verdict(
            False,
            f"no rate is stable, not even {low:g}: set tune.sweep lower, or clip_norm: 1.0, and "
            "look at the images and labels",
        )
    limit = (
        f"stable up to {sweep.last_stable:g}"
        if sweep.limit_seen
        else f"no limit up to {high:g} (set tune.sweep higher to see it)"
    )
    said = f"the loss falls fastest at {sweep.steepest:g}, {limit}; picked {sweep.picked:.3g}"
    if sweep.steepest == low:
        return Verdict(False, f"{said}. That is the edge: set tune.sweep lower")
    if not sweep.limit_seen and sweep.steepest == high:
        return Verdict(False, f"{said}. That is the edge: set tune.sweep higher")
    if sweep.limit_seen and sweep.last_stable is not None and now > sweep.last_stable:
        return Verdict(False, f"{said}. The setting {now:g} is beyond the limit: lower lr")
    ratio = max(now / sweep.picked, sweep.picked / now)
    near = "near it" if ratio <= 5.0 else f"{ratio:.0f} times away from it"
    return Verdict(ratio <= 5.0, f"{said}. The setting {now:g} is {near}")


def judge_grid(rows: Sequence[Mapping]) -> Verdict:
    """Judges the grid's rows (lr, weight_decay, score; score None where the training failed)."""
    done = [row for row in rows if row["score"] is not None]
    if not done:
        return Verdict(False, "no cell of the grid came through: lower lr or set clip_norm: 1.0")
    best = max(done, key=lambda row: row["score"])
    spread = best["score"] - min(row["score"] for row in done)
    said = (
        f"best of {len(rows)} is lr {best['lr']:.3g}, weight_decay {best['weight_decay']:g} with "
        f"{best['metric']} {best['value']:.4f} on held-out images; the worst is {spread:.4f} away"
    )
    rates = sorted({row["lr"] for row in rows})
    if len(rates) > 1 and best["lr"] in (rates[0], rates[-1]) and len(done) == len(rows):
        side = "lower" if best["lr"] == rates[0] else "higher"
        return Verdict(True, f"{said}. Best at the grid's edge: try a {side} rate too")
    return Verdict(True, said)


def judge_study(*, value: float, metric: str, shipped: float | None, finished: int) -> Verdict:
    """Judges a study's best trial; `shipped` is the score of the settings as they are."""
    said = f"best of {finished} trials has {metric} {abs(value):.4f} on held-out images"
    if shipped is None:
        return Verdict(True, f"{said}; the settings as they are did not come through")
    if value <= shipped:
        return Verdict(
            True, f"{said}, which the settings as they are reach too: no reason to change them"
        )
    return Verdict(
        True,
        f"{said}, the settings as they are {abs(shipped):.4f}. It was chosen on these images, so "
        "the true gain is smaller: the long run on all folds tells",
    )
