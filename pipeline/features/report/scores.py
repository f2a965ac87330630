"""Scores by fold with intervals, F1 of each class, and the confusion of classes."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.experiment.metric_direction import say_direction
from pipeline.features.report.context import ReportContext, TargetResult
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Grid, Table, figure
from pipeline.figures.intervals import Interval, plot_intervals, row_values, span_of
from pipeline.metrics.paired import show_number

MOST_ROWS = 12  # of a figure
HEADER = ("source", "task", "metric", "OOF", "95 %", "constant", "folds: mean", "sd", "n")


def describe_scores(context: ReportContext) -> Section:
    """The section: a chart for each target, and the whole table."""
    scores = context.scores
    own = [(judged.target.task, judged.target.metric_name) for judged in context.judged]
    others = [(task.name, task.metric) for task in context.evaluation.tasks]
    wanted = list(dict.fromkeys([*own, *others]))
    figures = []
    for metric in dict.fromkeys(metric for _, metric in wanted):
        tasks = [task for task, name in wanted if name == metric]
        figures += score_figures(scores[scores["metric"] == metric], tasks=tasks, metric=metric)
    body = render(
        "scores.html.j2",
        figures=figures,
        scores=score_table(scores, unit=context.grouping.unit),
        classes=class_table(scores),
        unit=context.grouping.unit,
    )
    return Section("scores", "Scores by fold", body, says="out of fold, each image as it is")


def score_figures(scores: pd.DataFrame, *, tasks: Sequence[str], metric: str) -> list[Figure]:
    """One figure with a row for each task and source, so that tasks can be compared by eye; a
    figure for each task on a common axis where that would be more than `MOST_ROWS` rows."""
    rows = {task: score_rows(scores[scores["task"] == task]) for task in tasks}
    rows = {task: some for task, some in rows.items() if some}
    every = [row for some in rows.values() for row in some]
    if not every:
        return []
    if len(every) <= MOST_ROWS:
        return [_score_figure(metric, every, metric=metric)]
    span = span_of([row_values(row) for row in every])
    return [
        _score_figure(f"{task}: {metric}", some, metric=metric, span=span)
        for task, some in rows.items()
    ]


def _score_figure(
    title: str,
    rows: Sequence[Interval],
    *,
    metric: str,
    span: tuple[float, float] | None = None,
) -> Figure:
    better = say_direction(metric)
    chart = plot_intervals(rows, x_label=f"{metric}, {better} is better", span=span)
    said = "; ".join(f"{row.name} {row.says}" for row in rows)
    return figure(title, chart, says=f"{title}: {said}")


def score_rows(scores: pd.DataFrame) -> list[Interval]:
    """A row for each source of one task's metric."""
    rows = []
    for (task, source), found in scores.groupby(["task", "source"], sort=False):
        by_fold = found.set_index("fold")
        whole = by_fold.loc["all"]
        folds = [by_fold.at[f, "value"] for f in by_fold.index if f not in ("all", "mean", "sd")]
        rows.append(
            Interval(
                str(task) if task == source else f"{task}, {source}",
                whole["value"],
                whole["low"],
                whole["high"],
                says=f"{show_number(whole['value'])} ({say_span(whole['low'], whole['high'])})",
                folds=folds,
                mark=whole["constant"] if math.isfinite(whole["constant"]) else None,
                tone=1 if source == "all members" else 0,
            )
        )
    return rows


def score_table(scores: pd.DataFrame, *, unit: str) -> Table:
    """All rows but the classes', a line for each source, task and metric. The last column counts
    what intervals are drawn over: people, groups or images."""
    rows = []
    plain = scores[~scores["metric"].str.startswith("f1:")]
    for (source, task, metric), found in plain.groupby(["source", "task", "metric"], sort=False):
        by_fold = found.set_index("fold")
        whole = by_fold.loc["all"]
        rows.append(
            (
                source,
                task,
                metric,
                show_number(whole["value"]),
                say_span(whole["low"], whole["high"]),
                show_number(whole["constant"]),
                show_number(by_fold.at["mean", "value"]),
                show_number(by_fold.at["sd", "value"]),
                f"{int(whole['num_images']):,}",
                f"{int(whole['num_people']):,}",
            )
        )
    caption = "All scores out of fold; constant: the best answer that looks at no image"
    if unit == "images":  # the last column would say the same as the one before
        return Table(HEADER, [row[:-1] for row in rows], caption, words=3, name="scores-table")
    return Table((*HEADER, unit), rows, caption, words=3, name="scores-table")


def class_table(scores: pd.DataFrame) -> Table | None:
    """F1 of each class; None where no task has classes."""
    classes = scores[scores["metric"].str.startswith("f1:")]
    if classes.empty:
        return None
    rows = [
        (r.source, r.task, r.metric.removeprefix("f1:"), f"{r.value:.3f}", f"{r.num_images:,}")
        for r in classes.itertuples()
    ]
    header = ("source", "task", "class", "F1", "n")
    return Table(header, rows, "F1 of each class; n images are of it", words=3)


def say_span(low: float, high: float) -> str:
    """An interval, as `0.71–0.78`."""
    return f"{show_number(low)}–{show_number(high)}"


def describe_confusion(context: ReportContext) -> Section | None:
    """The section: for each target with classes what is answered, by what is true; None where
    everything is a number."""
    with_classes = [one for one in context.judged if one.classes and one.kind != "multilabel"]
    grids = [confusion_grid(judged) for judged in with_classes]
    if not grids:
        return None
    first = context.answers[0]
    says = _worst(first) if first.classes and first.kind != "multilabel" else ""
    return Section("confusion", "Confusion", render("confusion.html.j2", grids=grids), says=says)


def confusion_grid(judged: TargetResult) -> Grid:
    """Counts of answered classes (columns) by true classes (rows)."""
    size = len(judged.classes)
    flat = judged.truth.astype(np.int64) * size + judged.decided.astype(np.int64)
    counts = np.bincount(flat, minlength=size * size).reshape(size, size)
    right = 100 * (1.0 - judged.errors.mean())
    caption = f"{judged.title}: {counts.sum():,} images, {right:.1f} % right. {_worst(judged)}"
    return Grid(
        judged.classes,
        judged.classes,
        counts.tolist(),
        caption,
        corner="true ↓ answered →",
        has_diagonal=True,
    )


def _worst(judged: TargetResult) -> str:
    """The commonest mistake in words."""
    wrong = judged.errors > 0
    if not wrong.any():
        return "No mistakes."
    pairs = pd.DataFrame({"true": judged.truth[wrong], "answered": judged.decided[wrong]})
    (true, answered), number = next(iter(pairs.astype(int).value_counts().items()))
    classes = judged.classes
    return f"Most often {classes[true]} is taken for {classes[answered]}: {number:,} times."
