"""How auto spent its hours: what was tried, what it added, what was kept and why."""

from pipeline.features.report.context import ReportContext
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Table, figure
from pipeline.figures.curves import Curve, plot_curves
from pipeline.labels.units import Unit
from pipeline.storage import read_json

HEADER = ("candidate", "minutes", "folds", "adds", "95 % interval", "score", "decision", "why")


def describe_hours(context: ReportContext) -> Section | None:
    """The section; none of an experiment that auto did not make."""
    path = context.runs.auto("record.json")
    if not path.exists():
        return None
    record = read_json(path)
    tries = record["tries"]
    table = Table(
        HEADER,
        [_row(one) for one in tries],
        f"{len(tries)} candidates in the order in which they were tried; {record['ended']}. "
        "What a candidate adds to the ensemble is out of fold, above 0 is better; the score is the "
        f"ensemble's {record['metric']} after the decision.",
        name="tries",
        last_is_words=True,
    )
    figures = [*_path(tries, record["metric"]), *_curve(record, context.grouping.unit)]
    kept = sum(one["decision"] == "kept" for one in tries)
    body = render("hours.html.j2", table=table, figures=figures)
    return Section(
        "hours", "How auto spent its hours", body, says=f"{len(tries)} tried, {kept} kept"
    )


def _row(one: dict) -> tuple:
    interval = "" if one["gain"] is None else f"{one['gain_low']:.4g}..{one['gain_high']:.4g}"
    return (
        one["name"],
        f"{one['seconds'] / 60:.1f}",
        len(one["folds"]),
        "" if one["gain"] is None else f"{one['gain']:.4g}",
        interval,
        "" if one["score"] is None else f"{one['score']:.4g}",
        one["decision"],
        one["why"],
    )


def _path(tries: list[dict], metric: str) -> list[Figure]:
    """The ensemble's score with its interval against the minutes; none of a single score."""
    scored = [one for one in tries if one["score"] is not None]
    if len(scored) < 2:
        return []
    minutes = [one["at"] / 60 for one in scored]
    says = [
        f"{one['name']} {one['decision']} at {at:.0f} min: {one['score']:.4g}"
        for one, at in zip(scored, minutes, strict=True)
    ]
    curve = Curve(
        "ensemble",
        minutes,
        [one["score"] for one in scored],
        lows=[one["low"] for one in scored],
        highs=[one["high"] for one in scored],
        says=says,
    )
    chart = plot_curves([curve], x_label="minutes", y_label=metric, legend=[])
    title = f"{metric} of the ensemble by minutes"
    return [figure(title, chart, says=f"{title}. " + "; ".join(says))]


def _curve(record: dict, unit: Unit) -> list[Figure]:
    """The baseline's score with its interval against the people that teach it; none of no curve."""
    if record.get("curve") is None:  # nor has a record of an earlier version one
        return []
    metric, points = record["metric"], record["curve"]["points"]
    says = [f"{one['score']:.4g} with {one['num_people']}" for one in points]
    line = Curve(
        "baseline",
        [one["num_people"] for one in points],
        [one["score"] for one in points],
        lows=[one["low"] for one in points],
        highs=[one["high"] for one in points],
        says=says,
    )
    chart = plot_curves([line], x_label=f"{unit} that teach a fold", y_label=metric, legend=[])
    title = f"{metric} of the baseline by the {unit} that teach it"
    return [figure(title, chart, says=f"{title}. " + "; ".join(says))]
