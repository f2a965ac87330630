"""What members, TTA, layers and decisions bring: paired differences with their intervals."""

import json

import pandas as pd

from pipeline.console.installation import COMMAND
from pipeline.evaluation.candidates import Candidate
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.features.report.comparisons import difference_figures, find_paired
from pipeline.features.report.context import ReportContext
from pipeline.features.report.differences import difference_figure, draw_difference, signed
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Hint, Table
from pipeline.metrics.paired import show_number
from pipeline.metrics.score_rows import gain_of
from pipeline.storage import read_json, read_table


def describe_ablation(context: ReportContext) -> Section:
    """The section: members, TTA, the stack's layers, and other experiments."""
    runs = context.runs
    members = difference_figures(read_table(runs.comparisons)) if runs.comparisons.exists() else []
    layers, hint = None, None
    if runs.stack("stack.csv").exists():
        layers = stack_layers(
            read_table(runs.stack("stack.csv")), read_json(runs.stack("stack.json"))
        )
    else:
        what = "What views, weights, calibration, pooling and decisions bring, layer by layer:"
        hint = Hint(what, f"{COMMAND} stack {context.as_typed}")
    body = render(
        "ablation.html.j2",
        members=members,
        views=", ".join(context.settings.tta),
        tta=tta_figures(context),
        layers=layers,
        hint=hint,
        paired=find_paired(context),
    )
    says = "members, TTA, stack" if layers else "members, TTA; stack has not run"
    return Section("gains", "What helps", body, says=says, is_open=False)


def tta_figures(context: ReportContext) -> list[Figure]:
    """The ensemble with all views against the images as they are; nothing without views."""
    settings = context.settings
    members = used_members(settings)
    candidate = Candidate(
        name=settings.name,
        kind="ensemble",
        settings=settings,
        runs=context.runs,
        members=tuple(members),
    )
    if len(settings.tta) < 2 or not candidate.can_show_views:
        return []
    with_views = candidate.tables(with_views=True)
    plain = {name: frame[frame["view"] == "identity"] for name, frame in with_views.items()}
    if any(frame.empty for frame in plain.values()):
        return []
    ids = context.evaluation.images["image_id"]
    before = blend_spaces(plain, image_ids=ids, part="oof", settings=settings)
    after = blend_spaces(with_views, image_ids=ids, part="oof", settings=settings)
    rows = []
    for space in context.evaluation.spaces:
        gain = gain_of(
            context.evaluation.of_space(space),
            space.scored(before[space.name]),
            space.scored(after[space.name]),
            split=context.evaluation.split,
        )
        rows.append(draw_difference(space.name, gain.value, gain.low, gain.high))
    return [difference_figure("all views over the image as it is", rows)]


def stack_layers(table: pd.DataFrame, record: dict) -> dict:
    """The stack's charts and table, what it kept in words, and what the kept layers learnt."""
    for column in ("before", "naive", "nested", "gain", "gain_low", "gain_high"):
        table[column] = pd.to_numeric(table[column])
    figures = []
    for answer, rows in table.groupby("answer", sort=False):
        found = [draw_difference(r.name, r.gain, r.gain_low, r.gain_high) for r in _named(rows)]
        figures.append(difference_figure(f"{answer}: nested gain of each layer", found))
    rows = [
        (
            r.answer,
            r.name,
            show_number(r.before),
            show_number(r.naive),
            show_number(r.nested),
            signed(r.gain),
            "yes" if str(r.kept) == "True" else "no",
        )
        for r in _named(table)
    ]
    header = ("answer", "layer", "without", "naive", "nested", "gain", "kept")
    caption = "naive: fitted on all images; nested: on images the layer was not fitted on"
    facts = record["parts"]
    learnt = [fact["learnt"] for fact in facts if fact["learnt"]]
    return {
        "figures": figures,
        "table": Table(header, rows, caption, words=2),
        "sentences": [_say_kept(fact) for fact in facts],
        "learnt": json.dumps(learnt, indent=2, ensure_ascii=False) if learnt else "",
    }


def _named(frame: pd.DataFrame) -> list:
    return list(frame.itertuples(index=False))


def _say_kept(fact: dict) -> str:
    kept = ", ".join(fact["kept"]) or "nothing; the plain mean stays"
    after, gain = fact["oof"], fact["gain"]
    return (
        f"{fact['answer']}: kept {kept}. Nested {show_number(after['value'])} (95 % "
        f"{show_number(after['low'])}–{show_number(after['high'])}), "
        f"{signed(gain['value'])} on the plain mean."
    )
