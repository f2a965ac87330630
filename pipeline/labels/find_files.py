"""Finds the image that a table means where it does not spell the path as the disk does.

A path from Windows, an id without its ending, other upper and lower case, a folder too many or too
few: a person sees which file is meant, so the program looks for it. A file is taken only where
exactly one fits; two that fit are an error that names both. All of them lie below the root.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pandas as pd

from pipeline.labels.containers import ARCHIVE, list_below
from pipeline.labels.layouts import FILE_ENDINGS, IMAGE_ENDINGS, place_status
from pipeline.tables import OK

LOST = ("missing", "outside")  # statuses of a path at which no file lies
SHOWN = 3  # names that a sentence shows
# what stands before a web address once a folder was put before it, and its path without the host
URL = re.compile(r"(?P<before>.*?)https?:/+[^/]+/(?P<path>[^?]*)(\?.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class FoundFiles:
    """The images table with the files that were found, and one sentence about each kind of find."""

    images: pd.DataFrame
    notes: list[str]


@dataclass
class FileIndex:
    """The images below a root by what a loosely spelt path has in common with them.

    A key is a path in one case, without its ending, in one Unicode form.
    """

    by_path: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    by_stem: dict[str, list[str]] = field(default_factory=dict)
    by_number: dict[tuple[tuple[str, ...], int], list[str]] = field(default_factory=dict)

    def add(self, path: str) -> None:
        """Adds a file by its path below the root."""
        key = _key(path)
        self.by_path.setdefault(key, []).append(path)
        self.by_stem.setdefault(key[-1], []).append(path)
        if key[-1].isdecimal():
            self.by_number.setdefault((key[:-1], int(key[-1])), []).append(path)

    def look_up(self, written: str) -> tuple[str, list[str]]:
        """The clean path that a table's words stand for, and the files that it can mean.

        Of a web address it is the path below the host, or else its last part alone.
        """
        path = clean_path(written)
        url = URL.fullmatch(written.strip().strip("'\"").replace("\\", "/"))
        if url is None:
            return path, self.fits(path) if path else []
        for end in (url["path"], url["path"].rstrip("/").rpartition("/")[2]):
            path = clean_path(url["before"] + end)
            found = self.fits(path) if path else []
            if found:
                return path, found
        return path, []

    def fits(self, path: str) -> list[str]:
        """The files that a clean path can mean: those of the strictest rule that finds any.

        1. the same path in another case, without its ending or with another one;
        2. the same name in a folder further down, or without the first folders of the path;
        3. the same number in the same folder: `7` is `0007.jpg`.
        """
        key = _key(path)
        same = self.by_path.get(key, [])
        if same:
            exact = [file for file in same if file.casefold() == path.casefold()]
            return exact if len(exact) == 1 else same
        elsewhere = [file for file in self.by_stem.get(key[-1], []) if _is_part(key, _key(file))]
        if elsewhere:
            return elsewhere
        if key[-1].isdecimal():
            return self.by_number.get((key[:-1], int(key[-1])), [])
        return []


def find_files(root: Path, images: pd.DataFrame) -> FoundFiles:
    """The images table in which every path that leads to no file is looked for below the root.

    Raises ValueError naming the first path that several files fit.
    """
    lost = images.index[images["status"].isin(LOST)]
    if not len(lost):
        return FoundFiles(images, [])
    frame = images.copy()
    index = None
    found: dict[int, str] = {}
    several: list[tuple[str, list[str]]] = []
    written_paths = frame.loc[lost, "path"].to_dict()  # a table can have a million rows
    for row, written in written_paths.items():
        path = clean_path(written)
        if not path:
            continue
        if not place_status(root, path):
            found[row] = path
            continue
        if index is None:  # the folders are walked only where a path is not just written otherwise
            index = index_files(root)
        _, fitting = index.look_up(written)
        if len(fitting) == 1:
            found[row] = fitting[0]
        elif fitting:
            several.append((written, fitting))
    if several:
        raise ValueError(_say_several(root, several))
    _drop_claimed(frame, found, written_paths)
    notes = _say_found(frame, found)
    rows = list(found)
    frame.loc[rows, "path"] = list(found.values())
    frame.loc[rows, "status"] = OK
    frame.loc[rows, "message"] = ""
    return FoundFiles(frame, notes)


def clean_path(written: str) -> str:
    """A path as this machine would write it: slashes, no `%20`, quotes, drive or leading `..`."""
    path = written.strip().strip("'\"").strip()
    path = path.replace("\\", "/")
    if re.search(r"%[0-9A-Fa-f]{2}", path):
        path = unquote(path)
    if "\0" in path:
        return ""
    path = re.sub(r"^(file://|[A-Za-z]:)", "", path)
    parts = [part for part in os.path.normpath(path).split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def index_files(root: Path) -> FileIndex:
    """All images below the root, which may be an archive; hidden ones not."""
    index = FileIndex()
    inside = [] if root.is_dir() else list_below(root)
    members = [path for path in inside if path.name.lower().endswith(IMAGE_ENDINGS)]
    for path in members or _walk(root, seen=set()):
        index.add(os.path.relpath(path, root).replace(os.sep, "/"))
    return index


def say_what_lies_there(root: Path, path: str) -> str:
    """What a user finds where a path leads: the deepest folder of it that is there, and its names.

    `in /data lie 24 files and 2 folders: a.jpg, b.jpg, ...`
    """
    folder = root
    for part in PurePosixPath(clean_path(path)).parts[:-1]:
        if not (folder / part).is_dir():
            break
        folder = folder / part
    if not folder.is_dir():
        return f"there is no folder {folder}"
    names = sorted(os.listdir(folder))
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return f"{folder} holds {len(names)} entries: {shown}" if names else f"{folder} is empty"


def _walk(folder: Path, *, seen: set[str]) -> Iterator[Path]:
    """The images below a folder, those in archives too; a link to a folder is followed once."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # a folder that can't be read holds nothing that can be found
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if os.path.isdir(entry.path):  # a link to itself is none; entry.is_dir() would raise
            yield from _walk(Path(entry.path), seen=seen)
        elif entry.name.lower().endswith(FILE_ENDINGS) and os.path.isfile(entry.path):
            yield Path(entry.path)
        elif entry.name.lower().endswith(ARCHIVE) and os.path.isfile(entry.path):
            for file in list_below(Path(entry.path)):
                if file.name.lower().endswith(IMAGE_ENDINGS):
                    yield file


def _key(path: str) -> tuple[str, ...]:
    """The parts of a path in one case and one Unicode form, without the endings of images and
    archives: `train/1` may lie in `train.zip`."""
    plain = unicodedata.normalize("NFC", path).casefold()
    while plain.endswith(FILE_ENDINGS):  # a setting can have added a second one: x.png.jpg
        plain = plain.rpartition(".")[0]
    plain = re.sub(r"(\d)\.0+$", r"\1", plain)  # an id that was read as a number: 24.0
    return tuple(part.strip().removesuffix(ARCHIVE) for part in plain.split("/"))


def _is_part(written: tuple[str, ...], file: tuple[str, ...]) -> bool:
    """Whether a file is what a path means but for folders: the path has more of them in front, or
    it leaves some out. The parts that both have must stand in one order."""
    if len(file) < len(written):
        return written[-len(file) :] == file
    remaining = iter(file)
    return all(part in remaining for part in written)


def _drop_claimed(
    images: pd.DataFrame, found: dict[int, str], written_paths: dict[int, str]
) -> None:
    """Takes back a find of a file that another row names by another path: it is that row's."""
    lost = images["status"].isin(LOST)
    owned = set(images.loc[~lost, "path"])
    names: dict[str, set[str]] = {}
    for row, path in found.items():
        names.setdefault(path, set()).add(clean_path(written_paths[row]))
    for row, path in list(found.items()):
        # the same words but for slashes are the same name: only looser finds can be somebody else's
        loose = clean_path(written_paths[row]) != path
        if loose and (path in owned or len(names[path]) > 1):
            images.loc[row, "message"] = f"no such file; {path} is the image of another row"
            del found[row]


def _say_several(root: Path, several: list[tuple[str, list[str]]]) -> str:
    written, fitting = several[0]
    paths = "1 path of the tables fits" if len(several) == 1 else f"{len(several)} paths fit"
    more = ", ..." if len(fitting) > SHOWN else ""
    return (
        f"{root}: {paths} several files; the first is '{written}': {', '.join(fitting[:SHOWN])}"
        f"{more}; write the whole path below {root}, or say in which folder the images lie"
    )


def _say_found(images: pd.DataFrame, found: dict[int, str]) -> list[str]:
    if not found:
        return []
    row, path = next(iter(found.items()))
    paths = "1 path" if len(found) == 1 else f"{len(found)} paths"
    verb = "is" if len(found) == 1 else "are"
    written = images.at[row, "path"]
    looks_same = unicodedata.normalize("NFC", written) == unicodedata.normalize("NFC", path)
    form = " there, with its accents in another Unicode form" if looks_same else ""
    return [
        f"{paths} of the tables {verb} not written as on the disk, and found all the same: "
        f"'{written}' is {path}{form}"
    ]
