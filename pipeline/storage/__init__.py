"""Where every artefact lives (paths), how it is written (files), what it was made with
(provenance), who writes (locks), and what stops it (signals, os_errors)."""

from pipeline.storage.cell import REFIT, Cell
from pipeline.storage.files import (
    MEGABYTE,
    atomic_write,
    damaged_file,
    is_fresh,
    join_tables,
    read_json,
    read_table,
    repair_hint,
    stamp,
    unstamp,
    write_json,
    write_table,
    write_text,
)
from pipeline.storage.locks import hold_lock, say_nothing, try_lock
from pipeline.storage.os_errors import check_writable, explain_os_error
from pipeline.storage.paths import Runs
from pipeline.storage.project import PROJECT, below_project, display_path
from pipeline.storage.provenance import now, provenance
from pipeline.storage.signals import (
    StoppedError,
    TimeUpError,
    finishing,
    install_signal_handlers,
    stop_after,
)

__all__ = [
    "MEGABYTE",
    "PROJECT",
    "REFIT",
    "Cell",
    "Runs",
    "StoppedError",
    "TimeUpError",
    "atomic_write",
    "below_project",
    "check_writable",
    "damaged_file",
    "display_path",
    "explain_os_error",
    "finishing",
    "hold_lock",
    "install_signal_handlers",
    "is_fresh",
    "join_tables",
    "now",
    "provenance",
    "read_json",
    "read_table",
    "repair_hint",
    "say_nothing",
    "stamp",
    "stop_after",
    "try_lock",
    "unstamp",
    "write_json",
    "write_table",
    "write_text",
]
