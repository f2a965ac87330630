"""Numbers: what is answered against what is true, and the error along the scale."""

import numpy as np
import pandas as pd

from pipeline.features.report.context import ReportContext, TargetResult
from pipeline.features.report.html.markup import Html, drawn, join, side_by_side
from pipeline.features.report.html.page import Section
from pipeline.features.report.html.svg import Curve, plot_curves
from pipeline.labels.tasks import Task, to_numbers
from pipeline.metrics.reliability import mean_rate

MOST_DOTS = 1500
BINS = 12


def describe_regression(context: ReportContext) -> Section | None:
    """The section; None where no label is a number."""
    figures, tasks = [], {task.name: task for task in context.evaluation.tasks}
    for judged in context.judged:
        task = tasks.get(judged.title)
        if task is not None and task.kind == "regression":
            figures += [_scatter(judged), _along(context, judged, judged.truth, task)]
            figures.append(_bias(judged))
        elif task is not None and task.edges:
            ids = context.evaluation.images["image_id"]
            values = to_numbers(task, context.evaluation.images[task.column], image_ids=ids)
            figures.append(_along(context, judged, values, task))
    if not figures:
        return None
    return Section("numbers", "Along the scale", join(side_by_side(figures)))


def _scatter(judged: TargetResult) -> Html:
    every = np.arange(len(judged.truth))
    kept = np.random.default_rng(0).permutation(every)[:MOST_DOTS]
    truth, answer = judged.truth[kept], judged.decided[kept]
    both = (float(min(truth.min(), answer.min())), float(max(truth.max(), answer.max())))
    room = 0.03 * (both[1] - both[0]) or 0.5
    span = both[0] - room, both[1] + room
    r = float(np.corrcoef(judged.truth, judged.decided)[0, 1]) if len(every) > 2 else np.nan
    note = f"{len(kept):,} of {len(every):,} images; correlation {r:.3f} over all."
    chart = plot_curves(
        [],
        x_label=f"true {judged.title}",
        y_label=f"answered {judged.title}",
        says=f"{judged.title}: answered against true, {note}",
        diagonal=True,
        cloud=(truth.tolist(), answer.tolist()),
        x_span=span,
        y_span=span,
    )
    return drawn(chart, title=f"{judged.title}: answered against true", note=note)


def _along(context: ReportContext, judged: TargetResult, values: np.ndarray, task: Task) -> Html:
    """The error by what is true, with intervals over people."""
    xs, rates = [], []
    for here in _pieces(values):
        draws = {"num_draws": context.num_draws}
        xs.append(float(values[here].mean()))
        rates.append(mean_rate("", judged.errors[here], context.people[here], **draws))
    scale = 1.0 if judged.kind == "regression" else 100.0
    curve = Curve(
        judged.title,
        xs,
        [scale * rate.value for rate in rates],
        [scale * rate.low for rate in rates],
        [scale * rate.high for rate in rates],
        tone=1,
    )
    worst = max(range(len(xs)), key=lambda n: rates[n].value)
    note = (
        f"Largest about {xs[worst]:.3g}: {judged.say_error(rates[worst].value)} of "
        f"{rates[worst].num_images:,} images. The band is the 95 % interval over people."
    )
    edges = (
        f" The contest's edges: {', '.join(f'{e:g}' for e in task.edges)}." if task.edges else ""
    )
    chart = plot_curves(
        [curve],
        x_label=f"true {task.column}",
        y_label=judged.error_name + ("" if scale == 1.0 else ", %"),
        says=f"{judged.title}: {judged.error_name} along {task.column}. {note}",
        y_span=(0.0, 1.08 * max([*_finite(curve.highs), *curve.ys, 1e-9])),
    )
    return drawn(chart, title=f"{judged.title}: error by {task.column}", note=note + edges)


def _bias(judged: TargetResult) -> Html:
    """The mean of answer minus truth along the scale."""
    off, xs, ys = judged.decided - judged.truth, [], []
    for here in _pieces(judged.truth):
        xs.append(float(judged.truth[here].mean()))
        ys.append(float(off[here].mean()))
    note = f"Answers are {off.mean():+.3g} off on average; above 0 is too high."
    chart = plot_curves(
        [Curve(judged.title, xs, ys), Curve("no bias", [xs[0], xs[-1]], [0.0, 0.0], tone=5)],
        x_label=f"true {judged.title}",
        y_label="mean of answered − true",
        says=f"{judged.title}: bias along the scale. {note}",
        legend=False,
    )
    return drawn(chart, title=f"{judged.title}: too high or too low", note=note)


def _pieces(values: np.ndarray) -> list[np.ndarray]:
    """Positions of about equally many images from low values to high; equal values together."""
    codes = pd.qcut(values, min(BINS, len(np.unique(values))), labels=False, duplicates="drop")
    codes = np.nan_to_num(np.asarray(codes, dtype=float), nan=0.0)
    return [np.flatnonzero(codes == code) for code in np.unique(codes)]


def _finite(values) -> list[float]:
    return [v for v in values if np.isfinite(v)]
