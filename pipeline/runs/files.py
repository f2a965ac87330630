"""How an artefact is written: a temporary name, then renamed; the mark of completion comes last."""

import glob
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import recipe_hash

if TYPE_CHECKING:  # pandas costs half a second, and `./run.sh` alone must answer at once
    import pandas as pd


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary name beside the path, renamed to it when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_overs(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb") as file:  # on disk before it gets its name
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_table(path: Path, frame: "pd.DataFrame") -> None:
    with writing(path) as temporary:
        if path.suffix == ".csv":
            frame.to_csv(temporary, index=False, lineterminator="\n")
        else:
            frame.to_parquet(temporary, index=False)


def read_table(path: Path) -> "pd.DataFrame":
    """A stored table; in a CSV the ids stay text."""
    import pandas as pd

    if path.suffix == ".csv":
        return pd.read_csv(path, dtype={"image_id": str, "person_id": str}, keep_default_na=False)
    return pd.read_parquet(path)


def mark(path: Path, recipe: Any) -> None:
    """Writes beside a finished artefact what it was made from. Called last."""
    write_json(_mark_of(path), {"recipe": recipe_hash(recipe)})


def is_marked(path: Path, recipe: Any) -> bool:
    """Whether the artefact is there and was made from this recipe."""
    found = _mark_of(path)
    return path.exists() and found.exists() and read_json(found) == {"recipe": recipe_hash(recipe)}


def _mark_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.made.json")
