"""What compare has stored: paired differences between experiments, members and stacks."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.console.installation import COMMAND
from pipeline.features.report.context import ReportContext
from pipeline.features.report.differences import difference_figure, interval_of
from pipeline.features.report.parts import Figure, Hint
from pipeline.storage import Runs, display_path, read_table

KEY = ["task", "metric", "first", "second"]


@dataclass(frozen=True)
class Paired:
    """Stored differences of one experiment: the contest's answer, and single tasks."""

    answers: list[Figure]
    tasks: list[Figure]
    note: str
    hint: Hint | None


def stored_differences(runs: Runs) -> pd.DataFrame:
    """All rows of all comparisons, the newest of each pair and target, with `when` it was made
    (seconds since 1970) and the two scores, `first_score` and `second_score`, that differ so."""
    paths = sorted(
        runs.compared("", "").glob("*/differences.csv"), key=lambda path: path.stat().st_mtime
    )
    tables = [_read_with_scores(path).assign(when=path.stat().st_mtime) for path in paths]
    frame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*KEY, "when"])
    return frame.drop_duplicates(KEY, keep="last")


def _read_with_scores(path: Path) -> pd.DataFrame:
    rows, scores = read_table(path), read_table(path.with_name("scores.csv"))
    whole = scores[scores["fold"].astype(str) == "all"]
    values = whole.set_index(["source", "task", "metric"])["value"].to_dict()
    for side in ("first", "second"):
        keys = zip(rows[side], rows["task"], rows["metric"], strict=True)
        rows[f"{side}_score"] = [values.get(key, float("nan")) for key in keys]
    return rows


def find_paired(context: ReportContext) -> Paired:
    """This experiment, its members and its stack against others."""
    name, runs, where = context.name, context.runs, context.settings.folders_typed
    frame = stored_differences(runs)
    is_first = frame["first"].map(lambda who: is_of(who, name))
    is_second = frame["second"].map(lambda who: is_of(who, name))
    rows = frame[is_first | is_second]
    if rows.empty:
        member = next(iter(context.settings.members))
        hint = Hint("Nothing is compared yet.", f"{COMMAND} compare {name} {name}/{member}{where}")
        return Paired([], [], "", hint)
    note = ""
    if rows["when"].min() < runs.scores.stat().st_mtime:
        oldest = rows.loc[rows["when"].idxmin()]
        again = f"{COMMAND} compare {oldest['first']} {oldest['second']}{where}"
        note = f"Older than {display_path(runs.scores)}: {again} makes them again."
    answers = {space.name for space in context.evaluation.spaces}
    whole = rows[rows["task"].isin(answers)]
    others = rows.drop(whole.index)
    return Paired(difference_figures(whole), difference_figures(others), note, None)


def difference_figures(rows: pd.DataFrame) -> list[Figure]:
    """A figure for each target."""
    figures = []
    for (task, metric), some in rows.groupby(["task", "metric"], sort=False):
        found = [interval_of(f"{r.second} over {r.first}", r) for r in some.itertuples()]
        figures.append(difference_figure(f"{task}: {metric}", found))
    return figures


def is_of(who: str, experiment: str) -> bool:
    """Whether a name that compare was given is the experiment, a member of it, or its stack."""
    return who.partition("/")[0] in (experiment, f"{experiment}-stack")
