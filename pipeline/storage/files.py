"""How an artefact is written: a temporary name, then renamed; the mark of completion comes last."""

import errno
import glob
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import fingerprint_of
from pipeline.storage.csv_escape import escape_formulas, unescape_formulas
from pipeline.storage.signals import finishing

if TYPE_CHECKING:
    import pandas as pd

MEGABYTE = 2**20  # bytes


@contextmanager
def atomic_write(path: Path, *, short: bool = True) -> Iterator[Path]:
    """A temporary name beside the path, renamed to it when the block ends without an error.

    A short write is finished before a signal stops the work. Raises OSError with the file's name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_overs(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")
    with finishing() if short else nullcontext():
        try:
            yield temporary
            with open(temporary, "rb") as file:  # on disk before it gets its name
                os.fsync(file.fileno())
            os.replace(temporary, path)
            _keep_name(path.parent)
        except OSError as error:
            if error.filename not in (None, str(temporary)):
                raise
            number = error.errno
            if number is None and re.search(r"requested and \d+ written", str(error)):
                number = errno.ENOSPC  # numpy counts the bytes that had no room, and says no more
            if number is None:
                raise
            raise OSError(number, os.strerror(number), str(path)) from None
        finally:
            temporary.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """Brings the folder itself to the disk, so that a machine that vanishes keeps the new name."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a system that cannot open folders
        return
    try:
        os.fsync(descriptor)
    except OSError:  # or cannot sync them
        pass
    finally:
        os.close(descriptor)


def _remove_left_overs(path: Path) -> None:
    """Removes the temporary files of processes that were killed while they wrote this path."""
    prefix = f".{path.name}."
    for left in path.parent.glob(f"{glob.escape(prefix)}*.tmp{glob.escape(path.suffix)}"):
        process = left.name.removeprefix(prefix).split(".")[0]
        if process.isdigit() and not _is_alive(int(process)):
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file as a whole: a reader sees the old one or the new one."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Writes a JSON file as a whole, indented, ending in a line break."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def repair_hint(path: Path) -> str:
    """What makes a damaged file again, in words.

    The files of a trained cell are made together, so all of them go."""
    if (path.parent / "done.json").exists():
        return f"put it back, or remove {path.parent}: the same command trains that cell again"
    return "without it the same command makes it again"


def damaged_file(path: Path, error: Exception | None = None) -> ValueError:
    """What is raised for a file that holds something else, or is gone without an `error`."""
    what = "gone" if error is None else f"damaged ({str(error).splitlines()[0].rstrip('.')})"
    return ValueError(f"{path}: {what}; {repair_hint(path)}")


def read_json(path: Path) -> Any:
    """A stored value. Raises ValueError naming a file that holds no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged_file(path, error) from None


def write_table(
    path: Path, frame: "pd.DataFrame", *, exact: bool = False, separator: str = ","
) -> None:
    """Writes a CSV or a parquet table. In a CSV a text that a spreadsheet would run gets a ' before
    it, which read_table takes away; an `exact` one is for a reader that wants the very ids."""
    if path.suffix == ".csv" and not exact:
        frame = escape_formulas(frame.reset_index(drop=True))
    with atomic_write(path) as temporary:
        if path.suffix == ".csv":
            frame.to_csv(temporary, index=False, lineterminator="\n", sep=separator)
        else:
            frame.to_parquet(temporary, index=False)


def join_tables(path: Path, parts: Sequence[Path], *, empty: bool = False) -> None:
    """One parquet table of several, in their order and one in memory at a time; an `empty` one
    has their columns only."""
    import pyarrow.parquet as pq

    with (
        atomic_write(path, short=False) as temporary,
        pq.ParquetWriter(temporary, pq.read_schema(parts[0])) as writer,
    ):
        for part in () if empty else parts:
            writer.write_table(pq.read_table(part))


def read_table(path: Path) -> "pd.DataFrame":
    """A stored table; in a CSV the ids stay text. Raises ValueError for a file that holds none."""
    import pandas as pd
    import pyarrow as pa

    try:
        if path.suffix == ".csv":
            ids = {"image_id": str, "person_id": str}
            _check_last_line(path)
            return unescape_formulas(pd.read_csv(path, dtype=ids, keep_default_na=False))
        return pd.read_parquet(path)
    except FileNotFoundError:
        if not (path.parent / "done.json").exists():
            raise
        raise damaged_file(path) from None
    except (ValueError, pa.ArrowException) as error:
        raise damaged_file(path, error) from None
    except OSError as error:
        if error.errno is not None:  # the system's own; pyarrow's is of the file's content
            raise
        raise damaged_file(path, error) from None


def _check_last_line(path: Path) -> None:
    """Raises ValueError for a CSV that breaks off: what is left of it would pass for all."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        if file.read(1) != b"\n":
            raise ValueError("its last line is cut off")


def stamp(path: Path, recipe: Any) -> None:
    """Writes beside a finished artefact, out of sight, what it was made from. Called last."""
    write_json(_mark_of(path), {"recipe": fingerprint_of(recipe)})


def unstamp(path: Path) -> None:
    """Takes the mark away: what the artefact was made from is about to be something else."""
    _mark_of(path).unlink(missing_ok=True)


def is_fresh(path: Path, recipe: Any) -> bool:
    """Whether the artefact is there and was made from this recipe."""
    mark = _mark_of(path)
    if not mark.exists() or not path.is_file():
        return False
    return read_json(mark) == {"recipe": fingerprint_of(recipe)}


def _mark_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.made.json")
