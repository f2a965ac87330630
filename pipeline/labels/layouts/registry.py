"""Every layout by its name, read in one way. A new layout is a module and a line here."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.labels.layouts.afad import read_afad
from pipeline.labels.layouts.appa import read_appa
from pipeline.labels.layouts.cacd import read_cacd
from pipeline.labels.layouts.folders import read_folders
from pipeline.labels.layouts.lines import read_lines, say_order
from pipeline.labels.layouts.locate import list_tables
from pipeline.labels.layouts.pstage import read_pstage
from pipeline.labels.layouts.table import read_label_table
from pipeline.labels.layouts.utkface import read_utkface
from pipeline.labels.table_text import say_encoding

LAYOUTS: dict[str, Callable[..., pd.DataFrame]] = {
    "pstage": read_pstage,
    "table": read_label_table,
    "lines": read_lines,
    "folders": read_folders,
    "utkface": read_utkface,
    "cacd": read_cacd,
    "afad": read_afad,
    "appa": read_appa,
}
NAMED_BY_TASKS = ("table", "lines", "folders")  # their label columns are what the tasks say


def read_layout(
    name: str, root: Path, *, labels: Sequence[str], options: Mapping[str, Any]
) -> pd.DataFrame:
    """The images table of a contest's folder; `labels` are the columns that the tasks read, and
    `options` the layout's own settings. Raises ValueError for what the reader cannot make out."""
    words = dict(options)
    if name == "table":  # `id`, `path` and `person` are words of Python or too short by themselves
        words |= {f"{word}_column": words.pop(word) for word in ("id", "path", "person")}
    if name in NAMED_BY_TASKS:
        words["labels"] = list(labels)
    return LAYOUTS[name](root, **words)


def layout_notes(name: str, root: Path, *, options: Mapping[str, Any]) -> list[str]:
    """Sentences about how a layout was understood that a user should see once."""
    if name == "lines":
        return [say_order(root, **options)]
    tables = [] if options.get("pixels") else list_tables(name, root, options=options)
    return [said for said in map(say_encoding, tables) if said]
