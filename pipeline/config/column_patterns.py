"""Columns of labels that are named by a pattern or by a range: `Wearing_*`, `Bald..Young`.

They are written out when the settings are loaded, so that a run's stored settings name each column.
"""

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pipeline.config.types import nearest

RANGE = ".."
SHOWN = 6  # columns that a sentence names


def write_out_columns(contest: dict[str, Any], *, project: Path) -> None:
    """Replaces the patterns in the `columns:` of tasks of kind multilabel by the columns that the
    contest's own tables have.

    Raises ValueError for a pattern that no column fits, or where the tables are not there.
    """
    tasks = contest.get("tasks")
    if not isinstance(tasks, dict):
        return  # the settings say so
    for name, task in tasks.items():
        if not isinstance(task, dict) or task.get("kind") != "multilabel":
            continue
        words = task.get("columns")
        words = [words] if isinstance(words, str) else words
        if not isinstance(words, list) or not any(_is_pattern(word) for word in words):
            continue
        spot = f"competition.tasks.{name}.columns"
        header = _read_headers(contest, spot=spot, project=project)
        taken = [other.get("column", each) for each, other in tasks.items() if other is not task]
        found: list[str] = []
        for word in words:
            found += [str(word)] if not _is_pattern(word) else _fitting(word, header, spot=spot)
        task["columns"] = [one for one in dict.fromkeys(found) if one not in taken]


def _is_pattern(word: object) -> bool:
    return isinstance(word, str) and ("*" in word or RANGE in word)


def _fitting(word: str, header: Sequence[str], *, spot: str) -> list[str]:
    if RANGE in word:
        first, _, last = word.partition(RANGE)
        for end in (first, last):
            if end not in header:
                raise ValueError(f"{spot}: {word!r}: no column {end!r}{_say(end, header)}")
        start, stop = header.index(first), header.index(last)
        if start > stop:
            raise ValueError(f"{spot}: {word!r}: {last!r} stands before {first!r} in the table")
        return list(header[start : stop + 1])
    found = [column for column in header if fnmatchcase(column, word)]
    if not found:
        raise ValueError(f"{spot}: no column is like {word!r}{_say(word, header)}")
    return found


def _say(word: str, header: Sequence[str]) -> str:
    more = ", …" if len(header) > SHOWN else ""
    return f"{nearest(word, header)} there are {', '.join(header[:SHOWN])}{more}"


def _read_headers(contest: Mapping[str, Any], *, spot: str, project: Path) -> list[str]:
    """The columns of the train table and of those that are joined to it."""
    from pipeline.labels.containers import is_there
    from pipeline.labels.csv_reader import read_header  # pandas: only where patterns are asked for

    table = contest.get("table")
    table = table if isinstance(table, dict) else {}
    written = str(contest.get("root", ""))
    root = project / os.path.expanduser(os.path.expandvars(written))
    train = root / str(table.get("train", "train.csv"))
    if not is_there(train):
        raise ValueError(
            f"{spot}: which columns are meant stands in {train}, and there is no such file; is "
            "root right?"
        )
    header = read_header(train)
    for join in table.get("join") or ():
        if isinstance(join, dict) and join.get("header"):
            header += [str(column) for column in join["header"]]
        elif isinstance(join, dict) and is_there(root / str(join.get("file", ""))):
            header += read_header(root / str(join["file"]))
    return list(dict.fromkeys(header))
