"""What explain stored: where networks looked, and what changed their answers."""

from pathlib import Path

import pandas as pd
from PIL import Image

from pipeline.console.installation import COMMAND
from pipeline.experiment.grouping import Grouping
from pipeline.features.report.context import ReportContext
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Hint, data_uri, figure
from pipeline.figures.curves import curves_by_source, plot_curves
from pipeline.labels.kinds import metric_kinds, uses_decisions
from pipeline.metrics.paired import short_number
from pipeline.storage import display_path, read_table

MOST_SHEETS = 6
WIDTH = 900  # pixels of a sheet in the page
QUALITY = 75


def describe_explanations(context: ReportContext) -> Section:
    """The section: heatmaps and sensitivity, as far as they are stored."""
    runs = context.runs
    targets = []
    table = runs.explained("sensitivity.csv")
    if table.exists():
        targets = sensitivity_figures(read_table(table), context.grouping)
    sheets = []
    for name, member in context.settings.members.items():
        for task in member.tasks:
            path = runs.explained(f"heatmap-{name}-{task}.png")
            if path.exists():
                sheets.append({"name": f"member {name}, task {task}", "source": read_sheet(path)})
    hint = None
    if not targets and not sheets:
        what = "Heatmaps (Grad-CAM), and answers as light, blur, rotation and more change:"
        hint = Hint(what, f"{COMMAND} explain {context.as_typed}")
    body = render(
        "explanations.html.j2",
        targets=targets,
        sheets=sheets[:MOST_SHEETS],
        num_more=max(0, len(sheets) - MOST_SHEETS),
        folder=display_path(runs.explained("")),
        hint=hint,
    )
    says = "not made yet" if hint else "heatmaps, and what changes the answers"
    return Section("explain", "What it looks at", body, says=says, is_open=False)


def sensitivity_figures(table: pd.DataFrame, grouping: Grouping) -> list[dict]:
    """For each target its title and figures, one a factor, with a curve for each source."""
    counted = grouping.count(table["num_images"].max(), table["num_people"].max())
    targets = []
    for (task, metric), some in table.groupby(["task", "metric"], sort=False):
        figures = [
            _figure(str(factor), metric, rows)
            for factor, rows in some.groupby("factor", sort=False)
        ]
        targets.append({"title": f"{task}: {metric} of {counted}", "figures": figures})
    return targets


def _figure(factor: str, metric: str, rows: pd.DataFrame) -> Figure:
    curves = curves_by_source(rows)
    worst = rows.loc[rows["changed"].idxmax()]
    note = (
        f"Answers move most at {worst['level']:g}: by {short_number(worst['changed'])} on average."
    )
    kinds = metric_kinds(metric)
    if "regression" not in kinds and (uses_decisions(metric) or "binary" not in kinds):
        note = f"Most answers change at {worst['level']:g}: {100 * worst['changed']:.0f} %."
    chart = plot_curves(curves, x_label=f"{factor}, {rows['unit'].iloc[0]}")
    return figure(factor, chart, says=f"{metric} by {factor}. {note}", note=note)


def read_sheet(path: Path) -> str:
    """A sheet as the address of a smaller JPEG within the page."""
    with Image.open(path) as sheet:
        small = sheet.convert("RGB")
        small.thumbnail((WIDTH, 4 * WIDTH))
    return data_uri(small, quality=QUALITY)
