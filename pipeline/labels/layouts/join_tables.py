"""Columns that a contest keeps in further tables, joined to its train table by id."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.labels.csv_reader import check_columns, read_contest_table, read_headless_table
from pipeline.tables import same_but_spelling


def join_label_tables(
    frame: pd.DataFrame, joins: Sequence[Mapping[str, Any]], *, root: Path, id_column: str
) -> pd.DataFrame:
    """The train table with the columns of the other tables; '' where one has no row of an id.

    Each of `joins` has file, id, header and by as the settings do. Raises ValueError for a file
    without the id column, with an id twice, with a column that is there already, or with none of
    the ids; and where the train table has no column `by`.
    """
    for join in joins:
        path = root / join["file"]
        by = join["by"] or id_column
        key = join["id"] or by
        if by not in frame.columns:
            close = get_close_matches(by, list(frame.columns), n=1, cutoff=0.6)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ValueError(
                f"{path}: the train table has no column {by!r} (join.by); {hint}its columns are "
                f"{', '.join(map(repr, frame.columns))}"
            )
        other = read_joined(root, join)
        check_columns(path, other, needs=(key,))
        other = other.set_index(key)
        repeated = other.index[other.index.duplicated()]
        if len(repeated):
            raise ValueError(f"{path}: the id {repeated[0]!r} stands in more than one row")
        again = [column for column in other.columns if column in frame.columns]
        if again:
            raise ValueError(f"{path}: the train table also has a column {again[0]!r}")
        _check_ids_meet(path, frame[by], other.index)
        found = other.reindex(frame[by]).fillna("")
        frame = frame.assign(**{column: found[column].to_numpy() for column in other.columns})
    return frame


def read_joined(root: Path, join: Mapping[str, Any]) -> pd.DataFrame:
    """One of the further tables, with the header that it has or that the settings name."""
    path = root / join["file"]
    if join["header"] is None:
        return read_contest_table(path, needs=())
    return read_headless_table(path, header=join["header"])


def _check_ids_meet(path: Path, ids: pd.Series, others: pd.Index) -> None:
    if ids.isin(others).any():
        return
    pairs = same_but_spelling(pd.Index(ids.unique()), others)
    hint = f"; {pairs[0][0]!r} is {pairs[0][1]!r} there" if pairs else ""
    raise ValueError(f"{path}: holds none of the ids of the train table{hint}")
