"""Experiments beside each other: what differs in their settings, their scores, what it costs."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pandas as pd

from pipeline.config.types import nearest
from pipeline.evaluation.candidates import find_candidate
from pipeline.experiment.work import Work
from pipeline.features.report.comparisons import difference_figures, stored_differences
from pipeline.features.report.context import missing
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
from pipeline.features.report.leaderboard import ledger_table
from pipeline.features.report.overview import member_table
from pipeline.leaderboard.ledger import read_ledger
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.paired import show_number
from pipeline.storage import display_path, read_table

ABSENT = "–"


def find_sides(work: Work) -> list[Work]:
    """The experiments that the words name, each as it was trained. Raises ValueError for fewer than
    two, and for one that is not trained or not evaluated."""
    words = list(dict.fromkeys(work.words))
    if len(words) < 2:
        raise ValueError(
            "report: names of two or more experiments put them beside each other, as in report "
            f"masks masks-lite; the page of one is ./run.sh report -c {words[0]}"
        )
    sides = []
    for word in words:
        folder = work.runs.of_experiment(word)
        if not (folder / "config.yaml").is_file():
            known = sorted(p.parent.name for p in work.runs.of_experiment("").glob("*/config.yaml"))
            hint, listed = nearest(word, known), ", ".join(known) or "none"
            raise ValueError(f"report: no experiment {word!r}{hint} trained are: {listed}")
        side = find_candidate(work, word).work
        if not side.runs.scores.exists():
            raise ValueError(
                f"report: {display_path(side.runs.scores)} is not there; first ./run.sh "
                f"evaluate -c {word}"
            )
        sides.append(side)
    return sides


def describe_sides(sides: list[Work]) -> list[Section]:
    """The sections of the page."""
    return [
        _scores(sides),
        _paired(sides),
        _settings(sides),
        Section("cost", "Members and cost", join(*(_cost(side) for side in sides))),
        _handed_in(sides),
    ]


def _scores(sides: list[Work]) -> Section:
    """The sources' own scores, a chart for each question that two or more answer."""
    frames = []
    for side in sides:
        frame = read_table(side.runs.scores)
        whole = frame[(frame["fold"].astype(str) == "all") & ~frame["metric"].str.startswith("f1:")]
        frames.append(whole.assign(experiment=side.settings.name))
    every = pd.concat(frames, ignore_index=True)
    for column in ("value", "low", "high"):
        every[column] = pd.to_numeric(every[column], errors="coerce")
    contests = {side.settings.competition.name for side in sides}
    warning = None
    if len(contests) > 1:
        said = f"They are of different contests ({', '.join(sorted(contests))}): "
        warning = tag("p", said + "scores of unlike images.", class_="alarm")
    figures = []
    for (task, metric), rows in every.groupby(["task", "metric"], sort=False):
        if rows["experiment"].nunique() > 1:
            figures.append(_chart(task, metric, rows))
    if not figures:
        figures = [paragraph("They answer no question in common.", note=True)]
    lines = [
        (
            r.experiment,
            r.source,
            r.task,
            r.metric,
            show_number(r.value),
            _span(r),
            f"{r.num_images:,}",
        )
        for r in every.itertuples()
    ]
    header = ("experiment", "source", "task", "metric", "OOF", "95 %", "n")
    listed = table(header, lines, caption="All scores out of fold", words=4, name="scores-table")
    folds = {side.settings.name: side.runs.folds.parent.name for side in sides}
    same = len(set(folds.values())) == 1
    note = "on the same folds" if same else "on other folds, so compare them with care"
    body = join(warning, paragraph(f"TargetResult {note}.", note=True), side_by_side(figures))
    return Section("scores", "Scores", join(body, folded("All scores", listed)))


def _chart(task: str, metric: str, rows: pd.DataFrame) -> Html:
    tones = {name: tone for tone, name in enumerate(dict.fromkeys(rows["experiment"]))}
    intervals = [
        Interval(
            f"{r.experiment}: {r.source}",
            r.value,
            r.low,
            r.high,
            f"{show_number(r.value)} ({_span(r)})",
            tone=tones[r.experiment],
        )
        for r in rows.itertuples()
    ]
    better = "higher" if find_metric(metric).higher_is_better else "lower"
    says = "; ".join(f"{row.name} {row.says}" for row in intervals)
    chart = plot_intervals(intervals, x_label=f"{metric}, {better} is better", says=says)
    return drawn(chart, title=f"{task}: {metric}")


def _span(row: Any) -> str:
    return f"{show_number(row.low)}–{show_number(row.high)}"


def _paired(sides: list[Work]) -> Section:
    """The paired differences that compare has stored."""
    every, parts = stored_differences(sides[0].runs), []
    for first, second in combinations([side.settings.name for side in sides], 2):
        rows = every[every[["first", "second"]].isin((first, second)).all(axis=1)]
        if rows.empty:
            what = f"{first} and {second} image by image, with paired intervals:"
            parts.append(missing(what, type_=f"./run.sh compare {first} {second}"))
            continue
        parts.append(difference_figures(rows))
    return Section("paired", "Paired differences", join(parts))


def _settings(sides: list[Work]) -> Section:
    """Where the settings differ, a line a key."""
    flat = [dict(_flatten(side.settings.model_dump(mode="json"))) for side in sides]
    keys = list(dict.fromkeys(key for each in flat for key in each))
    rows = [
        (key, *(_word(each.get(key, ABSENT)) for each in flat))
        for key in keys
        if key != "name" and len({repr(each.get(key, ABSENT)) for each in flat}) > 1
    ]
    header = ("setting", *(side.settings.name for side in sides))
    if not rows:
        return Section("settings", "Settings", paragraph("No setting differs."))
    caption = f"{len(rows)} settings differ; {ABSENT}: not there"
    return Section("settings", "Settings", table(header, rows, caption=caption, words=len(header)))


def _flatten(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flatten(inner, f"{key}.{name}" if key else name)
    else:
        yield key, value


def _word(value: Any) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:58]}…"


def _cost(side: Work) -> Html:
    return join(tag("h3", side.settings.name), member_table(side))


def _handed_in(sides: list[Work]) -> Section:
    ledger = read_ledger(sides[0].runs)
    rows = ledger[ledger["experiment"].isin([side.settings.name for side in sides])]
    if len(rows):
        return Section("ledger", "Submissions", ledger_table(rows, own=""))
    hint = f"./run.sh infer -c {sides[0].settings.name}"
    return Section("ledger", "Submissions", missing("None is recorded.", type_=hint))
