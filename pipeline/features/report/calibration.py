"""Whether probabilities can be trusted: reliability, confidence, ROC and precision-recall."""

from collections.abc import Sequence

import numpy as np

from pipeline.console.installation import COMMAND
from pipeline.features.report.context import ReportContext, TargetResult, pool_labels
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Hint, figure
from pipeline.figures.chart import shorten
from pipeline.figures.charts import histogram
from pipeline.figures.curves import Curve, plot_curves
from pipeline.figures.palette import dash
from pipeline.metrics.calibration import calibration_error
from pipeline.metrics.prob_metrics import two_columns
from pipeline.metrics.reliability import Rate, confidence_bins

FEW = 5  # images: a bin with fewer says too little to be drawn into the line
LARGEST, SMALLEST = 8.0, 2.5  # radii of points, pixels
MOST_CURVES = 6  # classes with a curve each
MOST_POINTS = 120  # of a curve
NAME = 26  # letters of a class beside its area


def describe_calibration(context: ReportContext) -> Section | None:
    """The section: figures for each target with probabilities; None where all are numbers."""
    with_probs = [judged for judged in context.judged if judged.kind != "regression"]
    pooled = [pool_labels(judged, context.people) for judged in with_probs]
    targets = [
        {
            "title": judged.title,
            "figures": [
                reliability_figure(judged, people, num_draws=context.num_draws),
                confidence_figure(judged),
                *threshold_figures(whole),
            ],
        }
        for whole, (judged, people) in zip(with_probs, pooled, strict=True)
    ]
    if not targets:
        return None
    hint = None
    if not context.runs.stack("stack.csv").exists():
        hint = Hint("The stage stack fits temperatures.", f"{COMMAND} stack {context.as_typed}")
    says = ""
    if context.answers[0].kind != "regression":
        says = say_confidence(pool_labels(context.answers[0], context.people)[0])
    body = render("calibration.html.j2", targets=targets, hint=hint)
    return Section("calibration", "Confidence", body, says=says)


def say_confidence(judged: TargetResult) -> str:
    """The calibration error, and whether answers are too sure or too unsure, in a sentence."""
    probs = two_columns(judged.probs)
    right = probs.argmax(axis=1) == judged.truth
    gap = float(probs.max(axis=1).mean() - right.mean())
    error = calibration_error(judged.probs, judged.truth)
    word = "too sure" if gap > 0 else "too unsure"
    return f"ECE {error:.4f}; on average {word} by {abs(gap):.4f}"


def reliability_figure(judged: TargetResult, people: np.ndarray, *, num_draws: int) -> Figure:
    """The share that is right by confidence; a point's size shows its images.

    Bins of fewer than `FEW` images are left out: one image would be drawn as 0 or 100 %."""
    bins = confidence_bins(judged.probs, judged.truth, person_ids=people, num_draws=num_draws)
    large = [(sure, rate) for sure, rate in bins if rate.num_images >= FEW]
    left_out = sum(rate.num_images for _, rate in bins) - sum(r.num_images for _, r in large)
    curve = _reliability_curve(judged.title, large)
    low = min([0.5, *(sure - 0.03 for sure, _ in large)])
    lowest = min([low, *(min(rate.value, rate.low) for _, rate in large)])
    chart = plot_curves(
        [curve],
        x_label="mean confidence of the answer",
        y_label="share right",
        diagonal=True,
        x_span=(low, 1.02),
        y_span=(max(-0.02, lowest - 0.02), 1.04),
    )
    note = f"{say_confidence(judged)}. Larger points are more images."
    if left_out:
        note += f" Bins of fewer than {FEW} images are left out ({left_out} images)."
    says = f"{judged.title}: {say_confidence(judged)}"
    return figure(f"{judged.title}: reliability", chart, says=says, note=note)


def _reliability_curve(name: str, bins: Sequence[tuple[float, Rate]]) -> Curve:
    most = max([1, *(rate.num_images for _, rate in bins)])
    sizes = [max(SMALLEST, LARGEST * np.sqrt(rate.num_images / most)) for _, rate in bins]
    says = [
        f"confidence {sure:.2f}: {100 * rate.value:.0f} % of {rate.num_images:,} images are right"
        for sure, rate in bins
    ]
    return Curve(
        name,
        [sure for sure, _ in bins],
        [rate.value for _, rate in bins],
        lows=[rate.low for _, rate in bins],
        highs=[rate.high for _, rate in bins],
        whiskers=True,
        sizes=sizes,
        says=says,
    )


def confidence_figure(judged: TargetResult) -> Figure:
    """How sure right and wrong answers are, as a histogram."""
    probs = two_columns(judged.probs)
    codes = judged.decided.astype(np.int64)
    sure = probs[np.arange(len(probs)), codes]
    is_right = codes == judged.truth
    groups = {"right": sure[is_right], "wrong": sure[~is_right]}
    groups = {name: values for name, values in groups.items() if len(values)}
    chart = histogram(groups, label="confidence of the answer", edges=confidence_edges(sure))
    says = f"{judged.title}: {is_right.sum():,} right and {(~is_right).sum():,} wrong answers"
    return figure(f"{judged.title}: confidence", chart, says=says)


def confidence_edges(sure: np.ndarray) -> np.ndarray:
    """Edges of twentieths from the least confidence to the largest; where all answers are within
    four of them, of 20 bins between the two."""
    low = np.floor(20.0 * sure.min()) / 20.0
    high = max(np.ceil(20.0 * sure.max()) / 20.0, low + 0.05)
    number = round(20.0 * (high - low))
    return np.linspace(low, high, number + 1 if number > 4 else 21)


def threshold_figures(judged: TargetResult) -> list[Figure]:
    """ROC and precision-recall of each class against the rest, or of each of several labels; of a
    binary target of yes alone.

    Of more than `MOST_CURVES` classes those with the smallest area under the ROC curve: more curves
    can't be told apart."""
    from sklearn.metrics import roc_auc_score

    if not judged.classes:
        return []
    every = [one for one in _against_others(judged) if 0 < one[1].sum() < len(one[1])]
    if not every:
        return []
    title = judged.title
    if len(every) > MOST_CURVES:
        title = f"{judged.title}, the {MOST_CURVES} hardest of {len(every)}"
        areas = [roc_auc_score(is_class, scores) for _, is_class, scores in every]
        every = [every[place] for place in np.argsort(areas, kind="stable")[:MOST_CURVES]]
    roc, precision = [], []
    for place, (name, is_class, scores) in enumerate(every):
        roc.append(_roc_curve(name, is_class, scores, tone=place))
        precision.append(_precision_curve(name, is_class, scores, tone=place))
    span = (-0.02, 1.02)
    roc_chart = plot_curves(
        roc,
        x_label="share of the others taken for it",
        y_label="share of it found",
        diagonal=True,
        x_span=span,
        y_span=span,
        legend=_legend(roc),
    )
    precision_chart = plot_curves(
        precision,
        x_label="recall: share of it found",
        y_label="precision",
        x_span=span,
        y_span=span,
        legend=_legend(precision),
    )
    return [
        figure(f"{title}: ROC", roc_chart, says=_names(title, "ROC", roc)),
        figure(
            f"{title}: precision and recall",
            precision_chart,
            says=_names(title, "precision and recall", precision),
        ),
    ]


def _against_others(judged: TargetResult) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """A name, whether an image is of it (N,), and its probability (N,): for each class, for each
    label where it is known, or for yes alone."""
    if judged.kind == "multilabel":
        known = ~np.isnan(judged.truth)
        return [
            (
                name,
                judged.truth[known[:, place], place] > 0.5,
                judged.probs[known[:, place], place],
            )
            for place, name in enumerate(judged.classes)
        ]
    probs = two_columns(judged.probs)
    codes = [1] if probs.shape[1] == 2 else list(range(probs.shape[1]))
    return [(judged.classes[code], judged.truth == code, probs[:, code]) for code in codes]


def _legend(curves: Sequence[Curve]) -> list[tuple[str, int, str | tuple]]:
    """All curves by name, colour and dash, a single one too: its name holds its area."""
    return [(curve.name, curve.tone, dash(curve.tone)) for curve in curves]


def _names(title: str, kind: str, curves: Sequence[Curve]) -> str:
    return f"{title}, {kind}: {'; '.join(curve.name for curve in curves)}"


def _roc_curve(name: str, is_class: np.ndarray, scores: np.ndarray, *, tone: int) -> Curve:
    from sklearn.metrics import roc_auc_score, roc_curve

    false_rate, true_rate, _ = roc_curve(is_class, scores)
    area = roc_auc_score(is_class, scores)
    kept = _thinned(len(false_rate))
    return _line(
        f"{shorten(name, NAME)}, AUC {area:.3f}", false_rate[kept], true_rate[kept], tone=tone
    )


def _precision_curve(name: str, is_class: np.ndarray, scores: np.ndarray, *, tone: int) -> Curve:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    precision, recall, _ = precision_recall_curve(is_class, scores)
    area = average_precision_score(is_class, scores)
    kept = _thinned(len(recall))
    return _line(f"{shorten(name, NAME)}, AP {area:.3f}", recall[kept], precision[kept], tone=tone)


def _line(name: str, xs: np.ndarray, ys: np.ndarray, *, tone: int) -> Curve:
    """A line without points, its dashes the tone's own: colour alone is not enough."""
    return Curve(name, xs.tolist(), ys.tolist(), tone=tone, sizes=[0.0] * len(xs))


def _thinned(length: int) -> np.ndarray:
    """Places of at most `MOST_POINTS` points from the first to the last."""
    return np.unique(np.linspace(0, length - 1, min(length, MOST_POINTS)).round().astype(int))
