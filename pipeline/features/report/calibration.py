"""Whether probabilities can be trusted: reliability curves and the calibration error."""

import numpy as np

from pipeline.features.report.context import ReportContext, TargetResult, missing
from pipeline.features.report.html.markup import Html, drawn, join, paragraph, side_by_side
from pipeline.features.report.html.page import Section
from pipeline.features.report.html.svg import Curve, plot_curves
from pipeline.metrics.calibration import calibration_error
from pipeline.metrics.reliability import confidence_bins


def describe_calibration(context: ReportContext) -> Section:
    """The section: a curve for each question with probabilities."""
    known = [judged for judged in context.judged if judged.kind != "regression"]
    if not known:
        body = paragraph("Numbers have no probabilities to calibrate.", note=True)
        return Section("calibration", "Calibration", body)
    lead = (
        "How often answers of a confidence are right, in ten bins, with 95 % intervals. "
        "On the dashed line a probability means what it says; below it the answers are too sure. "
        "ECE is the mean distance from the line (15 bins, weighted by images)."
    )
    config = context.work.settings.name
    more = missing("The stage stack fits temperatures.", type_=f"./run.sh stack -c {config}")
    has_stack = context.work.runs.stack("stack.csv").exists()
    figures = side_by_side(_figure(context, judged) for judged in known)
    body = join(paragraph(lead, note=True), figures, None if has_stack else more)
    return Section("calibration", "Calibration", body)


def _figure(context: ReportContext, judged: TargetResult) -> Html:
    error = calibration_error(judged.probs, judged.truth)
    draws = {"person_ids": context.people, "num_draws": context.num_draws}
    bins = confidence_bins(judged.probs, judged.truth, **draws)
    sure, rates = [s for s, _ in bins], [rate for _, rate in bins]
    both = judged.probs
    if both.shape[1] == 1:
        both = np.concatenate([1.0 - both, both], axis=1)
    right = both.argmax(axis=1) == judged.truth
    gap = float(both.max(axis=1).mean() - right.mean())
    word = "too sure" if gap > 0 else "too unsure"
    curve = Curve(
        judged.title,
        sure,
        [rate.value for rate in rates],
        [rate.low for rate in rates],
        [rate.high for rate in rates],
        whiskers=True,
    )
    counts = ", ".join(f"{s:.2f}: {rate.num_images:,}" for s, rate in bins)
    note = f"ECE {error:.4f}; on average {word} by {abs(gap):.4f}. Images by confidence: {counts}"
    low = min(0.5, min(sure) - 0.03)
    says = f"{judged.title}: expected calibration error {error:.4f}"
    chart = plot_curves(
        [curve],
        x_label="mean confidence of the answer",
        y_label="share right",
        says=says,
        diagonal=True,
        x_span=(low, 1.005),
        y_span=(max(0.0, min([low, *(min(r.value, r.low) for r in rates)]) - 0.02), 1.02),
    )
    return drawn(chart, title=f"{judged.title} (n = {len(judged.truth):,})", note=note)
