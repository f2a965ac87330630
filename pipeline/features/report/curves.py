"""How every cell learnt: its losses and the score that decided, epoch by epoch."""

import json
import math

from pipeline.experiment.cells import all_cells
from pipeline.experiment.work import Work
from pipeline.features.report.context import ReportContext
from pipeline.features.report.html.markup import Html, drawn, join, paragraph, side_by_side, tag
from pipeline.features.report.html.page import Section
from pipeline.features.report.html.svg import Curve, plot_curves
from pipeline.storage import REFIT, Cell

MANY = 6  # cells from which on a curve each has no colour of its own


def describe_curves(context: ReportContext) -> Section:
    """The section: of each member its losses and its score."""
    work, parts = context.work, []
    for name in work.settings.members:
        cells = [cell for cell in all_cells(work.settings) if cell.member == name]
        histories = {cell: read_history(work, cell) for cell in cells}
        histories = {cell: rows for cell, rows in histories.items() if rows}
        if histories:
            figures = member_figures(name, histories)
            parts += [tag("h3", name), side_by_side(figures)]
    if not parts:
        parts = [paragraph("No cell has a history.", note=True)]
    return Section("curves", "Training curves", join(parts))


def read_history(work: Work, cell: Cell) -> list[dict]:
    """A cell's epochs; none where it has not begun."""
    path = work.runs.history(cell)
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def member_figures(name: str, histories: dict[Cell, list[dict]]) -> list[Html]:
    """A figure for the training loss, the held-out loss and each metric, a curve a cell."""
    rows = [row for history in histories.values() for row in history]
    keys = dict.fromkeys(key for row in rows for key in row)
    wanted = ["train_loss", "held_out_loss", *(key for key in keys if "." in key)]
    figures = []
    for key in wanted:
        curves = []
        for place, (cell, history) in enumerate(histories.items()):
            known = [row for row in history if _is_number(row.get(key))]
            if known:
                tone = place if len(histories) <= MANY else 0
                xs, ys = [r["epoch"] for r in known], [r[key] for r in known]
                curves.append(Curve(_say_cell(cell), xs, ys, tone=tone))
        if not curves:
            continue
        last = ", ".join(f"{curve.name} ends at {curve.ys[-1]:.4g}" for curve in curves)
        chart = plot_curves(
            curves,
            x_label="epoch",
            y_label="",
            says=f"{name}, {key} by epoch: {last}",
            x_ticks=_epochs(max(x for curve in curves for x in curve.xs)),
            legend=len(curves) <= MANY,
        )
        figures.append(drawn(chart, title=key.replace("_", " ").replace(".", ": ")))
    return figures


def _say_cell(cell: Cell) -> str:
    part = "everybody" if cell.fold == REFIT else f"fold {cell.fold}"
    return f"{part}, seed {cell.seed}"


def _epochs(last: int) -> list[tuple[float, str]]:
    step = max(1, math.ceil(last / 8))
    return [(epoch, str(epoch)) for epoch in range(1, last + 1, step)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
