"""The tables that a person reads in a terminal, as text."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.console.table_layout import layout_table
from pipeline.labels.units import Unit, count_words
from pipeline.metrics.baselines import BEST_CONSTANT
from pipeline.metrics.layer_search import LayerGain
from pipeline.metrics.paired import Difference, say_difference, show_number, without_noise
from pipeline.metrics.score_rows import EvaluationTarget

EMPTY = "–"


def describe_scores(
    frame: pd.DataFrame,
    *,
    unit: Unit = "people",
    is_upper_bound: bool = False,
    blends: Sequence[str] = (),
    per: str = "",
) -> str:
    """The scores table: a line a task and metric, then who beats one answer for all."""
    plain = frame[~frame["metric"].str.startswith("f1:")]
    lines = [("", "task", "metric", "OOF", "95 % interval", "constant", "mean ± sd")]
    last: tuple[object, ...] = ()
    for (source, task, metric), rows in plain.groupby(["source", "task", "metric"], sort=False):
        by_fold = rows.set_index("fold")
        whole = by_fold.loc["all"]
        spread = _spread(by_fold.at["mean", "value"], by_fold.at["sd", "value"])
        lines.append(
            (
                *((source, task) if (source, task) != last else ("", "")),
                metric,
                show_number(whole["value"]),
                _span(whole["low"], whole["high"]),
                show_number(whole["constant"]),
                spread,
            )
        )
        last = (source, task)
    text = ["", *layout_table(lines, left=3)]
    classes = frame[frame["metric"].str.startswith("f1:") & (frame["task"] == "answer")]
    if len(classes):
        text.append("F1 of each class of the answer:")
        each = [("class", "F1", "images")]
        for row in classes.itertuples():
            each.append((row.metric[3:], f"{row.value:.3f}", str(row.num_images)))
        text += layout_table(each, left=1, indent=2)
    whole = plain[plain["fold"] == "all"]
    first = whole.iloc[0]
    count = count_words(first["num_images"], first["num_people"], unit, per=per)
    none_seen = ", none seen in training" if unit == "people" and not is_upper_bound else ""
    text.append(f"{count}{none_seen}; intervals over {unit}")
    return "\n".join([*text, *blends, *say_gains(whole)])


def say_gains(whole: pd.DataFrame) -> list[str]:
    """How much better the answers are than the best one that is the same for every image.

    A sentence for each that may be no better, and one for all that are, with the least sure of
    them.

    Its interval is that of the difference, both answers to the same drawn images; the interval of
    the score itself is wider and may hold the constant's score.
    """
    compared = whole[whole["gain"].notna()]
    same: dict[tuple, list[str]] = {}  # one member alone is the blend, and its task the answer
    for row in compared.itertuples():
        key = (row.metric, row.value, row.gain, row.gain_low, row.gain_high)
        same.setdefault(key, []).append(f"{row.source} ({row.task})")
    beats: list[tuple[float, str]] = []  # low end of the difference, and the sentence
    fails = []
    for (metric, _, *gain), names in same.items():
        difference = Difference(*gain)
        first, *others = names
        said = say_difference(f"the {BEST_CONSTANT}", first, difference)
        if others:
            said += f"; {' and '.join(others)} {'scores' if len(others) == 1 else 'score'} the same"
        if difference.low > 0:
            beats.append((difference.low, f"{metric}: {said}"))
        else:
            fails.append(f"NOT beyond one answer for all: {metric}: {said}")
    if not beats:
        return fails
    _, least = min(beats)
    if len(beats) > 1:
        least = f"{len(beats)} scores; the least sure one: {least}"
    return [f"beyond one answer for all: {least}", *fails]


def describe_comparisons(rows: Sequence[dict]) -> list[str]:
    """One sentence for each compared pair."""
    return [
        f"{row['task']} {row['metric']}: "
        + say_difference(
            row["first"],
            row["second"],
            Difference(row["difference"], row["low"], row["high"]),
            p=row["p"],
        )
        for row in rows
    ]


def describe_members(rows: Sequence[dict]) -> list[str]:
    """The table of members that predict the same task, the best first, with the distance to it."""
    known = ("member", "backbone", "size", "parameters", "images/s")
    lines = [(*known, rows[0]["metric"], "95 % interval", "behind the best")]
    for row in rows:
        behind = EMPTY
        if not np.isnan(row["behind"]):
            behind = f"{show_number(row['behind'])} ({_span(row['low'], row['high'])})"
        lines.append(
            (
                row["member"],
                row["backbone"],
                str(row["image_size"]),
                EMPTY if row["num_parameters"] is None else f"{row['num_parameters'] / 1e6:.1f} M",
                EMPTY if row["images_per_second"] is None else f"{row['images_per_second']:.0f}",
                show_number(row["value"]),
                _span(row["value_low"], row["value_high"]),
                behind,
            )
        )
    return layout_table(lines, left=2, names=1)


HEADER = ("layer", "plain", "naive", "nested", "95 %", "nested gain", "95 %", "kept")


def describe_layers(
    plain: dict, steps: Sequence[LayerGain], final: dict, gain: Difference
) -> list[str]:
    """The plain answer, every layer that was tried, and what is kept: a line each."""
    value = show_number(plain["value"])
    span = _span(plain["low"], plain["high"])
    rows = [HEADER, ("plain mean", value, EMPTY, EMPTY, span, "", "", "")]
    for step in steps:
        rows.append(
            (
                step.name,
                show_number(step.before),
                show_number(step.naive),
                show_number(step.nested),
                _span(step.low, step.high),
                *_gain(step.gain),
                "yes" if step.kept else "no",
            )
        )
    value = show_number(final["value"])
    span = _span(final["low"], final["high"])
    rows.append(("what is kept", EMPTY, EMPTY, value, span, *_gain(gain), ""))
    return layout_table(rows, left=1)


def say_log_loss_gain(step: LayerGain) -> str:
    """By how much a layer lowers or raises the log-loss, in words."""
    gain = step.log_loss_gain
    assert gain is not None, step.name
    does = "lowers" if gain.value >= 0 else "raises"
    gain = gain if gain.value >= 0 else gain.turned
    span = f"{gain.low:+.4f}..{gain.high:+.4f}"
    return f"{step.name} {does} the log-loss by {gain.value:.4f} (95 % {span}); that decides"


def describe_views(rows: Sequence[dict]) -> list[str]:
    """A line a task and view: the view alone, and added to the image as it is."""
    lines = [("task", "view", "metric", "alone", "added", "95 %", "")]
    for row in rows:
        gain = ("", "") if row["gain"] is None else _gain(row["gain"])
        known = (row["task"], row["view"], row["metric"], show_number(row["value"]))
        lines.append((*known, *gain, row["verdict"]))
    return layout_table(lines, left=3)


def _spread(mean: float, sd: float) -> str:
    """A mean and its standard deviation, with as many decimals as the mean."""
    shown = show_number(mean)
    if np.isnan(mean) or np.isnan(sd):
        return f"{shown} ± {show_number(sd)}"
    decimals = len(shown.partition(".")[2])
    return f"{shown} ± {sd:.{decimals}f}"


def _span(low: float, high: float) -> str:
    return f"{show_number(low)}..{show_number(high)}"


def _gain(gain: Difference) -> tuple[str, str]:
    """A gain and its interval, with their signs; six decimals where all are small."""
    value, low, high = map(without_noise, (gain.value, gain.low, gain.high))
    digits = 6 if max(abs(value), abs(low), abs(high)) < 0.01 else 4
    return f"{value:+.{digits}f}", f"{low:+.{digits}f}..{high:+.{digits}f}"


def describe_folds(
    rows: pd.DataFrame, target: EvaluationTarget, *, unit: Unit = "people", per: str = ""
) -> list[str]:
    """Score rows of one target by fold, a column a source, with the intervals of the whole."""
    names = list(dict.fromkeys(rows["source"]))
    better = "higher" if target.metric.higher_is_better else "lower"
    whole = rows[rows["fold"] == "all"].set_index("source")
    whole_counts = (whole["num_images"].iloc[0], whole["num_people"].iloc[0])
    count = count_words(*whole_counts, unit, per=per)
    lines = [("fold", *names)]
    values = rows.pivot_table(index="fold", columns="source", values="value", sort=False)
    folds = [fold for fold in values.index if fold not in ("all", "mean", "sd")]
    folds += [fold for fold in ("mean", "sd") if fold in values.index]
    for fold in folds:
        lines.append((fold, *(show_number(values.at[fold, name]) for name in names)))
    lines.append(("OOF", *(show_number(whole.at[name, "value"]) for name in names)))
    lines.append(("95 %", *(_span(whole.at[n, "low"], whole.at[n, "high"]) for n in names)))
    title = f"{target.task}, {target.metric_name} ({better} is better), "
    return ["", f"{title}{count}:", *layout_table(lines, left=1)]
