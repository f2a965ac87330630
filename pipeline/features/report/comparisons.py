"""What compare has stored: paired differences between experiments, members and stacks."""

import pandas as pd

from pipeline.features.report.context import ReportContext, missing
from pipeline.features.report.differences import difference_chart, interval_of
from pipeline.features.report.html.markup import Html, folded, join, paragraph, side_by_side, tag
from pipeline.storage import Runs, display_path, read_table

KEY = ["task", "metric", "first", "second"]


def stored_differences(runs: Runs) -> pd.DataFrame:
    """All rows of all comparisons, the newest of each pair and question, with `when` it was made
    (seconds since 1970)."""
    paths = sorted(
        runs.compared("", "").glob("*/differences.csv"), key=lambda path: path.stat().st_mtime
    )
    tables = [read_table(path).assign(when=path.stat().st_mtime) for path in paths]
    frame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*KEY, "when"])
    return frame.drop_duplicates(KEY, keep="last")


def describe_paired(context: ReportContext) -> list[Html]:
    """This experiment, its members and its stack against others; the contest's answer is open."""
    name, runs = context.work.settings.name, context.work.runs
    frame = stored_differences(runs)
    rows = frame[frame["first"].map(lambda who: is_of(who, name)) | _is_second(frame, name)]
    heading = tag("h3", "Against others, paired")
    if rows.empty:
        hint = f"./run.sh compare {name} {name}/{next(iter(context.work.settings.members))}"
        return [heading, missing("Nothing is compared yet.", type_=hint)]
    parts = [heading]
    if rows["when"].min() < runs.scores.stat().st_mtime:
        old = f"Older than {display_path(runs.scores)}: ./run.sh compare makes them again."
        parts.append(paragraph(old, note=True))
    evaluation = {space.name for space in context.evaluation.spaces}
    whole = rows[rows["task"].isin(evaluation)]
    parts.append(difference_figures(whole))
    if len(others := rows.drop(whole.index)):
        parts.append(folded("By task", difference_figures(others)))
    return [join(parts)]


def difference_figures(rows: pd.DataFrame) -> Html:
    """A figure for each question."""
    charts = []
    for (task, metric), some in rows.groupby(["task", "metric"], sort=False):
        found = [interval_of(f"{r.second} over {r.first}", r) for r in some.itertuples()]
        charts.append(difference_chart(f"{task}: {metric}", found))
    return side_by_side(charts)


def is_of(who: str, experiment: str) -> bool:
    """Whether a name that compare was given is the experiment, a member of it, or its stack."""
    return who.partition("/")[0] in (experiment, f"{experiment}-stack")


def _is_second(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame["second"].map(lambda who: is_of(who, name))
