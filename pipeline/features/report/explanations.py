"""What explain stored: where networks looked, and what changed their answers."""

from io import BytesIO
from pathlib import Path

import pandas as pd
from PIL import Image

from pipeline.features.report.context import ReportContext, count_words, missing
from pipeline.features.report.html.markup import (
    Html,
    drawn,
    folded,
    image,
    join,
    paragraph,
    scrolling,
    side_by_side,
    tag,
)
from pipeline.features.report.html.page import Section
from pipeline.features.report.html.svg import Curve, plot_curves
from pipeline.storage import display_path, read_table

MOST_SHEETS = 6
WIDTH = 900  # pixels of a sheet in the page
QUALITY = 75


def describe_explanations(context: ReportContext) -> Section:
    """The section: heatmaps and sensitivity, as far as they are stored."""
    work = context.work
    config, parts = work.settings.name, []
    table = work.runs.explained("sensitivity.csv")
    if table.exists():
        parts += [tag("h3", "What changes the answers"), *_curves(read_table(table))]
    pairs = [(m, t) for m, member in work.settings.members.items() for t in member.tasks]
    named = {f"member {m}, task {t}": work.runs.explained(f"heatmap-{m}-{t}.png") for m, t in pairs}
    sheets = {name: path for name, path in named.items() if path.exists()}
    if sheets:
        parts.append(tag("h3", "Where the networks looked"))
        shown_sheets = [_sheet(name, sheets[name]) for name in [*sheets][:MOST_SHEETS]]
        parts.append(tag("div", *shown_sheets, class_="stack"))
        if len(sheets) > MOST_SHEETS:
            more = (
                f"{len(sheets) - MOST_SHEETS} more are in {display_path(work.runs.explained(''))}."
            )
            parts.append(paragraph(more, note=True))
    if not parts:
        what = "Heatmaps (Grad-CAM), and answers as light, blur, rotation and more change:"
        parts = [missing(what, type_=f"./run.sh explain -c {config}")]
    return Section("explain", "What it looks at", join(parts))


def _curves(table: pd.DataFrame) -> list[Html]:
    """Figures of each question, a factor each, a curve a source; those of the first are open."""
    parts, n = [], table[["num_images", "num_people"]].max()
    for (task, metric), some in table.groupby(["task", "metric"], sort=False):
        figures = [
            _figure(str(factor), metric, rows)
            for factor, rows in some.groupby("factor", sort=False)
        ]
        words = f"{task}: {metric} of {count_words(*n)}"
        charts = side_by_side(figures)
        parts.append(folded(words, charts) if parts else join(tag("h4", words), charts))
    return parts


def _figure(factor: str, metric: str, rows: pd.DataFrame) -> Html:
    curves = []
    for tone, (source, some) in enumerate(rows.groupby("source", sort=False)):
        some = some.sort_values("level")
        xs, ys, lows, highs = (some[key].tolist() for key in ("level", "value", "low", "high"))
        curves.append(Curve(str(source), xs, ys, lows=lows, highs=highs, tone=tone))
    label = f"{factor}, {rows['unit'].iloc[0]}"
    worst = rows.loc[rows["changed"].idxmax()]
    note = f"Answers move most at {worst['level']:g}: by {worst['changed']:.3g} on average."
    if "macro" in metric or metric == "accuracy":
        note = f"Most answers change at {worst['level']:g}: {100 * worst['changed']:.0f} %."
    chart = plot_curves(curves, x_label=label, y_label="", says=f"{metric} by {factor}. {note}")
    return drawn(chart, title=factor, note=note)


def _sheet(name: str, path: Path) -> Html:
    with Image.open(path) as sheet:
        shrunk = sheet.convert("RGB")
        shrunk.thumbnail((WIDTH, 4 * WIDTH))
    file = BytesIO()
    shrunk.save(file, format="JPEG", quality=QUALITY, optimize=True)
    says = (
        f"Heatmaps of {name}: each image in grey beside what speaks for the answer and for the "
        "truth, the bright places most"
    )
    shot = image(file.getvalue(), kind="jpeg", says=says)
    return drawn(scrolling(shot, name=name), title=name)
