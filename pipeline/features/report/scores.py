"""Scores by fold with intervals, F1 of each class, and the confusion of classes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.experiment.metric_direction import say_direction
from pipeline.features.report.context import ReportContext, TargetResult
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Grid, Table, figure, say_share
from pipeline.figures.chart import say_count
from pipeline.figures.intervals import Interval, plot_intervals, row_values, span_of
from pipeline.metrics.baselines import BEST_CONSTANT
from pipeline.metrics.paired import show_number

MOST_ROWS = 12  # of a figure
OPEN_GRID = 12  # classes: a larger grid is folded, its commonest mistakes stand above it
LARGEST_GRID = 40  # classes: a larger one has more cells than anybody reads
MOST_MISTAKES = 10
HEADER = ("source", "task", "metric", "OOF", "95 %", "constant", "folds: mean", "sd", "n")


def describe_scores(context: ReportContext) -> Section:
    """The section: a chart for each target, and the whole table."""
    scores = context.scores
    own = [(judged.target.task, judged.target.metric_name) for judged in context.judged]
    titles = {judged.target.task: judged.title for judged in context.judged}
    others = [(task.name, task.metric) for task in context.evaluation.tasks]
    wanted = list(dict.fromkeys([*own, *others]))
    figures = []
    for metric in dict.fromkeys(metric for _, metric in wanted):
        tasks = [task for task, name in wanted if name == metric]
        rows = scores[scores["metric"] == metric]
        figures += score_figures(rows, tasks=tasks, metric=metric, titles=titles)
    body = render(
        "scores.html.j2",
        figures=figures,
        scores=score_table(scores, unit=context.grouping.unit),
        classes=class_table(scores),
        unit=context.grouping.unit,
    )
    return Section("scores", "Scores by fold", body, says="out of fold, each image as it is")


def score_figures(
    scores: pd.DataFrame, *, tasks: Sequence[str], metric: str, titles: Mapping[str, str]
) -> list[Figure]:
    """One figure with a row for each task and source, so that tasks can be compared by eye; a
    figure for each task on a common axis where that would be more than `MOST_ROWS` rows. `titles`
    are the names to show: an answer that is a single task is called as the task."""
    rows = {
        task: score_rows(scores[scores["task"] == task], title=titles.get(task, task))
        for task in tasks
    }
    rows = {task: some for task, some in rows.items() if some}
    rows = _without_single_member(rows, titles=titles)
    every = [row for some in rows.values() for row in some]
    if not every:
        return []
    if len(every) <= MOST_ROWS:
        return [_score_figure(metric, every, metric=metric)]
    span = span_of([row_values(row) for row in every])
    return [
        _score_figure(f"{titles.get(task, task)}: {metric}", some, metric=metric, span=span)
        for task, some in rows.items()
    ]


def _without_single_member(
    rows: Mapping[str, list[Interval]], *, titles: Mapping[str, str]
) -> dict[str, list[Interval]]:
    """The same without the row of a task's only member, where that is the row of all members."""
    kept = dict(rows)
    for task, some in rows.items():
        title = titles.get(task, task)
        same = [other for other in rows if titles.get(other, other) == title]
        together = [row for other in same for row in rows[other]]
        values = {(row.value, row.low, row.high) for row in together}
        if len(together) == 2 and len(values) == 1 and some[0].name != f"{title}, all members":
            kept.pop(task)
    return kept


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


def score_rows(scores: pd.DataFrame, *, title: str) -> list[Interval]:
    """A row for each source of one task's metric; `title` is the task's name to show."""
    rows = []
    for source, found in scores.groupby("source", sort=False):
        by_fold = found.set_index("fold")
        whole = by_fold.loc["all"]
        folds = [by_fold.at[f, "value"] for f in by_fold.index if f not in ("all", "mean", "sd")]
        rows.append(
            Interval(
                title if title == source else f"{title}, {source}",
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
    caption = f"All scores out of fold; constant: the {BEST_CONSTANT}"
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
    if not with_classes:
        return None
    small = [one for one in with_classes if len(one.classes) <= OPEN_GRID]
    large = [one for one in with_classes if len(one.classes) > OPEN_GRID]
    body = render(
        "confusion.html.j2",
        grids=[confusion_grid(judged) for judged in small],
        large=[
            {
                "title": judged.title,
                "size": len(judged.classes),
                "mistakes": mistake_table(judged),
                "grid": confusion_grid(judged) if len(judged.classes) <= LARGEST_GRID else None,
            }
            for judged in large
        ],
    )
    first = context.answers[0]
    says = _worst(first) if first.classes and first.kind != "multilabel" else ""
    return Section("confusion", "Confusion", body, says=says)


def mistake_table(judged: TargetResult) -> Table | None:
    """What is taken for what most often, and of how many images of the true class; None without a
    mistake."""
    pairs = _mistakes(judged)
    if not pairs:
        return None
    sizes = np.bincount(judged.truth.astype(np.int64), minlength=len(judged.classes))
    rows = [
        (
            judged.classes[true],
            judged.classes[answered],
            f"{number:,}",
            f"{sizes[true]:,}",
            say_share(number / sizes[true]),
        )
        for true, answered, number in pairs[:MOST_MISTAKES]
    ]
    header = ("true", "answered", "images", "of the true class", "share")
    caption = f"{judged.title}: {_say_right(judged)}. The {len(rows)} commonest mistakes"
    caption += f" of {len(pairs):,}" if len(pairs) > len(rows) else ""
    return Table(header, rows, caption, words=2)


def confusion_grid(judged: TargetResult) -> Grid:
    """Counts of answered classes (columns) by true classes (rows)."""
    size = len(judged.classes)
    flat = judged.truth.astype(np.int64) * size + judged.decided.astype(np.int64)
    counts = np.bincount(flat, minlength=size * size).reshape(size, size)
    caption = f"{judged.title}: {_say_right(judged)}. {_worst(judged)}"
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
    pairs = _mistakes(judged)
    if not pairs:
        return "No mistakes."
    true, answered, number = pairs[0]
    classes = judged.classes
    times = say_count(number, "times")
    return f"Most often {classes[true]} is taken for {classes[answered]}: {times}."


def _mistakes(judged: TargetResult) -> list[tuple[int, int, int]]:
    """The true class, the answered class, and in how many images: the commonest mistake first."""
    wrong = judged.errors > 0
    pairs = pd.DataFrame({"true": judged.truth[wrong], "answered": judged.decided[wrong]})
    counts = pairs.astype(int).value_counts()
    return [
        (true, answered, int(number))
        for (true, answered), number in zip(counts.index, counts, strict=True)
    ]


def _say_right(judged: TargetResult) -> str:
    right = 100 * (1.0 - judged.errors.mean())
    return f"{say_count(len(judged.truth), 'images')}, {right:.1f} % right"
