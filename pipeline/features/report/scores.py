"""Scores by fold with intervals, F1 of each class, and what is taken for what."""

import math

import numpy as np
import pandas as pd

from pipeline.features.report.context import ReportContext, TargetResult
from pipeline.features.report.html.markup import (
    Html,
    drawn,
    folded,
    join,
    paragraph,
    side_by_side,
    table,
)
from pipeline.features.report.html.page import Section, count_grid
from pipeline.features.report.html.svg import Interval, plot_intervals
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.paired import show_number

HEADER = ("source", "task", "metric", "OOF", "95 %", "constant", "folds: mean", "sd", "n", "people")


def describe_scores(context: ReportContext) -> Section:
    """The section: a chart a question, and the whole table."""
    scores = context.scores
    own = [(judged.target.task, judged.target.metric_name) for judged in context.judged]
    others = [(task.name, task.metric) for task in context.evaluation.tasks]
    figures = []
    for task, metric in dict.fromkeys([*own, *others]):
        rows = scores[(scores["task"] == task) & (scores["metric"] == metric)]
        if len(rows):
            figures.append(score_chart(rows, task=task, metric=metric))
    note = (
        "A dot is the score over all held-out images, its line the 95 % interval over people, "
        "a ring each fold, a dashed stroke, where it is near, the best answer that looks at no "
        "image."
    )
    parts = [paragraph(note, note=True), side_by_side(figures), score_table(scores)]
    classes = scores[scores["metric"].str.startswith("f1:")]
    if len(classes):
        rows = [
            (r.source, r.task, r.metric[3:], f"{r.value:.3f}", f"{r.num_images:,}")
            for r in classes.itertuples()
        ]
        header = ("source", "task", "class", "F1", "n")
        listed = table(header, rows, caption="F1 of each class; n images are of it", words=3)
        parts.append(folded("F1 of each class", listed))
    return Section("scores", "Scores by fold", join(parts))


def score_chart(rows: pd.DataFrame, *, task: str, metric: str) -> Html:
    """A row for each source of one question."""
    intervals = []
    for source, found in rows.groupby("source", sort=False):
        by_fold = found.set_index("fold")
        whole = by_fold.loc["all"]
        folds = [by_fold.at[f, "value"] for f in by_fold.index if f not in ("all", "mean", "sd")]
        says = f"{show_number(whole['value'])} ({_span(whole['low'], whole['high'])})"
        stamp = whole["constant"] if math.isfinite(whole["constant"]) else None
        ends = whole["value"], whole["low"], whole["high"]
        tone = 1 if source == "all members" else 0
        intervals.append(Interval(str(source), *ends, says, folds=folds, stamp=stamp, tone=tone))
    better = "higher" if find_metric(metric).higher_is_better else "lower"
    said = "; ".join(f"{row.name} {row.says}" for row in intervals)
    chart = plot_intervals(
        intervals, x_label=f"{metric}, {better} is better", says=f"{task}, {metric}: {said}"
    )
    return drawn(chart, title=f"{task}: {metric}")


def score_table(scores: pd.DataFrame) -> Html:
    """All rows but the classes', a line a source, task and metric."""
    rows = []
    plain = scores[~scores["metric"].str.startswith("f1:")]
    for (source, task, metric), found in plain.groupby(["source", "task", "metric"], sort=False):
        by_fold = found.set_index("fold")
        whole = by_fold.loc["all"]
        spread = [show_number(by_fold.at[key, "value"]) for key in ("mean", "sd")]
        counts = [f"{int(whole[key]):,}" for key in ("num_images", "num_people")]
        value = show_number(whole["value"])
        span = _span(whole["low"], whole["high"])
        constant = show_number(whole["constant"])
        rows.append((source, task, metric, value, span, constant, *spread, *counts))
    caption = "All scores out of fold; constant: the best answer that looks at no image"
    return table(HEADER, rows, caption=caption, words=3, name="scores-table")


def _span(low: float, high: float) -> str:
    return f"{show_number(low)}–{show_number(high)}"


def describe_confusion(context: ReportContext) -> Section:
    """The section: for each question with classes what is answered, by what is true."""
    parts = [_grid(judged) for judged in context.judged if judged.classes]
    lead = (
        "Rows are what is true, columns what all members together answer, out of fold; shares are "
        "of the row."
    )
    if not parts:
        return Section("confusion", "Confusion", paragraph("Nothing here has classes.", note=True))
    return Section("confusion", "What is taken for what", join(paragraph(lead, note=True), parts))


def _grid(judged: TargetResult) -> Html:
    size = len(judged.classes)
    flat = judged.truth.astype(np.int64) * size + judged.decided.astype(np.int64)
    counts = np.bincount(flat, minlength=size * size).reshape(size, size)
    right = 1.0 - judged.errors.mean()
    caption = (
        f"{judged.title}: {counts.sum():,} images, {100 * right:.1f} % right. {_worst(judged)}"
    )
    names = judged.classes
    return count_grid(
        names, names, counts.tolist(), caption=caption, corner="true ↓ answered →", diagonal=True
    )


def _worst(judged: TargetResult) -> str:
    """The commonest mistake in words."""
    wrong = judged.errors > 0
    if not wrong.any():
        return "No mistakes."
    pairs = pd.DataFrame({"t": judged.truth[wrong], "a": judged.decided[wrong]}).astype(int)
    (true, answered), number = next(iter(pairs.value_counts().items()))
    classes = judged.classes
    return f"Most often {classes[true]} is taken for {classes[answered]}: {number:,} times."
