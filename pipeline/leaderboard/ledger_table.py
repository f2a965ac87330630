"""The submissions of one contest as a table for a terminal: OOF beside lockbox and leaderboard."""

from collections.abc import Mapping

import pandas as pd

from pipeline.console.table_layout import layout_table
from pipeline.experiment.lockbox import (
    describe_openings,
    describe_use,
    read_lockbox_scores,
    use_by_experiment,
)
from pipeline.leaderboard.ledger import UPPER_BOUND
from pipeline.metrics.paired import show_number
from pipeline.metrics.text_tables import EMPTY
from pipeline.storage import Runs

HEADER = (
    *("when", "name", "file", "answer", "OOF", "95 % interval", "lockbox", "rows"),
    "leaderboard",
)


def ledger_table(rows: pd.DataFrame, runs: Runs) -> list[str]:
    """The lines of the table, in the order in which the submissions were made, and notes.

    `rows` are lines of the ledger of one contest and metric; `runs` say where its experiments lie.
    """
    locked = _lockbox_scores(rows, runs)
    lines: list[tuple[str, ...]] = [HEADER]
    for index, row in rows.iterrows():
        low, high = show_number(float(row["low"])), show_number(float(row["high"]))
        mark = " *" if row["caveat"] else ""
        lines.append(
            (
                row["when"][:16].replace("T", " "),
                row["name"],
                row["sha256"][:8],
                f"{row['method']} of {row['members'].replace(' ', ', ')}",
                show_number(float(row["oof"])) + mark,
                f"{low}..{high}",
                locked.get(index, EMPTY),
                row["rows"],
                show_number(float(row["score"])) if row["score"] else EMPTY,
            )
        )
    if not locked:  # a column of dashes says nothing
        place = HEADER.index("lockbox")
        lines = [line[:place] + line[place + 1 :] for line in lines]
    table = layout_table(lines, left=4, names=2, indent=2)
    return [*table, *(f"  {note}" for note in _notes(rows, runs))]


def _lockbox_scores(rows: pd.DataFrame, runs: Runs) -> Mapping[int, str]:
    """By the index of a row what its experiment scored on the lockbox, where it was opened."""
    found: dict[int, str] = {}
    for index, row in rows.iterrows():
        source = "stack" if row["method"] == "stack" else "ensemble"
        for score in read_lockbox_scores(runs, experiment=row["experiment"]):
            locked = score["lockbox"]
            if score["source"] == source and locked["metric"] == row["metric"]:
                found.setdefault(index, show_number(locked["value"]))
    return found


def _notes(rows: pd.DataFrame, runs: Runs) -> list[str]:
    """What makes OOF look better than it is."""
    notes = []
    if rows["caveat"].any():
        notes.append(
            f"* {UPPER_BOUND}: its folds do not know who is in every image, so OOF is too high if "
            "people come twice"
        )
    uses = use_by_experiment(runs, rows["competition"].iloc[0])
    mine = {uses[name] for name in rows["experiment"] if name in uses}
    for use in sorted(mine, key=lambda use: -use.experiments):
        opened = f"; their lockbox was {describe_openings(use)}" if use.openings else ""
        notes.append(f"{describe_use(use)}{opened}: the best OOF of many flatters")
    return notes
