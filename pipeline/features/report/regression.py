"""Numbers: what is answered against what is true, and the error along the scale."""

import numpy as np
import pandas as pd

from pipeline.features.report.context import ReportContext, TargetResult
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, figure
from pipeline.figures.curves import Curve, plot_curves, scatter
from pipeline.labels.tasks import Task, to_numbers
from pipeline.metrics.paired import short_number
from pipeline.metrics.reliability import mean_rate

MOST_DOTS = 1000
BINS = 12


def describe_regression(context: ReportContext) -> Section | None:
    """The section; None where no label is a number."""
    tasks = {task.name: task for task in context.evaluation.tasks}
    figures = []
    for judged in context.judged:
        task = tasks.get(judged.title)
        if task is not None and task.kind == "regression":
            figures.append(scatter_figure(judged))
            figures.append(error_figure(context, judged, judged.truth, task))
            figures.append(bias_figure(judged))
        elif task is not None and task.edges:
            images = context.evaluation.images
            values = to_numbers(task, images[task.column], image_ids=images["image_id"])
            figures.append(error_figure(context, judged, values, task))
    if not figures:
        return None
    body = render("figures.html.j2", figures=figures)
    is_asked = any(judged.kind == "regression" for judged in context.answers)
    says = "the error by the true value"
    return Section("numbers", "Along the scale", body, says=says, is_open=is_asked)


def scatter_figure(judged: TargetResult) -> Figure:
    """Answers against the truth, a dot an image (at most `MOST_DOTS`, drawn at random)."""
    every = np.arange(len(judged.truth))
    kept = np.random.default_rng(0).permutation(every)[:MOST_DOTS]
    truth, answer = judged.truth[kept], judged.decided[kept]
    low = float(min(truth.min(), answer.min()))
    high = float(max(truth.max(), answer.max()))
    room = 0.03 * (high - low) or 0.5
    correlation = np.nan
    if len(every) > 2:
        correlation = float(np.corrcoef(judged.truth, judged.decided)[0, 1])
    note = f"{len(kept):,} of {len(every):,} images; correlation {correlation:.3f} over all."
    chart = scatter(
        truth,
        answer,
        x_label=f"true {judged.title}",
        y_label=f"answered {judged.title}",
        span=(low - room, high + room),
    )
    title = f"{judged.title}: answered against true"
    return figure(title, chart, says=f"{title}, {note}", note=note)


def error_figure(
    context: ReportContext, judged: TargetResult, values: np.ndarray, task: Task
) -> Figure:
    """The error by what is true (`values`, one an image), with intervals."""
    xs, rates = [], []
    for here in _pieces(values):
        xs.append(float(values[here].mean()))
        rates.append(
            mean_rate("", judged.errors[here], context.people[here], num_draws=context.num_draws)
        )
    scale = 1.0 if judged.kind == "regression" else 100.0
    highs = [scale * rate.high for rate in rates]
    ys = [scale * rate.value for rate in rates]
    curve = Curve(
        judged.title,
        xs,
        ys,
        lows=[scale * rate.low for rate in rates],
        highs=highs,
        tone=1,
        style="-",
        says=[
            f"{task.column} about {short_number(x)}: {judged.say_error(rate.value)} of "
            f"{rate.num_images:,} images"
            for x, rate in zip(xs, rates, strict=True)
        ],
    )
    worst = int(np.argmax([rate.value for rate in rates]))
    note = (
        f"Largest about {short_number(xs[worst])}: {judged.say_error(rates[worst].value)} of "
        f"{rates[worst].num_images:,} images. The band is the 95 % interval."
    )
    if task.edges:
        note += f" The contest's edges: {', '.join(f'{edge:g}' for edge in task.edges)}."
    top = max([1e-9, *ys, *(high for high in highs if np.isfinite(high))])
    chart = plot_curves(
        [curve],
        x_label=f"true {task.column}",
        y_label=judged.error_name + ("" if scale == 1.0 else ", %"),
        y_span=(0.0, 1.08 * top),
    )
    title = f"{judged.title}: error by {task.column}"
    return figure(title, chart, says=f"{title}. {note}", note=note)


def bias_figure(judged: TargetResult) -> Figure:
    """The mean of answer minus truth along the scale."""
    off = judged.decided - judged.truth
    pieces = _pieces(judged.truth)
    xs = [float(judged.truth[here].mean()) for here in pieces]
    ys = [float(off[here].mean()) for here in pieces]
    mean = float(off.mean())
    note = f"Answers are {short_number(abs(mean))} too {'high' if mean > 0 else 'low'} on average."
    bias = Curve(judged.title, xs, ys)
    zero = Curve("no bias", [xs[0], xs[-1]], [0.0, 0.0], tone=5, sizes=[0.0, 0.0])
    chart = plot_curves(
        [bias, zero],
        x_label=f"true {judged.title}",
        y_label="mean of answered − true",
        legend=[],
    )
    title = f"{judged.title}: too high or too low"
    return figure(title, chart, says=f"{title}. {note}", note=note)


def _pieces(values: np.ndarray) -> list[np.ndarray]:
    """Positions of about equally many images from low values to high; equal values together."""
    codes = pd.qcut(values, min(BINS, len(np.unique(values))), labels=False, duplicates="drop")
    codes = np.nan_to_num(np.asarray(codes, dtype=float), nan=0.0)
    return [np.flatnonzero(codes == code) for code in np.unique(codes)]
