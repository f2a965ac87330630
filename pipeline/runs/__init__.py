"""Where every artefact lives (paths), how it is written (files), what it was made with (origin)."""

from pipeline.runs.files import (
    is_marked,
    mark,
    read_json,
    read_table,
    write_json,
    write_table,
    write_text,
    writing,
)
from pipeline.runs.origin import provenance
from pipeline.runs.paths import PROJECT, REFIT, Cell, Runs, shown

__all__ = [
    "PROJECT",
    "REFIT",
    "Cell",
    "Runs",
    "is_marked",
    "mark",
    "provenance",
    "read_json",
    "read_table",
    "shown",
    "write_json",
    "write_table",
    "write_text",
    "writing",
]
