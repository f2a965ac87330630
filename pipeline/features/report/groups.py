"""Error by gender, age, source and what else the label table tells apart, and the largest gap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.experiment.data_summary import label_words
from pipeline.experiment.grouping import Grouping
from pipeline.features.report.context import ReportContext, TargetResult, say_rate
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Table, figure
from pipeline.figures.chart import say_count
from pipeline.figures.intervals import Interval, plot_intervals, row_values, span_of
from pipeline.labels.tasks import Task
from pipeline.metrics.paired import Difference
from pipeline.metrics.reliability import Rate, group_gap, group_rates, mean_rate
from pipeline.tables import FOLDS, IMAGES

MOST_VALUES = 12  # a column with more is no group
MOST_CHARTS = 6  # of a target: further columns are folded
NOT_KNOWN = "not known"
LEAST_IMAGES, LEAST_PEOPLE = 20, 8  # for a group to be named
SHOWN = 15  # combinations in a table
_OURS = {*IMAGES.key, *IMAGES.columns, *FOLDS.columns, "width", "height", "row", "how"}
_OURS |= {"face_status", "num_faces", "split"}
_FACES = {"centre": "no face found", "mtcnn": "face found"}


@dataclass(frozen=True)
class Gap:
    """The two groups of one column whose errors are furthest apart, out of `num_columns`."""

    column: str
    low: Rate
    high: Rate
    difference: Difference
    num_columns: int


def group_columns(images: pd.DataFrame, tasks: Sequence[Task]) -> pd.DataFrame:
    """The images' groups, a column each: the tasks' classes, and columns of a few values."""
    words = label_words(list(tasks), images)
    columns = {name: _known(values) for name, values in words.items()}
    raw = {task.column for task in tasks}
    raw |= {word for task in tasks if task.kind == "multilabel" for word in task.classes}
    for task in tasks:
        if task.group is not None and task.group in images:
            values = pd.to_numeric(images[task.group], errors="coerce")
            halves = np.where(values < 0.5, f"{task.group} < 0.5", f"{task.group} >= 0.5")
            columns[task.group] = pd.Series(halves)
    for name in images.columns:
        is_known = name in columns or name in raw or name in _OURS or name.startswith("fold")
        if is_known or name.endswith("_half"):  # a numeric group's halves are shown above
            continue
        values = _known(images[name])
        if 2 <= values.nunique() <= MOST_VALUES:
            columns[name] = values
    frame = pd.DataFrame({name: np.asarray(v, dtype=object) for name, v in columns.items()})
    face = images["how"].map(_FACES)
    if face.notna().all() and face.nunique() > 1:
        frame["detector"] = face.to_numpy()
    return frame


def _known(values: pd.Series) -> pd.Series:
    """Values as words; one that is missing is a group of its own."""
    return values.astype(object).where(values.notna(), NOT_KNOWN).astype(str)


def describe_groups(context: ReportContext) -> Section:
    """The section: for each target the error by group, by combinations, and the largest gap."""
    groups = group_columns(context.evaluation.images, context.evaluation.tasks)
    targets = []
    for judged in context.judged:
        rates = rates_by_column(context, judged, groups)
        if rates:
            charts = _charts(judged, rates)
            targets.append(
                {
                    "title": f"{judged.title}: {judged.error_name}",
                    "gap": say_gap(
                        judged,
                        find_gap(context, judged, groups, rates),
                        grouping=context.grouping,
                    ),
                    "figures": charts[:MOST_CHARTS],
                    "more": charts[MOST_CHARTS:],
                    "combinations": _combinations(context, judged, groups, list(rates)),
                }
            )
    body = render("groups.html.j2", targets=targets, unit=context.grouping.unit)
    return Section("groups", "Error by group", body, says="which images are answered worse")


def rates_by_column(
    context: ReportContext, judged: TargetResult, groups: pd.DataFrame
) -> dict[str, list[Rate]]:
    """The errors of each column's groups, classes in their own order; only columns with two groups
    or more."""
    words = [word for task in context.evaluation.tasks for word in task.classes]
    order = {word: place for place, word in enumerate(words)}
    found = {}
    for name in groups:
        rates = group_rates(
            judged.errors,
            groups[name].to_numpy(),
            person_ids=context.people,
            num_draws=context.num_draws,
        )
        if len(rates) > 1:
            found[name] = sorted(rates, key=lambda rate: order.get(rate.name, 0))
    return found


def _charts(judged: TargetResult, rates: Mapping[str, Sequence[Rate]]) -> list[Figure]:
    """A chart for each column, the columns whose groups are furthest apart first; all have one axis
    from 0, so that they can be compared by eye. A column of many small groups has none."""
    scale = 1.0 if judged.kind == "regression" else 100.0
    over_all = float(judged.errors.mean())
    rows = {
        name: [_row(judged, rate, scale=scale, mark=over_all) for rate in _shown(rates[name])]
        for name in sorted(rates, key=lambda name: -_spread(rates[name]))
        if _shown(rates[name])
    }
    values = [row_values(row) for some in rows.values() for row in some]
    _, high = span_of(values, zero=True)
    span = (-0.02 * high, high)
    unit = judged.error_name + ("" if judged.kind == "regression" else ", %")
    figures = []
    for name, some in rows.items():
        said = "; ".join(f"{row.name} {row.says}" for row in some)
        chart = plot_intervals(some, x_label=unit, span=span)
        says = f"{judged.title} by {name}: {said}"
        note = _say_left_out(rates[name])
        figures.append(figure(f"by {name}", chart, says=says, note=note))
    return figures


def _shown(rates: Sequence[Rate]) -> list[Rate]:
    """All groups of a column in their order. Where there are many, those with the largest errors
    among the large ones: an image or two are right or wrong by chance."""
    if len(rates) <= MOST_VALUES:
        return list(rates)
    large = [rate for rate in rates if is_large(rate)]
    return sorted(large, key=lambda rate: -rate.value)[:MOST_VALUES] if len(large) > 1 else []


def _spread(rates: Sequence[Rate]) -> float:
    """How far apart the errors of a column's large groups are; 0 without two of them."""
    values = [rate.value for rate in rates if is_large(rate)]
    # rounded, so that columns that are equally far apart stay in their order
    return round(max(values) - min(values), 9) if len(values) > 1 else 0.0


def _say_left_out(rates: Sequence[Rate]) -> str:
    shown = _shown(rates)
    if len(shown) == len(rates):
        return ""
    return (
        f"The {len(shown)} groups of {LEAST_IMAGES} images or more with the largest errors, out of "
        f"{len(rates)} groups."
    )


def _row(judged: TargetResult, rate: Rate, *, scale: float, mark: float) -> Interval:
    return Interval(
        rate.name,
        scale * rate.value,
        scale * rate.low,
        scale * rate.high,
        say_rate(judged, rate),
        mark=scale * mark,
    )


def find_gap(
    context: ReportContext,
    judged: TargetResult,
    groups: pd.DataFrame,
    rates: Mapping[str, Sequence[Rate]],
) -> Gap | None:
    """The largest gap within one column between groups that are large enough; None without any."""
    gaps = []
    for name, some in rates.items():
        large = [rate for rate in some if is_large(rate)]
        if len(large) > 1:
            low = min(large, key=lambda rate: rate.value)
            high = max(large, key=lambda rate: rate.value)
            gaps.append((high.value - low.value, name, low, high))
    if not gaps:
        return None
    _, name, low, high = max(gaps, key=lambda gap: gap[0])
    difference = group_gap(
        judged.errors,
        groups[name].to_numpy(),
        (low.name, high.name),
        person_ids=context.people,
        num_draws=context.num_draws,
    )
    return Gap(name, low, high, difference, len(gaps))


def say_gap(judged: TargetResult, gap: Gap | None, *, grouping: Grouping) -> str:
    """The largest gap in a sentence, with how sure it is."""
    if gap is None:
        return "No two groups are large enough to be compared."
    unit = "" if judged.kind == "regression" else " points"
    difference = gap.difference
    value, first, last = (
        judged.say_error(v).removesuffix(" %")
        for v in (difference.value, difference.low, difference.high)
    )
    doubt = "" if difference.is_distinguishable else "; it can't be told from none yet"
    return (
        f"Largest gap: {gap.column}. {_say_group(judged, gap.high, grouping)}, "
        f"{_say_group(judged, gap.low, grouping)}: {value}{unit} apart "
        f"(95 % {first} to {last}{doubt}). It is the largest of {gap.num_columns} columns, so "
        "chance makes it look a little larger."
    )


def _say_group(judged: TargetResult, rate: Rate, grouping: Grouping) -> str:
    counted = say_count(rate.num_images, "images")
    if grouping.unit != "images":  # that nobody is named stands at the top of the page
        counted = grouping.count(rate.num_images, rate.num_people)
    return f"{rate.name} {judged.say_error(rate.value)} ({counted})"


def is_large(rate: Rate) -> bool:
    """Whether a group is large enough to be named."""
    return rate.num_images >= LEAST_IMAGES and rate.num_people >= LEAST_PEOPLE


def _combinations(
    context: ReportContext, judged: TargetResult, groups: pd.DataFrame, names: list[str]
) -> Table | None:
    """The groups of two and of all columns with the largest errors; None without any."""
    sets: list[tuple[str, ...]] = list(combinations(names, 2))
    if 2 < len(names) < 5:
        sets.append(tuple(names))
    people = pd.Series(context.people)
    found = []
    for some in sets:
        joined = groups[list(some)].astype(str).agg(" · ".join, axis=1).to_numpy()
        for name, places in people.groupby(joined).indices.items():
            if len(places) >= LEAST_IMAGES and people.iloc[places].nunique() >= LEAST_PEOPLE:
                found.append((judged.errors[places].mean(), name, places))
    if not found:
        return None
    found.sort(key=lambda row: -row[0])
    rows = []
    for _, name, here in found[:SHOWN]:
        rate = mean_rate(
            name, judged.errors[here], context.people[here], num_draws=context.num_draws
        )
        rows.append(
            (
                rate.name,
                judged.say_error(rate.value),
                _ends(judged, rate),
                f"{rate.num_images:,}",
                f"{rate.num_people:,}",
            )
        )
    unit = context.grouping.unit
    header = ("group", judged.error_name, "95 %", "images", unit)
    caption = f"The {len(rows)} largest errors of {len(found)} combinations"
    if unit == "images":  # the last column would say the same as the one before
        return Table(
            header[:-1], [row[:-1] for row in rows], f"{caption} of {LEAST_IMAGES} images or more"
        )
    caption = f"{caption} of {LEAST_IMAGES} images and {LEAST_PEOPLE} {unit} or more"
    return Table(header, rows, caption)


def _ends(judged: TargetResult, rate: Rate) -> str:
    if not np.isfinite(rate.low):
        return "–"
    return f"{judged.say_error(rate.low)}–{judged.say_error(rate.high)}"
