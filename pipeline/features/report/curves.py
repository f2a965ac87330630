"""How every cell learnt: its losses and the score that decided, epoch by epoch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from pipeline.experiment.cells import all_cells
from pipeline.features.report.context import ReportContext
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, figure
from pipeline.figures.curves import Curve, plot_curves
from pipeline.figures.palette import DASHES
from pipeline.storage import REFIT, Cell, Runs

MANY = 6  # cells from which on a curve each has no colour of its own
HELD_OUT, TRAINING = "-", DASHES[2]  # line styles: both losses are in one box
Histories = Mapping[Cell, list[dict]]


def describe_curves(context: ReportContext) -> Section:
    """The section: of each member its losses in one box, and its scores."""
    figures = []
    for name in context.settings.members:
        histories = member_histories(context, name)
        if histories:
            figures += member_figures(name, histories)
    body = render("curves.html.j2", figures=figures)
    return Section("curves", "Training curves", body, says="loss and score by epoch")


def member_histories(context: ReportContext, member: str) -> Histories:
    """The epochs of each of a member's cells that has begun."""
    cells = [cell for cell in all_cells(context.settings) if cell.member == member]
    histories = {cell: read_history(context.runs, cell) for cell in cells}
    return {cell: rows for cell, rows in histories.items() if rows}


def read_history(runs: Runs, cell: Cell) -> list[dict]:
    """A cell's epochs; none where it has not begun."""
    path: Path = runs.history(cell)
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def member_figures(name: str, histories: Histories) -> list[Figure]:
    """A figure with both losses, and one for each metric; a colour a cell."""
    figures = [loss_figure(name, histories)]
    rows = [row for history in histories.values() for row in history]
    metrics = dict.fromkeys(key for row in rows for key in row if "." in key)
    for key in metrics:
        curves = cell_curves(histories, key, style="-")
        if curves:
            title = f"{name}: {key.partition('.')[2]}"
            if key.partition(".")[0] != name:
                title = f"{name}: {key.replace('.', ', ')}"
            figures.append(_figure(title, curves, legend=_legend(curves)))
    return figures


def loss_figure(name: str, histories: Histories) -> Figure:
    """Training loss (dotted) and held-out loss (solid) of each cell on one axis: where they part,
    the member overfits."""
    training = cell_curves(histories, "train_loss", style=TRAINING)
    held_out = cell_curves(histories, "held_out_loss", style=HELD_OUT)
    legend = [*_legend(held_out or training), ("training", 5, TRAINING), ("held out", 5, HELD_OUT)]
    return _figure(f"{name}: loss", [*training, *held_out], legend=legend)


def cell_curves(histories: Histories, key: str, *, style: str | tuple) -> list[Curve]:
    """A curve for each cell that has finite values of a key."""
    curves = []
    for place, (cell, history) in enumerate(histories.items()):
        known = [row for row in history if _is_number(row.get(key))]
        if known:
            name = _say_cell(cell, histories)
            what = key.replace("_", " ").replace(".", " ")
            curves.append(
                Curve(
                    name,
                    [row["epoch"] for row in known],
                    [row[key] for row in known],
                    tone=place if len(histories) <= MANY else 0,
                    style=style,
                    says=[f"{name}, epoch {row['epoch']}: {what} {row[key]:.4g}" for row in known],
                )
            )
    return curves


def _legend(curves: list[Curve]) -> list[tuple[str, int, str | tuple]]:
    """The cells by colour; none where there are too many to be told apart."""
    if len(curves) > MANY:
        return []
    return [(curve.name, curve.tone, "-") for curve in curves]


def _figure(title: str, curves: list[Curve], *, legend: list) -> Figure:
    last = max((x for curve in curves for x in curve.xs), default=1)
    step = max(1, math.ceil(last / 8))
    chart = plot_curves(
        curves, x_label="epoch", x_ticks=range(1, int(last) + 1, step), legend=legend
    )
    ends = "; ".join(curve.says[-1] for curve in curves if curve.says)
    return figure(title, chart, says=f"{title} by epoch. {ends}")


def _say_cell(cell: Cell, histories: Histories) -> str:
    """The cell's fold, and its seed where there are several."""
    part = "all folds" if cell.fold == REFIT else f"fold {cell.fold}"
    num_seeds = len({each.seed for each in histories})
    return part if num_seeds == 1 else f"{part}, seed {cell.seed}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
