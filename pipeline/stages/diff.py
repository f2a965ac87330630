"""diff: which answers changed between two submissions, and which attribute of them."""

import numpy as np
import pandas as pd

from pipeline.experiment.work import Work
from pipeline.leaderboard.ledger import file_hash
from pipeline.leaderboard.submissions import Answered, align, find_submission, read_answers
from pipeline.metrics.paired import show_number
from pipeline.metrics.submission_diff import Attribute, count_flips, measure_shift, name_flips
from pipeline.metrics.text_tables import layout_table
from pipeline.storage import display_path, write_table

SHOWN = 10  # rows that are printed


def check(work: Work) -> None:
    """Raises ValueError for other than two submissions, or two that do not answer the same."""
    _read(work)


def run(work: Work) -> None:
    first, second = _read(work)
    names = [display_path(found.path) for found in (first, second)]
    if file_hash(first.path) == file_hash(second.path):
        print(f"diff: {names[0]} and {names[1]} are the same to the last byte")
        return
    changed = pd.DataFrame(index=first.frame.index)
    sentences = []
    for column in first.frame.columns:
        lines, words = _column(first, second, column)
        sentences += lines
        changed[f"{column} was"] = first.frame[column]
        changed[f"{column} is"] = second.frame[column]
        if words:
            changed[f"{column}: what changed"] = words
    moved = (first.frame != second.frame).any(axis=1)
    share = f"{moved.sum()} of {len(moved)} rows ({moved.mean():.1%}) changed"
    print(f"diff: from {names[0]} to {names[1]}: {share}")
    print("\n".join(sentences))
    if not moved.any():
        print("diff: the answers are the same, only their order or their form differs")
        return
    rows = changed[moved].rename_axis("id").reset_index()
    print(f"the first {min(SHOWN, len(rows))} rows:" if len(rows) > 1 else "the row:")
    table = [list(rows.columns), *rows.head(SHOWN).astype(str).to_numpy().tolist()]
    print("\n".join(f"  {line}" for line in layout_table(table, left=len(rows.columns))))
    path = work.runs.changed(first.path, second.path)
    write_table(path, rows)
    print(f"diff: wrote all {len(rows)} to {display_path(path)}")


def _read(work: Work) -> tuple[Answered, Answered]:
    if len(work.words) != 2:
        found = f", found {' '.join(work.words)!r}" if work.words else ""
        raise ValueError(f"diff: needs two submissions, as in diff masks masks-stack{found}")
    paths = [find_submission(work.runs, word) for word in work.words]
    first = read_answers(work.settings, work.runs, paths[0])
    second = read_answers(work.settings, work.runs, paths[1], source=first.settings)
    if first.settings is None and second.settings is None:
        return first, align(first, second)
    if first.settings is None:  # a file from elsewhere takes the other's contest
        second = read_answers(work.settings, work.runs, paths[1])
        first = read_answers(work.settings, work.runs, paths[0], source=second.settings)
    return first, align(first, second)


def _column(first: Answered, second: Answered, column: str) -> tuple[list[str], list[str]]:
    """Sentences about one answer column, and for classes what changed in each row."""
    known = first.formats[column]
    lead = f"{column}: " if len(first.formats) > 1 else ""
    if known is None:
        attributes, one, other = _words(first, second, column)
    else:
        one, other = first.codes(column), second.codes(column)
        attributes = [Attribute(task.name, task.classes) for task in known.space.tasks]
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
    return [*lines, *(f"  {line}" for line in layout_table(rows, left=3))], name_flips(
        one, other, attributes
    )


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
