"""What changed between two submissions in one answer column, in sentences; called by diff."""

import numpy as np
import pandas as pd

from pipeline.console.table_layout import layout_table
from pipeline.leaderboard.submissions import Answered
from pipeline.metrics.paired import show_number
from pipeline.metrics.submission_diff import Attribute, count_flips, measure_shift, name_flips


def describe_changes(first: Answered, second: Answered, column: str) -> tuple[list[str], list[str]]:
    """Sentences about one answer column, and for classes what changed in each row.

    `second` is in the order of `first`.
    """
    known = first.formats[column]
    lead = f"{column}: " if len(first.formats) > 1 else ""
    if known is None or known.holds_words:
        attributes, one, other = _words(first, second, column)
    else:
        one, other = first.codes(column), second.codes(column)
        attributes = [Attribute(task.name, task.classes) for task in known.space.tasks]
        if known.space.kind == "multilabel":  # a label in a column of its own
            attributes = [Attribute(column, ("no", "yes"))]
    if one.dtype == np.float64:
        shift = measure_shift(one, other)
        mean, bias, most = map(show_number, (shift.mean, shift.bias, shift.largest))
        where = first.frame.index[shift.row]
        line = f"{lead}mean absolute change {mean}, mean change {bias}, largest {most} at {where}"
        return [line], []
    flips = count_flips(one, other, attributes)
    rows = [("attribute", "was", "now", "rows", "share of all")]
    rows += [
        (row.attribute, row.was, row.now, str(row.count), f"{row.share:.2%}")
        for row in flips.head(30).itertuples(name="Flip")
    ]
    total = flips.groupby("attribute", sort=False)["count"].sum()
    each = ", ".join(f"{name} in {count}" for name, count in total.items()) or "nothing"
    lines = [f"{lead}what changed: {each}"]
    lines += layout_table(rows, left=3, indent=2)
    return lines, name_flips(one, other, attributes)


def _words(
    first: Answered, second: Answered, column: str
) -> tuple[list[Attribute], np.ndarray, np.ndarray]:
    """Answers of an unknown contest: fractions as numbers, anything else as words."""
    both = pd.concat([first.frame[column], second.frame[column]])
    numbers = pd.to_numeric(both, errors="coerce")
    half = len(first.frame)
    if numbers.notna().all() and (numbers % 1 != 0).any():
        values = numbers.to_numpy(dtype=np.float64)
        return [], values[:half], values[half:]
    codes, words = pd.factorize(both, sort=True)
    return [Attribute(column, tuple(words))], codes[:half], codes[half:]
