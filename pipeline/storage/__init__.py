"""Where every artefact lives (paths), how it is written (files), what it was made with (origin),
who writes (locks), and what stops it (stopping, faults)."""

from pipeline.storage.files import (
    anew,
    damaged,
    is_marked,
    join_tables,
    mark,
    read_json,
    read_table,
    unmark,
    write_json,
    write_table,
    write_text,
    writing,
)
from pipeline.storage.locks import hold
from pipeline.storage.os_errors import explain
from pipeline.storage.paths import PROJECT, REFIT, Cell, Runs, shown
from pipeline.storage.provenance import provenance
from pipeline.storage.signals import StoppedError, finishing, listen

__all__ = [
    "PROJECT",
    "REFIT",
    "Cell",
    "Runs",
    "StoppedError",
    "anew",
    "damaged",
    "explain",
    "finishing",
    "hold",
    "is_marked",
    "join_tables",
    "listen",
    "mark",
    "provenance",
    "read_json",
    "read_table",
    "shown",
    "unmark",
    "write_json",
    "write_table",
    "write_text",
    "writing",
]
