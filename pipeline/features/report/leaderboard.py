"""What was handed in: OOF beside the leaderboard; and what an audit found."""

import pandas as pd

from pipeline.console.installation import COMMAND
from pipeline.features.report.context import ReportContext
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Hint, Table, figure
from pipeline.figures.curves import scatter
from pipeline.leaderboard.ledger import read_ledger
from pipeline.metrics.paired import show_number
from pipeline.storage import display_path


def describe_ledger(context: ReportContext) -> Section:
    """The section: the contest's submissions, this experiment's marked."""
    name, runs = context.name, context.runs
    ledger = read_ledger(runs)
    rows = ledger[ledger["competition"] == context.settings.competition.name]
    listed, hint = None, None
    if rows.empty:
        what = f"{display_path(runs.ledger)} holds no submission for this contest."
        hint = Hint(what, f"{COMMAND} infer {context.as_typed}")
        says = "none yet"
    else:
        listed = ledger_table(rows, own=name)
        num_scored = int((rows["score"] != "").sum())
        says = f"{len(rows)} made, {num_scored} with a leaderboard score"
        if not num_scored:
            own = rows[rows["experiment"] == name]
            newest = (own if len(own) else rows)["name"].iloc[-1]
            command = f"{COMMAND} ledger {newest} score=0.78{context.settings.folders_typed}"
            hint = Hint("No leaderboard score is recorded.", command)
    body = render("ledger.html.j2", ledger=listed, figures=leaderboard_figures(rows), hint=hint)
    return Section("ledger", "Submissions and leaderboard", body, says=says, is_open=False)


def ledger_table(rows: pd.DataFrame, *, own: str) -> Table:
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
    caption = "Submissions in the order they were made"
    return Table(header, lines, caption, words=3, last_is_words=True)


def leaderboard_figures(rows: pd.DataFrame) -> list[Figure]:
    """OOF against the leaderboard, for each metric with two scores or more."""
    figures = []
    for metric, some in rows[rows["score"] != ""].groupby("metric", sort=False):
        if len(some) > 1:
            oof = pd.to_numeric(some["oof"]).tolist()
            score = pd.to_numeric(some["score"]).tolist()
            says = [
                f"{name}: OOF {one:.4f}, leaderboard {other:.4f}"
                for name, one, other in zip(some["name"], oof, score, strict=True)
            ]
            chart = scatter(oof, score, x_label=f"OOF {metric}", y_label="leaderboard", says=says)
            title = f"{metric}: OOF against leaderboard"
            figures.append(figure(title, chart, says="; ".join(says)))
    return figures


def describe_audit(context: ReportContext) -> Section:
    """The section: what an audit said."""
    path = context.runs.audited("summary.txt")
    text, hint = "", None
    if path.exists():
        text = path.read_text(encoding="utf-8").rstrip()
    else:
        what = "Copies across folds, leaks, shift between train and test, doubtful labels:"
        hint = Hint(what, f"{COMMAND} audit {context.as_typed}")
    body = render("audit_summary.html.j2", text=text, folder=display_path(path.parent), hint=hint)
    says = "copies, leaks, shift, labels" if text else "not made yet"
    return Section("audit", "Audit", body, says=says, is_open=False)
