"""diff: which answers changed between two submissions, and which attribute of them."""

import pandas as pd

from pipeline.console.table_layout import layout_table
from pipeline.experiment.work import Work
from pipeline.leaderboard.answer_changes import describe_changes
from pipeline.leaderboard.submissions import Answered, align, find_submission, read_answers
from pipeline.storage import display_path, write_table
from pipeline.storage.digests import file_sha256

SHOWN = 10  # rows that are printed


def check(work: Work) -> None:
    """Raises ValueError for other than two submissions, or two that do not answer the same."""
    _read(work)


def run(work: Work) -> None:
    """Prints what changed, and writes all changed rows as a CSV."""
    first, second = _read(work)
    names = [display_path(found.path) for found in (first, second)]
    if file_sha256(first.path) == file_sha256(second.path):
        print(f"diff: {names[0]} and {names[1]} are the same to the last byte")
        return
    changed = pd.DataFrame(index=first.frame.index)
    sentences = []
    for column in first.frame.columns:
        lines, words = describe_changes(first, second, column)
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
    print("\n".join(layout_table(table, left=len(rows.columns), names=1, indent=2)))
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
