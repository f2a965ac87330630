"""A CSV file as a table of texts, strictly: what does not fit is a sentence with its line.

Nothing is guessed. A reader that helps shifts the columns of a table whose lines end with a comma,
turns `007` into 7 and `NA` into nothing, and a wrong label is worse than none.
"""

import csv
import io
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from pipeline.labels.containers import MOST_CELL
from pipeline.labels.record_files import is_record_file, read_records
from pipeline.labels.separators import SEPARATORS, find_separator
from pipeline.labels.table_text import read_table_text

MOST_HEADER = 2**16  # characters in which the first lines of a table must be
SHOWN = 3  # lines that a sentence names


def read_csv(path: Path, *, needs: Sequence[str]) -> pd.DataFrame:
    """A CSV with every cell as the text that stands in it ('' is a missing cell); the index says
    the line, counted from the header's next: index + 2 is what an editor shows.

    Raises ValueError naming the file, and the line or column, for what is wrong or missing.
    """
    text = read_table_text(path)
    header, rows, lines = _read_rows(path, text, separator=",")
    return _to_frame(path, header, rows, lines, needs=needs)


def read_contest_table(path: Path, *, needs: Sequence[str]) -> pd.DataFrame:
    """A contest's own table as `read_csv` gives it, whatever parts its cells: commas, tabs,
    semicolons or bars, as the header shows; or blanks in the form of CelebA's lists. Also of a
    parquet, JSON or Excel file.

    Raises ValueError naming the file, and the line or column, for what is wrong or missing.
    """
    if is_record_file(path):
        found = read_records(path)
        header = [name or f"Unnamed: {place}" for place, name in enumerate(found.header)]
        return _to_frame(path, header, found.rows, found.lines, needs=needs)
    text = read_table_text(path)
    if _is_counted_list(text):
        header, rows, lines = _read_counted_list(path, text)
    else:
        header, rows, lines = _read_rows(path, text, separator=find_separator(text))
    return _to_frame(path, header, rows, lines, needs=needs)


def read_header(path: Path) -> list[str]:
    """The names of the columns of a contest's own table."""
    if is_record_file(path):
        return list(read_contest_table(path, needs=()).columns)
    text = read_table_text(path)[:MOST_HEADER]
    if _is_counted_list(text):
        names, first = (line.split() for line in text.splitlines()[1:3])
        return names if len(names) == len(first) else ["image_id", *names]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=find_separator(text))
    return next(([cell.strip() for cell in cells] for cells in reader if cells), [])


def read_headless_table(path: Path, *, header: Sequence[str]) -> pd.DataFrame:
    """A table without a header, its cells parted by commas, tabs, semicolons, bars or blanks, with
    these names of its columns; the index says the line as in `read_csv`.

    Raises ValueError naming the file, and the line whose number of cells is another.
    """
    text = read_table_text(path)
    separator = find_separator(text)
    rows, lines = [], []
    for line, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        cells = row.split(separator) if separator in row else row.split()
        if len(cells) != len(header):
            raise ValueError(
                f"{path} line {line}: {len(cells)} cells, but the header has {len(header)} names"
            )
        rows.append([cell.strip() for cell in cells])
        lines.append(line)
    return _to_frame(path, list(header), rows, lines, needs=())


def _to_frame(
    path: Path,
    header: list[str],
    rows: list[list[str]],
    lines: list[int],
    *,
    needs: Sequence[str],
) -> pd.DataFrame:
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    if twice:
        said = f"{path} line 1: the column {twice[0]!r} stands twice"
        if re.fullmatch(r"[\d.+-]+", twice[0]):
            said += "; is it a row? Write a line with the names of the columns above it"
        raise ValueError(said)
    frame = pd.DataFrame(rows, columns=header, index=[line - 2 for line in lines], dtype=str)
    check_columns(path, frame, needs=needs)
    return frame


def check_columns(path: Path, frame: pd.DataFrame, *, needs: Sequence[str]) -> None:
    """Raises ValueError naming the first column that a table lacks, with the nearest it has."""
    header = list(frame.columns)
    for column in needs:
        if column not in header:
            close = get_close_matches(column, header, n=1, cutoff=0.6)
            hint = f"; did you mean {close[0]!r}?" if close else ";"
            found = ", ".join(map(repr, header))
            raise ValueError(f"{path}: no column {column!r}{hint} its columns are {found}")


def _is_counted_list(text: str) -> bool:
    """Whether a text is a list as CelebA writes them: the number of rows, the names of the columns
    without that of the image, then rows parted by blanks."""
    first, *others = text[:MOST_HEADER].splitlines()[:3] or [""]
    if len(others) < 2 or not first.strip().isdecimal() or "," in others[0]:
        return False
    num_names, num_cells = (len(line.split()) for line in others)
    return num_cells == num_names + 1 or num_cells == num_names > 1


def _read_counted_list(path: Path, text: str) -> tuple[list[str], list[list[str]], list[int]]:
    """The header, the rows and their lines of CelebA's list; its first column is `image_id`."""
    count, names, *body = text.splitlines()
    header = names.split()
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row in enumerate(body, start=3):
        cells = row.split()
        if not cells:
            continue
        if not rows and len(cells) == len(header) + 1:  # the column of the names has none itself
            header = ["image_id", *header]
        if len(cells) != len(header):
            raise ValueError(f"{path} line {line}: {len(cells)} cells, needed are {len(header)}")
        rows.append(cells)
        lines.append(line)
    if len(rows) != int(count):
        raise ValueError(f"{path} line 1: says {count.strip()} rows, but there are {len(rows)}")
    return header, rows, lines


def _read_rows(
    path: Path, text: str, *, separator: str
) -> tuple[list[str], list[list[str]], list[int]]:
    """The header, the rows, and the line that each row begins in; blank lines are left out."""
    csv.field_size_limit(MOST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    uneven: list[tuple[int, list[str]]] = []  # rows with more or fewer cells than the header
    start = 1
    try:
        for cells in reader:
            if cells and not header:
                header = _header(path, cells)
            elif cells:
                if len(cells) != len(header):
                    uneven.append((start, cells))
                rows.append(cells)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{path} line {start}: not a CSV table: {error}") from None
    if not header:
        raise ValueError(f"{path}: not a CSV table: it is empty")
    if uneven:
        first, cells = uneven[0]
        more = ""
        if len(uneven) > 1:
            others = ", ".join(str(line) for line, _ in uneven[1:SHOWN])
            dots = ", ..." if len(uneven) > SHOWN else ""
            more = f"; {len(uneven)} lines are so: also {others}{dots}"
        if header[0].startswith("#"):
            more += "; line 1 begins with #: are there comments above the header? Take them away"
        raise ValueError(
            f"{path} line {first}: {len(cells)} cells ({', '.join(cells)[:80]}), but the header "
            f"has {len(header)} columns{more}"
        )
    return header, rows, lines


def _header(path: Path, cells: list[str]) -> list[str]:
    if len(cells) == 1:
        for separator, name in SEPARATORS.items():
            if separator in cells[0]:
                raise ValueError(f"{path}: {name} part its cells; save it with commas")
    return [name or f"Unnamed: {place}" for place, name in enumerate(cells)]
