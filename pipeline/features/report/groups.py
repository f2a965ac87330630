"""Error by gender, age, source and what else the label table tells apart, and the largest gap."""

from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.experiment.data_summary import label_words
from pipeline.features.report.context import ReportContext, TargetResult, count_words, say_rate
from pipeline.features.report.html.markup import (
    Html,
    drawn,
    folded,
    join,
    paragraph,
    side_by_side,
    table,
    tag,
)
from pipeline.features.report.html.page import Section
from pipeline.features.report.html.svg import Interval, plot_intervals
from pipeline.metrics.reliability import Rate, group_gap, group_rates, mean_rate
from pipeline.tables import FOLDS, IMAGES

MOST_VALUES = 12  # a column with more is no group
LEAST_IMAGES, LEAST_PEOPLE = 20, 8  # for a group to be named
SHOWN = 15  # combinations in a table
_OURS = {*IMAGES.key, *IMAGES.columns, *FOLDS.columns, "width", "height", "row", "how"}
_OURS |= {"face_status", "num_faces", "split"}


def group_columns(context: ReportContext) -> pd.DataFrame:
    """The held-out images' groups: each task's classes, and columns of a few values."""
    images, tasks = context.evaluation.images, context.evaluation.tasks
    columns = {name: words.astype(str) for name, words in label_words(tasks, images).items()}
    raw = {task.column for task in tasks}
    for task in tasks:
        if task.group is not None and task.group in images:
            values = pd.to_numeric(images[task.group], errors="coerce")
            halves = np.where(values < 0.5, f"{task.group} < 0.5", f"{task.group} >= 0.5")
            columns[task.group] = pd.Series(halves)
    for name in images.columns:
        known = name in columns or name in raw or name in _OURS or name.startswith("fold")
        if known or name.endswith("_half"):  # what a numeric group is balanced by: shown above
            continue
        values = images[name].astype(str)
        if 2 <= values.nunique() <= MOST_VALUES:
            columns[name] = values
    frame = pd.DataFrame({name: np.asarray(v, dtype=object) for name, v in columns.items()})
    face = images["how"].map({"centre": "no face found", "mtcnn": "face found"})
    if face.notna().all() and face.nunique() > 1:
        frame["detector"] = face.to_numpy()
    return frame


def describe_groups(context: ReportContext) -> Section:
    """The section: of each question the error by group, then by combinations, with the gap."""
    groups, parts = group_columns(context), []
    for judged in context.judged:
        found = {name: _rates(context, judged, groups[name].to_numpy()) for name in groups}
        found = {name: rates for name, rates in found.items() if len(rates) > 1}
        if found:
            parts.append(tag("h3", f"{judged.title}: {judged.error_name}"))
            parts.append(_largest_gap(context, judged, groups, found))
            parts.append(side_by_side(_chart(judged, n, rates) for n, rates in found.items()))
            parts += _combinations(context, judged, groups, list(found))
    if not parts:
        parts = [paragraph("The label table tells no groups apart.", note=True)]
    note = (
        "Lines are 95 % intervals over people. Groups differ in more than their name: in how "
        "many images there are to learn from, and in what else goes with them."
    )
    return Section("groups", "Error by group", join(paragraph(note, note=True), parts))


def _rates(context: ReportContext, judged: TargetResult, values: np.ndarray) -> list[Rate]:
    """The errors of a column's groups; classes in their own order."""
    draws = {"person_ids": context.people, "num_draws": context.num_draws}
    rates = group_rates(judged.errors, values, **draws)
    order = {
        word: place for task in context.evaluation.tasks for place, word in enumerate(task.classes)
    }
    return sorted(rates, key=lambda rate: order.get(rate.name, 0))


def _chart(judged: TargetResult, name: str, rates: list[Rate]) -> Html:
    scale = 1.0 if judged.kind == "regression" else 100.0
    rows = [
        Interval(r.name, scale * r.value, scale * r.low, scale * r.high, say_rate(judged, r))
        for r in rates
    ]
    said = "; ".join(f"{row.name} {row.says}" for row in rows)
    unit = judged.error_name + ("" if judged.kind == "regression" else ", %")
    chart = plot_intervals(rows, x_label=unit, says=f"{judged.title} by {name}: {said}")
    return drawn(chart, title=f"by {name}")


def _largest_gap(
    context: ReportContext, judged: TargetResult, groups: pd.DataFrame, found: dict[str, list[Rate]]
) -> Html:
    """The two groups of one column whose errors are furthest apart, in a sentence."""
    gaps = []
    for name, rates in found.items():
        large = [r for r in rates if _is_large(r)]
        if len(large) > 1:
            low, high = min(large, key=lambda r: r.value), max(large, key=lambda r: r.value)
            gaps.append((high.value - low.value, name, low, high))
    if not gaps:
        return paragraph("No two groups are large enough to be compared.", note=True)
    _, name, low, high = max(gaps, key=lambda gap: gap[0])
    gap = group_gap(
        judged.errors,
        groups[name].to_numpy(),
        (low.name, high.name),
        person_ids=context.people,
        num_draws=context.num_draws,
    )
    unit = "" if judged.kind == "regression" else " points"
    number, first, last = (
        judged.say_error(v).removesuffix(" %") for v in (gap.value, gap.low, gap.high)
    )
    verdict = "" if gap.is_distinguishable else "; not yet distinguishable from none"
    return paragraph(
        tag("strong", f"Largest gap: {name}. "),
        f"{high.name} {judged.say_error(high.value)} "
        f"({count_words(high.num_images, high.num_people)}), "
        f"{low.name} {judged.say_error(low.value)} "
        f"({count_words(low.num_images, low.num_people)}): "
        f"{number}{unit} apart (95 % {first}–{last}{verdict}). It is the largest of "
        f"{len(gaps)} columns, and so a little flattered by chance.",
    )


def _is_large(rate: Rate) -> bool:
    return rate.num_images >= LEAST_IMAGES and rate.num_people >= LEAST_PEOPLE


def _combinations(
    context: ReportContext, judged: TargetResult, groups: pd.DataFrame, names: list[str]
) -> list[Html]:
    """The groups of two and of all columns with the largest errors, as tables."""
    if len(names) < 2:
        return []
    sets = [*combinations(names, 2), *([tuple(names)] if 2 < len(names) < 5 else [])]
    found, people = [], pd.Series(context.people)
    for some in sets:
        joined = groups[some[0]].astype(str)
        for name in some[1:]:
            joined = joined + " · " + groups[name].astype(str)
        for name, places in people.groupby(joined.to_numpy()).indices.items():
            if len(places) >= LEAST_IMAGES and people.iloc[places].nunique() >= LEAST_PEOPLE:
                found.append((judged.errors[places].mean(), name, places))
    if not found:
        return []
    found.sort(key=lambda row: -row[0])
    rates = [
        mean_rate(name, judged.errors[here], context.people[here], num_draws=context.num_draws)
        for _, name, here in found[:SHOWN]
    ]
    rows = [
        (
            r.name,
            judged.say_error(r.value),
            _ends(judged, r),
            f"{r.num_images:,}",
            f"{r.num_people:,}",
        )
        for r in rates
    ]
    header = ("group", judged.error_name, "95 %", "images", "people")
    caption = (
        f"The {len(rows)} largest errors of {len(found)} combinations with {LEAST_IMAGES} images "
        f"of {LEAST_PEOPLE} people or more"
    )
    listed = table(header, rows, caption=caption)
    return [folded(f"{judged.title} by combinations of {', '.join(names)}", listed)]


def _ends(judged: TargetResult, rate: Rate) -> str:
    if not np.isfinite(rate.low):
        return "–"
    return f"{judged.say_error(rate.low)}–{judged.say_error(rate.high)}"
