"""The tables of a contest's folder as texts, with or without a header, whatever parts their cells.

They are read as the index stage will read them, so that what is understood here holds there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.features.new_contest.meeting import ImageIndex
from pipeline.features.new_contest.survey import PICKLES
from pipeline.labels.csv_reader import read_contest_table, read_headless_table
from pipeline.labels.number_words import is_number
from pipeline.labels.record_files import is_record_file
from pipeline.labels.table_text import read_table_text, say_encoding, table_ending

SAMPLED = 50  # rows by which a table without a header is told from one with it
MOST_COLUMNS = 5000
COLUMN_WORDS = {  # what the second column of a file is called by the name of the file
    "partition": ("partition", "split"),
    "person": ("identity", "identities", "person"),
}


@dataclass(frozen=True)
class ContestTable:
    """A table as texts; `header` names its columns where the file itself does not."""

    name: str
    frame: pd.DataFrame
    header: tuple[str, ...] | None = None

    @property
    def stem(self) -> str:
        """The file's name without folder and ending, in lower case."""
        return PurePosixPath(self.name).stem.lower()

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True)
class ReadTables:
    """The tables that were read, files of one bare value a line, and a sentence for each other."""

    tables: list[ContestTable]
    lines: dict[str, list[str]]  # file -> its values
    notes: list[str]


def read_tables(root: Path, names: Iterable[str], index: ImageIndex) -> ReadTables:
    """Every table that the program can read. One that it can't is a sentence among the notes."""
    tables: list[ContestTable] = []
    lines: dict[str, list[str]] = {}
    notes: list[str] = []
    for name in names:
        if PurePosixPath(name).suffix.lower() in PICKLES:
            notes.append(
                f"{name} is not read: a pickle can run any program; if you trust it, save it as "
                "CSV: pandas.read_pickle(FILE).to_csv(FILE.csv, index=False)"
            )
            continue
        try:
            bare = _read_bare_lines(root / name, index)
            if bare is not None:
                lines[name] = bare
                continue
            tables.append(read_one(root, name, index))
            said = say_encoding(root / name)
            notes += [said] if said else []
        except ValueError as error:
            notes.append(str(error).replace(f"{root}/", ""))
    return ReadTables(tables, lines, notes)


def read_one(root: Path, name: str, index: ImageIndex) -> ContestTable:
    """One table. Raises ValueError with the reader's own sentence."""
    path = root / name
    header = _missing_header(path, name, index)
    if header is not None:
        return ContestTable(name, read_headless_table(path, header=header), header)
    frame = read_contest_table(path, needs=())
    if len(frame.columns) > MOST_COLUMNS:
        raise ValueError(f"{path}: {len(frame.columns)} columns are no table of labels")
    return ContestTable(name, frame)


def _read_bare_lines(path: Path, index: ImageIndex) -> list[str] | None:
    """The values of a file that holds one a line and no name of an image; else None."""
    if table_ending(path) not in (".txt", ".csv"):
        return None
    text = read_table_text(path)
    values = [line.strip() for line in text.splitlines() if line.strip()]
    if len(values) < 2 or any(separator in values[0] for separator in ",;\t| "):
        return None
    if any(len(value.split()) > 1 or "," in value for value in values[:SAMPLED]):
        return None
    if index.meets(values[-1]) and not is_number(values[-1]):
        return None
    if not is_number(values[0]) and is_number(values[-1]):
        return None  # a header above a column of numbers
    return values


def _missing_header(path: Path, name: str, index: ImageIndex) -> tuple[str, ...] | None:
    """Names for the columns of a file whose first line is a row already; None where it has some.

    A first line is a row where one of its cells is the name of an image that lies there.
    """
    if is_record_file(path):
        return None
    first = read_table_text(path).partition("\n")[0].strip()
    if index.is_image(first.strip('"')):  # a list of names and nothing else
        return ("image",)
    for separator in (",", "\t", ";", "|", None):
        if separator is not None and separator not in first:
            continue
        cells = [cell.strip().strip('"') for cell in first.split(separator)]
        if len(cells) < 2:
            continue
        place = next((i for i, cell in enumerate(cells) if index.is_image(cell)), None)
        if place is None:
            return None
        return _column_names(name, number=len(cells), image_at=place)
    return None


def _column_names(name: str, *, number: int, image_at: int) -> tuple[str, ...]:
    stem = PurePosixPath(name).stem.lower()
    second = "label"
    for column, words in COLUMN_WORDS.items():
        if any(word in stem for word in words) and "label" not in stem:
            second = column
    names = [f"column{place + 1}" for place in range(number)]
    names[image_at] = "image"
    if number == 2:
        names[1 - image_at] = second
    return tuple(names)
