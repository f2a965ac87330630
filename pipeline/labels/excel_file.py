"""The sheet of an Excel file (.xlsx) as rows of texts: an archive of XML files, read without Excel.

The format: ECMA-376, part 1, SpreadsheetML.
"""

import io
import re
import zipfile
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

MOST_BYTES = 2**28  # of one XML file of the archive
DATE_FORMATS = (*range(14, 23), *range(45, 48))  # numbers of the formats that are built in
DAY_ZERO = datetime(1899, 12, 30)
WHOLE = re.compile(r"-?\d+\.0+")


def read_sheet(path: Path, raw: bytes) -> list[tuple[int, list[str]]]:
    """The rows of the one sheet that holds anything, each with its number, all of one length; the
    first is the header.

    Dates become 2001-12-31, a whole number has no `.0`, a missing cell is ''. Raises ValueError for
    a file that is no such archive, that holds nothing, or that holds several sheets.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
            words = _shared_words(archive)
            dates = _date_styles(archive)
            sheets = [_read_rows(_parse(archive, name), words, dates) for name in sorted(names)]
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: not a whole Excel file ({error}); save it as CSV") from None
    filled = [rows for rows in sheets if rows]
    if not filled:
        raise ValueError(f"{path}: its sheets are empty")
    if len(filled) > 1:
        raise ValueError(
            f"{path}: {len(filled)} of its sheets hold something; save the one that is meant as CSV"
        )
    (rows,) = filled
    return rows


def _parse(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(f"{name} in the Excel file is too large; save it as CSV")
    return ElementTree.fromstring(archive.read(name))


def _tag(element: ElementTree.Element) -> str:
    """A tag without its namespace, of which there are two."""
    return element.tag.rpartition("}")[2]


def _shared_words(archive: zipfile.ZipFile) -> list[str]:
    """The texts that cells name by their number."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_text(item) for item in _parse(archive, "xl/sharedStrings.xml")]


def _text(item: ElementTree.Element) -> str:
    """The text of an item, put together from its runs; how it is pronounced is left out."""
    parts = []
    for child in item:
        if _tag(child) == "t":
            parts.append(child.text or "")
        elif _tag(child) == "r":
            parts += [each.text or "" for each in child if _tag(each) == "t"]
    return "".join(parts)


def _date_styles(archive: zipfile.ZipFile) -> set[int]:
    """The numbers of the cell styles that show a number as a date."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    root = _parse(archive, "xl/styles.xml")
    formats = set(DATE_FORMATS)
    for element in root.iter():
        code = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", element.get("formatCode", ""))
        if _tag(element) == "numFmt" and re.search(r"[ymd]", code, re.IGNORECASE):
            formats.add(int(element.get("numFmtId", "0")))
    styles = next((element for element in root if _tag(element) == "cellXfs"), ())
    return {place for place, style in enumerate(styles) if int(style.get("numFmtId", 0)) in formats}


def _read_rows(
    sheet: ElementTree.Element, words: list[str], dates: set[int]
) -> list[tuple[int, list[str]]]:
    """The rows of a sheet with their numbers; an empty row between others stays out."""
    rows: dict[int, dict[int, str]] = {}
    line = 0
    for row in (element for element in sheet.iter() if _tag(element) == "row"):
        line = int(row.get("r", line + 1))
        cells: dict[int, str] = {}
        for place, cell in enumerate(row):
            column = _column(cell.get("r", ""), place)
            value = _value(cell, words, dates)
            if value:
                cells[column] = value
        if cells:
            rows[line] = cells
    width = max((max(cells) + 1 for cells in rows.values()), default=0)
    return [
        (line, [cells.get(column, "") for column in range(width)]) for line, cells in rows.items()
    ]


def _column(reference: str, place: int) -> int:
    """The number of a cell's column from its name, `C7` is 2; cells without one follow in order."""
    letters = re.match(r"[A-Z]+", reference)
    if letters is None:
        return place
    number = 0
    for letter in letters.group():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: ElementTree.Element, words: list[str], dates: set[int]) -> str:
    kind = cell.get("t", "n")
    inline = next((child for child in cell if _tag(child) == "is"), None)
    if inline is not None:
        return _text(inline)
    found = next((child.text for child in cell if _tag(child) == "v"), None) or ""
    if kind == "s":
        return words[int(found)] if found else ""
    if kind == "b":
        return {"1": "True", "0": "False"}.get(found, found)
    if kind != "n" or not found:
        return found
    if int(cell.get("s", 0)) in dates:
        moment = DAY_ZERO + timedelta(days=float(found))
        return moment.date().isoformat() if float(found) % 1 == 0 else moment.isoformat(" ")
    return found.partition(".")[0] if WHOLE.fullmatch(found) else _shorter(found)


def _shorter(number: str) -> str:
    """A number as a person typed it: Excel stores 0.1 as 0.10000000000000001."""
    return repr(float(number)) if re.fullmatch(r"-?\d+\.\d{12,}(E-?\d+)?", number) else number
