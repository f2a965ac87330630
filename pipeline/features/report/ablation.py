"""What members, views, layers and decisions bring: paired differences with their intervals."""

import json

import pandas as pd

from pipeline.evaluation.candidates import Candidate
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.features.report.comparisons import describe_paired, difference_figures
from pipeline.features.report.context import ReportContext, missing
from pipeline.features.report.differences import difference_chart, draw_difference, signed
from pipeline.features.report.html.markup import (
    Html,
    folded,
    join,
    paragraph,
    side_by_side,
    table,
    tag,
)
from pipeline.features.report.html.page import Section
from pipeline.metrics.paired import show_number
from pipeline.metrics.score_rows import gain_of
from pipeline.storage import read_json, read_table


def describe_ablation(context: ReportContext) -> Section:
    """The section: members, the ensemble, views, the stack's layers."""
    work, config = context.work, context.work.settings.name
    parts = [*_compared(context), *_views(context)]
    if work.runs.stack("stack.csv").exists():
        parts += _layers(context)
    else:
        what = "What views, weights, calibration, pooling and decisions bring, layer by layer:"
        parts.append(missing(what, type_=f"./run.sh stack -c {config}"))
    parts += describe_paired(context)
    note = (
        "Above 0 is better: green where the whole 95 % interval is above, orange where it is "
        "below, grey where neither. What was fitted is judged on people it was not fitted on."
    )
    return Section("gains", "What helps", join(paragraph(note, note=True), parts))


def _compared(context: ReportContext) -> list[Html]:
    """Members beside the best of their question, from the comparisons table."""
    path = context.work.runs.comparisons
    if not path.exists():
        return [paragraph("There is one answer to each question: nothing to compare.", note=True)]
    figures = difference_figures(read_table(path))
    return [tag("h3", "Members and formulations, paired"), figures]


def _views(context: ReportContext) -> list[Html]:
    """The ensemble with all views against the images as they are."""
    work, settings = context.work, context.work.settings
    members, views = used_members(settings), settings.tta
    if len(views) < 2:
        return []
    heading = tag("h3", f"Views at test time: {', '.join(views)}")
    candidate = Candidate(settings.name, "ensemble", work, tuple(members))
    if not candidate.can_show_views:
        again = missing("Not seen yet.", type_=f"./run.sh infer -c {settings.name}")
        return [heading, again]
    tables = candidate.tables(with_views=True)
    plain = {name: frame[frame["view"] == "identity"] for name, frame in tables.items()}
    if any(frame.empty for frame in plain.values()):
        return []
    given = {
        "image_ids": context.evaluation.images["image_id"],
        "part": "oof",
        "settings": settings,
    }
    with_views, without = blend_spaces(tables, **given), blend_spaces(plain, **given)
    rows = []
    for space in context.evaluation.spaces:
        seen = [space.scored(joints[space.name]) for joints in (without, with_views)]
        found = gain_of(context.evaluation.of_space(space), *seen, split=context.evaluation.split)
        rows.append(draw_difference(space.name, found.value, found.low, found.high))
    return [heading, side_by_side(difference_chart("all views over the image as it is", rows))]


def _layers(context: ReportContext) -> list[Html]:
    """The stack's table, and what its kept layers learnt."""
    runs, parts = context.work.runs, [tag("h3", "Layers of the stack")]
    frame = read_table(runs.stack("stack.csv"))
    charts = []
    for answer, rows in frame.groupby("answer", sort=False):
        found = [draw_difference(r.name, r.gain, r.gain_low, r.gain_high) for r in _named(rows)]
        charts.append(difference_chart(f"{answer}: nested gain of each layer", found))
    header = ("answer", "layer", "without", "naive", "nested", "gain", "kept")
    rows = [
        (
            r.answer,
            r.name,
            *(show_number(float(v)) for v in (r.before, r.naive, r.nested)),
            signed(r.gain),
            "yes" if str(r.kept) == "True" else "no",
        )
        for r in _named(frame)
    ]
    caption = "naive: fitted on everybody; nested: on people the layer was not fitted on"
    parts += [side_by_side(charts), table(header, rows, caption=caption, words=2)]
    facts = read_json(runs.stack("stack.json"))["parts"]
    said = [_say_kept(fact) for fact in facts]
    learnt = json.dumps([fact["learnt"] for fact in facts], indent=2, ensure_ascii=False)
    return [*parts, *map(paragraph, said), folded("What they learnt", tag("pre", learnt))]


def _named(frame: pd.DataFrame) -> list:
    numbers = ("before", "naive", "nested", "gain", "gain_low", "gain_high")
    return list(
        frame.assign(**{n: pd.to_numeric(frame[n]) for n in numbers}).itertuples(index=False)
    )


def _say_kept(fact: dict) -> str:
    kept = ", ".join(fact["kept"]) or "nothing; the plain mean stays"
    after, gain = fact["oof"], fact["gain"]
    return (
        f"{fact['answer']}: kept {kept}. Nested {show_number(after['value'])} (95 % "
        f"{show_number(after['low'])}–{show_number(after['high'])}), "
        f"{signed(gain['value'])} on the plain mean."
    )
