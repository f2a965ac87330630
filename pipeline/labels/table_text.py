"""The text of a table's file, whatever its encoding, packed or not.

UTF-8 and UTF-16 say themselves what they are. Other bytes are read as Western European (cp1252)
where they look like it: an accented letter or two beside plain ones, as in `Glück`. Whole words of
such bytes are Chinese, Russian or Greek, and which of them nobody can tell: that is an error.
"""

import re
import zlib
from pathlib import Path

from pipeline.labels.containers import (
    ARCHIVE,
    MOST_BYTES,
    find_container,
    is_there,
    list_below,
    read_inside,
)

GZIP = ".gz"
GZIP_BITS = zlib.MAX_WBITS | 16  # zlib's word for: with gzip's header
TEXT_ENDINGS = (".csv", ".tsv", ".txt")
SHOWN = 4  # members of an archive that a sentence names
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
WESTERN = "cp1252"
FOREIGN = re.compile(r"[^\x00-\x7f]+")
MOST_ACCENTS = 2  # letters in a row that are not plain ones, in a Western word
MOST_ALONE = 0.2  # share of them that may stand without a plain letter beside them


def table_ending(path: Path) -> str:
    """The ending that says how a table is written, in small letters: `.csv` of `train.csv.zip`."""
    if path.suffix.lower() in (GZIP, ARCHIVE):
        return path.with_suffix("").suffix.lower()
    return path.suffix.lower()


def read_table_bytes(path: Path) -> bytes:
    """The bytes of a table: of a file, of a `.gz` file unpacked, of a member of a zip archive, or
    of the one table that an archive holds.

    Raises ValueError where there is no such file, or where it can't be unpacked.
    """
    if not is_there(path):
        raise ValueError(f"{path}: no such file; is root right?")
    if path.suffix.lower() == ARCHIVE:
        path = table_in_archive(path)
    if find_container(path) is None:
        raw = path.read_bytes()
    else:
        try:
            raw = read_inside(path) or b""
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    return _unzip(path, raw) if path.suffix.lower() == GZIP else raw


def table_in_archive(archive: Path) -> Path:
    """The path of the one table that an archive holds. Raises ValueError where it is not one."""
    members = list_below(archive)
    tables = [path for path in members if table_ending(path) in TEXT_ENDINGS]
    if len(tables) != 1:
        names = ", ".join(path.name for path in members[:SHOWN]) or "nothing"
        raise ValueError(
            f"{archive}: it holds {len(tables)} tables ({names}), and one is needed; name the "
            f"member: {archive.name}/NAME.csv"
        )
    return tables[0]


def _unzip(path: Path, raw: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=GZIP_BITS)
    try:
        text = unpacker.decompress(raw, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"{path}: not a whole gzip file ({error}); download it again") from None
    if not unpacker.eof:
        what = "too large" if unpacker.unconsumed_tail else "cut off; download it again"
        raise ValueError(f"{path}: {what}")
    return text


def read_table_text(path: Path) -> str:
    """The text of a table. Raises ValueError naming the file, and the line of what is no text."""
    raw = read_table_bytes(path)
    encoding = find_encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            raise ValueError(f"{path}: not whole UTF-16 text; save it as UTF-8") from None
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"not UTF-8 text (byte 0x{raw[error.start]:02x})"
        raise ValueError(f"{path} line {line}: {found}; save it as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ValueError(f"{path} line {line}: not a CSV table: a zero byte, no text has one")
    return text


def find_encoding(raw: bytes) -> str:
    """The encoding of a text's bytes: utf-8-sig, utf-16 or cp1252."""
    if raw[:2] in UTF_16:
        return "utf-16"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return WESTERN if _looks_western(raw) else "utf-8-sig"
    return "utf-8-sig"


def say_encoding(path: Path) -> str:
    """A sentence about a table that was read as Western European; '' for any other."""
    raw = read_table_bytes(path)
    if find_encoding(raw) != WESTERN:
        return ""
    text = raw.decode(WESTERN)
    found = FOREIGN.search(text)
    assert found is not None
    before = re.search(r"\w*\Z", text[: found.start()])
    after = re.match(r"\w*", text[found.end() :])
    word = f"{before.group() if before else ''}{found.group()}{after.group() if after else ''}"
    return (
        f"{path.name} is no UTF-8 text and was read as Western European ({WESTERN}): {word!r}; if "
        "that is not the word, save the file as UTF-8"
    )


def _looks_western(raw: bytes) -> bool:
    try:
        text = raw.decode(WESTERN)
    except UnicodeDecodeError:
        return False
    runs = list(FOREIGN.finditer(text))
    if any(len(run.group()) > MOST_ACCENTS for run in runs):
        return False
    alone = 0
    for run in runs:
        beside = text[max(0, run.start() - 1) : run.start()] + text[run.end() : run.end() + 1]
        alone += not any(letter.isalpha() for letter in beside)
    return alone <= MOST_ALONE * len(runs)
