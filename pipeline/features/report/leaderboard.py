"""What was handed in: OOF beside the leaderboard; and what an audit found."""

import pandas as pd

from pipeline.features.report.context import ReportContext, missing
from pipeline.features.report.html.markup import (
    Html,
    drawn,
    join,
    paragraph,
    side_by_side,
    table,
    tag,
)
from pipeline.features.report.html.page import Section
from pipeline.features.report.html.svg import plot_curves
from pipeline.leaderboard.ledger import read_ledger
from pipeline.metrics.paired import show_number
from pipeline.storage import display_path


def describe_ledger(context: ReportContext) -> Section:
    """The section: the contest's submissions, this experiment's first."""
    work = context.work
    settings, ledger = work.settings, read_ledger(work.runs)
    rows = ledger[ledger["competition"] == settings.competition.name]
    parts = []
    if len(rows):
        parts.append(ledger_table(rows, own=settings.name))
        parts += _against(rows)
        if not (rows["score"] != "").any():
            hint = f"./run.sh ledger {rows['name'].iloc[-1]} score=0.78"
            parts.append(missing("No leaderboard score is recorded.", type_=hint))
    else:
        what = f"{display_path(work.runs.ledger)} holds no submission for this contest."
        parts.append(missing(what, type_=f"./run.sh infer -c {settings.name}"))
    return Section("ledger", "Submissions and leaderboard", join(parts))


def ledger_table(rows: pd.DataFrame, *, own: str) -> Html:
    """Submissions a line each; those of this experiment are marked."""
    lines = [
        (
            row.when[:16].replace("T", " "),
            row.name + (" (this experiment)" if row.experiment == own else ""),
            row.metric,
            show_number(float(row.oof)),
            f"{show_number(float(row.low))}–{show_number(float(row.high))}",
            show_number(float(row.score)) if row.score else "–",
            f"{row.method} of {row.members.replace(' ', ', ')}",
        )
        for row in rows.itertuples()
    ]
    header = ("made (UTC)", "name", "metric", "OOF", "95 %", "leaderboard", "answer")
    kinds = {"words": 3, "last": True}
    return table(header, lines, caption="Submissions in the order they were made", **kinds)


def _against(rows: pd.DataFrame) -> list[Html]:
    """OOF against the leaderboard, for each metric with two scores or more."""
    figures = []
    for metric, some in rows[rows["score"] != ""].groupby("metric", sort=False):
        if len(some) > 1:
            oof, score = (pd.to_numeric(some[key]).tolist() for key in ("oof", "score"))
            says = "; ".join(f"OOF {o:.4f}, {s:.4f}" for o, s in zip(oof, score, strict=True))
            chart = plot_curves(
                [],
                x_label=f"OOF {metric}",
                y_label="leaderboard",
                says=says,
                diagonal=True,
                cloud=(oof, score),
            )
            figures.append(drawn(chart, title=f"{metric}: OOF against leaderboard"))
    return [side_by_side(figures)] if figures else []


def describe_audit(context: ReportContext) -> Section:
    """The section: what an audit said."""
    work, config = context.work, context.work.settings.name
    path = work.runs.audited("summary.txt")
    if not path.exists():
        what = "Copies across folds, leaks, shift between train and test, doubtful labels:"
        return Section("audit", "Audit", missing(what, type_=f"./run.sh audit -c {config}"))
    where = paragraph(f"Tables and images are in {display_path(path.parent)}.", note=True)
    text = path.read_text(encoding="utf-8").rstrip()
    return Section("audit", "Audit", join(tag("pre", text), where))
