"""Cells of a CSV that a spreadsheet would take for a formula, written so that it runs nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


_FORMULA = r"^'*[=+\-@\t\r]"
_NUMBER = r"^[+\-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-]?\d+)?$"


def escape_formulas(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with a ' before every text that begins like a formula; numbers stay numbers."""
    return _each_text(frame, lambda texts: texts.where(~_runs(texts), "'" + texts))


def unescape_formulas(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The texts as they were before disarm."""
    return _each_text(frame, lambda texts: texts.where(~_runs(texts), texts.str[1:]))


def _each_text(
    frame: "pd.DataFrame", change: Callable[["pd.Series"], "pd.Series"]
) -> "pd.DataFrame":
    """The frame with the texts in its columns changed; other values stay as they are."""
    changed = {}
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind == "O" or str(values.dtype).startswith("str"):
            texts = values[values.map(lambda value: isinstance(value, str)).astype(bool)]
            if len(texts):
                whole = values.astype(object)
                whole.loc[texts.index] = change(texts.astype(str)).astype(object)
                changed[name] = whole
    return frame.assign(**changed) if changed else frame


def _runs(texts: "pd.Series") -> "pd.Series":
    """Which texts a spreadsheet would run, or bear the mark already; numbers are none."""
    return texts.str.contains(_FORMULA, regex=True) & ~texts.str.contains(_NUMBER, regex=True)
