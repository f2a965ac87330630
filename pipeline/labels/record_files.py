"""Tables that are no text parted by commas: parquet, JSON, JSON lines, and Excel's sheets.

Each becomes the same as a CSV: a header and rows of texts, '' for a missing cell.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.labels.excel_file import read_sheet
from pipeline.labels.table_text import read_table_bytes, read_table_text, table_ending

PARQUET = (".parquet", ".pq")
JSON_LINES = (".jsonl", ".ndjson")
JSON = ".json"
EXCEL = ".xlsx"
RECORD_ENDINGS = (*PARQUET, *JSON_LINES, JSON, EXCEL)
NAME, LABEL = "file_name", "label"  # columns of a JSON file of the form {"1.jpg": ...}
NESTED = "{path}: the column {column!r} holds {what}; a CSV with a text or a number in each cell is"


@dataclass(frozen=True)
class Records:
    """A table as texts, and the line or row of the file that each of its rows stands in."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def is_record_file(path: Path) -> bool:
    """Whether a file is such a table, by its name."""
    return table_ending(path) in RECORD_ENDINGS


def read_records(path: Path) -> Records:
    """The rows of such a table.

    Raises ValueError naming the file for one that is damaged, that has another form than a table,
    or whose cells are no texts or numbers.
    """
    ending = table_ending(path)
    if ending == EXCEL:
        (_, header), *rows = read_sheet(path, read_table_bytes(path))
        return Records(header, [cells for _, cells in rows], [line for line, _ in rows])
    if ending in PARQUET:
        return _read_parquet(path)
    text = read_table_text(path)
    if ending in JSON_LINES:
        found = []
        lines = []
        for line, written in enumerate(text.splitlines(), start=1):
            if written.strip():
                found.append(_load(path, written, line=line))
                lines.append(line)
        return _to_records(path, found, lines)
    found = _json_rows(path, _load(path, text))
    return _to_records(path, found, list(range(2, len(found) + 2)))


def _read_parquet(path: Path) -> Records:
    import pyarrow as pa

    try:
        frame = pd.read_parquet(io.BytesIO(read_table_bytes(path)))
    except (OSError, pa.ArrowException) as error:
        said = str(error).splitlines()[0]
        raise ValueError(f"{path}: not a parquet table: {said}") from None
    if not isinstance(frame.index, pd.RangeIndex):  # ids that were saved as the index
        frame = frame.reset_index()
    columns = [
        [_cell(path, str(name), value) for value in frame[name].tolist()] for name in frame.columns
    ]
    rows = [list(cells) for cells in zip(*columns, strict=True)]
    return Records([str(name) for name in frame.columns], rows, list(range(2, len(rows) + 2)))


def find_image_column(path: Path) -> str | None:
    """The column of a parquet file whose cells are whole images; None where there is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        batches = pq.ParquetFile(path).iter_batches(batch_size=1)
        first: dict[str, Any] = next((batch.to_pylist()[0] for batch in batches if len(batch)), {})
    except (OSError, pa.ArrowException):
        return None
    return next((str(name) for name, value in first.items() if _is_image(value)), None)


def _load(path: Path, text: str, *, line: int | None = None) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        place = f"{path} line {line}" if line else f"{path}"
        raise ValueError(f"{place}: not JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: its JSON is nested too deep for a table") from None


def _json_rows(path: Path, found: Any) -> list[Any]:
    """The rows of a JSON file: a list of records, or {"1.jpg": label} or {"1.jpg": record}."""
    if isinstance(found, list):
        return found
    if isinstance(found, dict) and found:
        values = list(found.values())
        if all(isinstance(value, dict) for value in values):
            return [{NAME: name, **value} for name, value in found.items()]
        if not any(isinstance(value, (dict, list)) for value in values):
            return [{NAME: name, LABEL: value} for name, value in found.items()]
    raise ValueError(
        f"{path}: no table: needed is a list of records, or for each image's name its label or its "
        "record"
    )


def _to_records(path: Path, found: Sequence[Any], lines: list[int]) -> Records:
    header: dict[str, None] = {}
    for record, line in zip(found, lines, strict=True):
        if not isinstance(record, dict):
            raise ValueError(f"{path} row {line}: {str(record)[:60]} is no record ({{...}})")
        header |= dict.fromkeys(record)
    if not header:
        raise ValueError(f"{path}: it holds no record")
    names = list(header)
    rows = [[_cell(path, name, record.get(name)) for name in names] for record in found]
    return Records(names, rows, lines)


def _cell(path: Path, column: str, value: Any) -> str:
    """A value as a CSV would hold it; several words as one text.

    Raises ValueError for images that stand in a table, and for records within records.
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, bool | int | float | str):
        return str(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if _is_image(value):
        what = "images"
        raise ValueError(f"{NESTED.format(path=path, column=column, what=what)} needed, and files")
    if isinstance(value, dict):
        raise ValueError(f"{NESTED.format(path=path, column=column, what='records')} needed")
    if isinstance(value, list | tuple):
        words = [_cell(path, column, word) for word in value]
        return ("|" if any(" " in word for word in words) else " ").join(words)
    return str(value)


def _is_image(value: Any) -> bool:
    return isinstance(value, bytes) or (isinstance(value, dict) and "bytes" in value)
