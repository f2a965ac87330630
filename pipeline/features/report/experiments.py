"""Experiments beside each other: what differs in their settings, their scores, what it costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from pipeline.config import Experiment
from pipeline.config.loading import say_setting
from pipeline.config.types import nearest
from pipeline.console.installation import COMMAND
from pipeline.evaluation.candidates import trained_settings
from pipeline.experiment.metric_direction import is_higher_better, say_direction
from pipeline.features.report.comparisons import difference_figures, stored_differences
from pipeline.features.report.differences import draw_difference
from pipeline.features.report.leaderboard import ledger_table
from pipeline.features.report.overview import flatten, member_table
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Hint, Table, figure
from pipeline.features.report.scores import say_span
from pipeline.figures.intervals import Interval, plot_intervals
from pipeline.leaderboard.ledger import read_ledger
from pipeline.metrics.paired import Difference, show_number
from pipeline.storage import Runs, display_path, read_table

ABSENT = "–"
MOST_OPEN = 15  # settings: more are folded
LONGEST = 60  # letters of a setting's value


@dataclass(frozen=True)
class Side:
    """One of the experiments that the page puts beside each other, as it was trained."""

    settings: Experiment
    runs: Runs


def find_sides(settings: Experiment, runs: Runs, names: Sequence[str]) -> list[Side]:
    """The experiments of these names in the same runs.

    Raises ValueError for fewer than two, and for one that is not trained or not evaluated.
    """
    names = list(dict.fromkeys(names))
    sides = []
    for name in names:
        # names are experiments here: a member of the default config may have the same name
        found = trained_settings(settings, runs, name)
        if found is None:
            known = sorted(p.parent.name for p in runs.of_experiment("").glob("*/config.yaml"))
            hint = nearest(name, known)
            listed = ", ".join(known) or "none"
            raise ValueError(f"report: no experiment {name!r}{hint} trained are: {listed}")
        side = Side(found, Runs(found))
        if not side.runs.scores.exists():
            raise ValueError(
                f"report: {display_path(side.runs.scores)} is not there; first {COMMAND} "
                f"evaluate {found.as_typed}"
            )
        sides.append(side)
    if len(sides) < 2:
        raise ValueError(
            "report: names of two or more experiments put them beside each other, as in report "
            f"masks masks-lite; the page of one is {COMMAND} report {sides[0].settings.as_typed}"
        )
    return sides


def describe_sides(sides: list[Side]) -> list[Section]:
    """The sections of the page."""
    return [_scores(sides), _paired(sides), _settings(sides), _cost(sides), _handed_in(sides)]


def say_verdict(sides: Sequence[Side]) -> list[str]:
    """For each answer that all of them give, who scores best, in a sentence."""
    scores = {side.settings.name: _answer_scores(side) for side in sides}
    first = next(iter(scores.values()))
    sentences = []
    for key in first:
        values = {name: found[key] for name, found in scores.items() if key in found}
        if len(values) < len(sides):
            continue
        task, metric = key
        higher = is_higher_better(metric)
        if higher is None:  # a metric of somebody's own, whose file is gone
            continue
        best_first = sorted(values, key=lambda name: values[name], reverse=higher)
        listed = ", ".join(f"{name} {show_number(value)}" for name, value in values.items())
        if len(set(values.values())) == 1:
            sentences.append(
                f"{task}: {metric}, each image as it is, is the same for all ({listed})."
            )
        else:
            sentences.append(
                f"{task}: {best_first[0]} has the best {metric}, each image as it is ({listed})."
            )
    return [*sentences, *_say_paired(sides, first)]


def _say_paired(sides: Sequence[Side], answers: Iterable[tuple[str, str]]) -> list[str]:
    """Whether a difference is more than chance, of each pair of sides that compare has judged; what
    to type for the others."""
    every = stored_differences(sides[0].runs)
    asked = pd.MultiIndex.from_frame(every[["task", "metric"]]).isin(list(answers))
    sentences, missing = [], []
    for pair in combinations([side.settings.name for side in sides], 2):
        rows = every[asked & every[["first", "second"]].isin(pair).all(axis=1)]
        if rows.empty:
            missing.append(f"{COMMAND} compare {' '.join(pair)}{sides[0].settings.folders_typed}")
        for row in rows.itertuples():
            found = Difference(float(row.difference), float(row.low), float(row.high))
            doubt = "" if found.is_distinguishable else ", which can't be told from chance"
            says = draw_difference("", found.value, found.low, found.high).says
            # with the views that each answers by, so they are not the scores of scores.csv
            scores = f"{show_number(row.second_score)} against {show_number(row.first_score)}"
            sentences.append(
                f"{row.task}: as compare scores them, {row.second} over {row.first}: {scores}, "
                f"{says}{doubt}."
            )
    if missing:
        sentences.append(f"Whether that is more than chance says {', '.join(missing)}.")
    return sentences


def _answer_scores(side: Side) -> dict[tuple[str, str], float]:
    """The out-of-fold scores of all members together, by task and metric."""
    rows = read_table(side.runs.scores)
    rows = rows[(rows["source"] == "all members") & (rows["fold"].astype(str) == "all")]
    rows = rows[~rows["metric"].str.startswith("f1:")]
    return {(row.task, row.metric): float(row.value) for row in rows.itertuples()}


def _scores(sides: list[Side]) -> Section:
    """The sources' own scores, a chart for each target that two or more answer."""
    frames = []
    for side in sides:
        frame = read_table(side.runs.scores)
        whole = frame[(frame["fold"].astype(str) == "all") & ~frame["metric"].str.startswith("f1:")]
        frames.append(whole.assign(experiment=side.settings.name))
    every = pd.concat(frames, ignore_index=True)
    for column in ("value", "low", "high"):
        every[column] = pd.to_numeric(every[column], errors="coerce")
    # the contest's own answer first: it is what all members together are scored on
    is_answer = every["task"].isin(every.loc[every["source"] == "all members", "task"])
    ordered = pd.concat([every[is_answer], every[~is_answer]])
    figures = [
        _chart(task, metric, rows)
        for (task, metric), rows in ordered.groupby(["task", "metric"], sort=False)
        if rows["experiment"].nunique() > 1
    ]
    lines = [
        (
            row.experiment,
            row.source,
            row.task,
            row.metric,
            show_number(row.value),
            say_span(row.low, row.high),
            f"{row.num_images:,}",
        )
        for row in every.itertuples()
    ]
    header = ("experiment", "source", "task", "metric", "OOF", "95 %", "n")
    contests = sorted({side.settings.competition.name for side in sides})
    folds = {side.runs.folds.parent.name for side in sides}
    body = render(
        "sides_scores.html.j2",
        contests=contests if len(contests) > 1 else [],
        same_folds=len(folds) == 1,
        figures=figures,
        scores=Table(header, lines, "All scores out of fold", words=4, name="scores-table"),
    )
    return Section("scores", "Scores", body)


def _chart(task: str, metric: str, rows: pd.DataFrame) -> Figure:
    names = list(dict.fromkeys(rows["experiment"]))
    kept = [_without_single_member(rows[rows["experiment"] == name]) for name in names]
    intervals = [
        Interval(
            f"{row.experiment}: {row.source}",
            row.value,
            row.low,
            row.high,
            f"{show_number(row.value)} ({say_span(row.low, row.high)})",
            tone=names.index(row.experiment),
        )
        for row in pd.concat(kept).itertuples()
    ]
    better = say_direction(metric)
    says = "; ".join(f"{row.name} {row.says}" for row in intervals)
    chart = plot_intervals(intervals, x_label=f"{metric}, {better} is better")
    return figure(f"{task}: {metric}", chart, says=says)


def _without_single_member(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of one task's metric without those of a member that is all members."""
    sources = list(scores["source"].unique())
    if len(sources) == 2 and "all members" in sources:
        whole = scores[scores["fold"].astype(str) == "all"]
        if whole["value"].nunique() == 1:
            return scores[scores["source"] == "all members"]
    return scores


def _paired(sides: list[Side]) -> Section:
    """The paired differences that compare has stored."""
    every = stored_differences(sides[0].runs)
    figures, hints, where = [], [], sides[0].settings.folders_typed
    for first, second in combinations([side.settings.name for side in sides], 2):
        rows = every[every[["first", "second"]].isin((first, second)).all(axis=1)]
        if rows.empty:
            what = f"{first} and {second} image by image, with paired intervals:"
            hints.append(Hint(what, f"{COMMAND} compare {first} {second}{where}"))
        figures += difference_figures(rows)
    body = render("sides_paired.html.j2", figures=figures, hints=hints)
    return Section("paired", "Paired differences", body)


def _settings(sides: list[Side]) -> Section:
    """Where the settings differ, a line a key; only keys that one of them sets."""
    rows = differing_settings([side.settings for side in sides])
    listed = None
    if rows:
        header = ("setting", *(side.settings.name for side in sides))
        caption = f"{len(rows)} settings differ; {ABSENT}: not there; in brackets: the default"
        listed = Table(header, rows, caption, words=len(header))
    body = render("sides_settings.html.j2", listed=listed)
    is_short = len(rows) <= MOST_OPEN
    return Section(
        "settings", "Settings", body, says=f"{len(rows)} differ" if rows else "", is_open=is_short
    )


def differing_settings(experiments: Sequence[Experiment]) -> list[tuple[str, ...]]:
    """A row for each key whose value differs and is not every side's default: the key, and each
    side's value."""
    full = [dict(flatten(each.model_dump(mode="json"))) for each in experiments]
    own = [
        dict(flatten(each.model_dump(mode="json", exclude_defaults=True))) for each in experiments
    ]
    rows = []
    for key in dict.fromkeys(key for each in full for key in each):
        is_set = any(key in each for each in own)
        if key != "name" and is_set and len({repr(each.get(key, ABSENT)) for each in full}) > 1:
            values = [_word(key, every, mine) for every, mine in zip(full, own, strict=True)]
            rows.append((key, *values))
    return rows


def _word(key: str, every: Mapping[str, Any], mine: Mapping[str, Any]) -> str:
    """A side's value in words; a default stands in brackets."""
    if key not in every:
        return ABSENT
    text = say_setting(every[key])
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return text if key in mine else f"({text})"


def _cost(sides: list[Side]) -> Section:
    tables = [(side.settings.name, member_table(side.settings, side.runs)) for side in sides]
    return Section("cost", "Members and cost", render("sides_cost.html.j2", tables=tables))


def _handed_in(sides: list[Side]) -> Section:
    ledger = read_ledger(sides[0].runs)
    rows = ledger[ledger["experiment"].isin([side.settings.name for side in sides])]
    listed, hint = None, None
    if rows.empty:
        hint = Hint("None is recorded.", f"{COMMAND} infer {sides[0].settings.as_typed}")
    else:
        listed = ledger_table(rows, own="")
    return Section(
        "ledger", "Submissions", render("ledger.html.j2", ledger=listed, figures=[], hint=hint)
    )
