"""An answer file of the contest, written and read back; a submission and its OOF twin alike."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.ensembling.answer_file import (
    Column,
    build_answers,
    check_answers,
    spell_numbers,
    write_lines,
)
from pipeline.labels.csv_reader import read_contest_table
from pipeline.leaderboard.row_form import RowForm
from pipeline.storage import display_path, write_table, write_text


def write_answer_table(
    path: Path,
    image_ids: Sequence[str],
    columns: Sequence[Column],
    *,
    id_column: str,
    sample_ids: Sequence[str] | None = None,
    sample_columns: Sequence[str] | None = None,
    rows: RowForm | None = None,
    copied: pd.DataFrame | None = None,
    separator: str = ",",
) -> int:
    """Writes the answers, checked, and gives their number.

    A .txt file holds bare answers, one a line, in the order of `image_ids`; another is a CSV in the
    order of the sample's ids and columns, where it has any; `rows` makes a row an answer of it.
    `copied` are columns of the sample, in its order, that are written as they are.

    Raises ValueError naming an id that is answered and not asked for, or the reverse, or an answer
    that its column does not allow.
    """
    ids = list(image_ids)
    frame = build_answers(ids, columns, sample_ids=sample_ids, id_column=id_column)
    check_answers(frame, columns, sample_ids=sample_ids, id_column=id_column)
    frame = spell_numbers(frame, columns)
    if path.suffix == ".txt":
        write_text(path, write_lines(frame, columns[0].name))
        return len(frame)
    if copied is not None:
        frame = frame.assign(**{name: copied[name].to_numpy() for name in copied.columns})
    if rows is not None:
        wide = frame.set_index(id_column)
        frame = rows.answer_all(wide) if sample_ids is None else rows.answer_sample(wide)
    elif sample_columns is not None and set(sample_columns) == set(frame.columns):
        frame = frame[list(sample_columns)]
    # exact: for a reader that wants the very ids
    write_table(path, frame, exact=True, separator=separator)
    return len(frame)


def read_answer_table(
    path: Path, columns: Sequence[str], *, id_column: str, rows: RowForm | None = None
) -> pd.DataFrame:
    """The answers as texts, indexed by id; of bare lines by `line 1`, `line 2`. `rows` are those of
    a file with a row an answer; '' stands where it holds none.

    Raises ValueError for a column that is not there or an id that appears twice.
    """
    if path.suffix == ".txt":
        lines = path.read_text(encoding="utf-8").splitlines()
        names = [f"line {number}" for number in range(1, len(lines) + 1)]
        return pd.DataFrame({columns[0]: lines}, index=names, dtype=str)
    if rows is not None:
        wide = rows.read(read_contest_table(path, needs=(rows.value,)), what=display_path(path))
        lacking = [name for name in columns if name not in wide.columns]
        if lacking:
            raise ValueError(f"{display_path(path)}: no row answers {lacking[0]}")
        return wide[list(columns)]
    table = read_contest_table(path, needs=(id_column, *columns))
    if table[id_column].duplicated().any():
        first = table.loc[table[id_column].duplicated(), id_column].iloc[0]
        raise ValueError(f"{display_path(path)}: {first!r} is answered twice")
    return table.set_index(id_column)[list(columns)]
