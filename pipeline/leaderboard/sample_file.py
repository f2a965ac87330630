"""The contest's sample submission: its ids, its columns, and what its values look like.

Its values are placeholders. They say how an answer is written, and never what is true.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.config.types import check_name
from pipeline.labels.csv_reader import read_contest_table
from pipeline.labels.number_words import NumberStyle, find_style
from pipeline.labels.record_files import is_record_file
from pipeline.labels.separators import find_separator
from pipeline.labels.table_text import read_table_text
from pipeline.leaderboard.row_form import RowForm, find_row_form
from pipeline.storage import Runs

BLANK = ("", "?", "-", "nan", "na", "n/a", "null")  # in lower case: says nothing
WHOLE = re.compile(r"[+-]?\d+")
SHOWN = 4  # values that a sentence shows


@dataclass(frozen=True)
class SampleColumn:
    """What the values of one answer column look like; blanks are left out."""

    name: str
    values: tuple[str, ...]  # the different ones, in the order in which they first appear

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The different values (K,) as numbers; None where one of them is a word."""
        try:
            return np.array([float(self._plain(value)) for value in self.values])
        except ValueError:
            return None

    @cached_property
    def style(self) -> NumberStyle | None:
        """How its numbers are spelt where that is not plain: `35%`, `3,5`."""
        return find_style(self.values)

    def _plain(self, value: str) -> str:
        return value if self.style is None else self.style.read(value)

    @property
    def is_whole(self) -> bool:
        """Whether all are whole numbers without a decimal point, and there are any."""
        return bool(self.values) and all(
            WHOLE.fullmatch(self._plain(value)) for value in self.values
        )

    def within(self, low: float, high: float) -> bool:
        """Whether all are numbers from low to high."""
        if self.numbers is None:
            return False
        return bool(((self.numbers >= low) & (self.numbers <= high)).all())

    def describe(self) -> str:
        """The values in words: `the words male, female` or `numbers from 0 to 1`."""
        shown = ", ".join(self.values[:SHOWN]) + (", …" if len(self.values) > SHOWN else "")
        if self.numbers is None:
            return f"the words {shown}"
        if len(self.values) <= SHOWN:
            return f"the numbers {shown}" if len(self.values) > 1 else f"the number {shown}"
        kind = "whole numbers" if self.is_whole else "numbers"
        return f"{kind} from {self.numbers.min():g} to {self.numbers.max():g}"


@dataclass(frozen=True)
class SampleFile:
    """The sample submission as a table of texts."""

    name: str  # as the settings name it
    id_column: str
    frame: pd.DataFrame
    is_test_table: bool  # it stands in for a sample, and may have columns that are no answers
    rows: RowForm | None = None  # where the file has a row an answer; `frame` has a row an image
    copied: tuple[str, ...] = ()  # columns that are written as they stand in the file
    separator: str = ","  # what parts its cells

    @property
    def ids(self) -> list[str]:
        """The ids in the order of the file."""
        return self.frame[self.id_column].tolist()

    @property
    def answer_columns(self) -> list[str]:
        """All columns but the ids and those that are copied, in the file's order."""
        others = (self.id_column, *self.copied)
        return [column for column in self.frame.columns if column not in others]

    @property
    def copied_columns(self) -> pd.DataFrame | None:
        """The values of the columns that are written as they stand there; None without such."""
        return self.frame[list(self.copied)] if self.copied else None

    def spelt_columns(self, wanted: Sequence[str]) -> tuple[str, ...] | None:
        """The answer columns of these names as the file spells them; None where one is not there.

        Upper and lower case are one, unless all names are there as they are.
        """
        if set(wanted) <= set(self.answer_columns):
            return tuple(wanted)
        present = {column.casefold(): column for column in self.answer_columns}
        if all(name.casefold() in present for name in wanted):
            return tuple(present[name.casefold()] for name in wanted)
        return None

    def column(self, name: str) -> SampleColumn:
        """What the values of a column look like; one that is not there is empty."""
        if name not in self.frame.columns:
            return SampleColumn(name, ())
        values = self.frame[name].str.strip()
        known = values[~values.str.lower().isin(BLANK)]
        return SampleColumn(name, tuple(dict.fromkeys(known)))


def read_sample(settings: Experiment, runs: Runs) -> SampleFile | None:
    """The contest's sample file; None where the settings name none, or the answers are bare lines.

    Raises ValueError where it is not there or has no id column.
    """
    contest = settings.competition
    options = contest.submission
    if options.sample is None or options.format == "lines":
        return None
    return read_sample_file(settings, runs.root / options.sample)


def read_sample_file(settings: Experiment, path: Path) -> SampleFile:
    """A sample file of the contest wherever it lies. Raises ValueError as `read_sample`."""
    contest = settings.competition
    options = contest.submission
    name = options.sample or path.name
    frame = read_contest_table(path, needs=(options.id,))
    for column in options.copied:
        check_name(column, dict.fromkeys(frame.columns), what="submission.copied: column")
    rows = find_row_form(settings, frame, sample=name, id_column=options.id)
    if rows is not None:
        frame = rows.wide.rename_axis(options.id).reset_index()
    return SampleFile(
        name=name,
        id_column=options.id,
        frame=frame,
        is_test_table=contest.table is not None and contest.table.test == options.sample,
        rows=rows,
        copied=options.copied,
        separator="," if is_record_file(path) else find_separator(read_table_text(path)),
    )
