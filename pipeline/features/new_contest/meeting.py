"""Which values of a table's column are images that lie in the folder."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from pipeline.labels.find_files import FileIndex
from pipeline.labels.layouts import IMAGE_ENDINGS

LOOKED_AT = 400  # values of a column: enough to know its share
MOST_FOLDERS = 60  # in which a bare number is looked for
NUMBER = re.compile(r"\d+(\.0+)?")  # also one that a spreadsheet saved as 24.0


@dataclass(frozen=True)
class Meeting:
    """How the values of a column meet the images.

    `share` of the values that are the name of an image; `folders` counts, for each folder that a
    value's path can start from, the values whose image lies there; `suffix` is the one ending that
    the values lack, '' where they have one or the images have several; `distinct` counts values.
    """

    share: float = 0.0
    folders: Counter[str] = field(default_factory=Counter)
    suffix: str = ""
    distinct: int = 0

    @property
    def best_folder(self) -> str:
        """The folder that most of the values start from; '' where none of them meets anything."""
        if not self.folders:
            return ""
        most = max(self.folders.values())
        return min((f for f, n in self.folders.items() if n == most), key=lambda f: (len(f), f))


class ImageIndex:
    """The images of a folder, to be asked for by what a table writes."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._index = FileIndex()
        for path in paths:
            self._index.add(path)
        parents = Counter(PurePosixPath(path).parent.as_posix() for path in paths)
        self._folders = [folder for folder, _ in parents.most_common(MOST_FOLDERS)]

    def find(self, value: str) -> list[str]:
        """The images that a value can mean."""
        return self._look_up(value)[1]

    def _look_up(self, value: str) -> tuple[str, list[str]]:
        """The clean path of a value, and the images that it can mean."""
        path, found = self._index.look_up(value)
        if not found and NUMBER.fullmatch(path):
            for folder in self._folders:
                found = found + self._index.fits(f"{folder}/{path}")
        return path, found

    def meets(self, value: str) -> bool:
        """Whether the value can mean any of the images."""
        return bool(self.find(value))

    def is_image(self, value: str) -> bool:
        """Whether a value is surely the name of an image: it has an ending or letters."""
        plain = value.strip()
        return not NUMBER.fullmatch(plain) and self.meets(plain)

    def meeting(self, values: Iterable[str]) -> Meeting:
        """How the values of one column meet the images; some of many are looked at."""
        distinct = list(dict.fromkeys(value for value in values if value.strip()))
        if not distinct:
            return Meeting()
        step = np.linspace(0, len(distinct) - 1, min(len(distinct), LOOKED_AT)).astype(int)
        looked_at = [distinct[place] for place in step]
        folders: Counter[str] = Counter()
        endings: Counter[str] = Counter()
        met = 0
        bare = True
        for value in looked_at:
            path, files = self._look_up(value)
            bare = bare and not path.lower().endswith(IMAGE_ENDINGS)
            met += bool(files)
            for folder in {_starts_from(path, file) for file in files}:
                folders[folder] += 1
            endings.update({PurePosixPath(file).suffix for file in files})
        suffix = next(iter(endings)) if bare and len(endings) == 1 else ""
        return Meeting(met / len(looked_at), folders, suffix, len(distinct))


def _starts_from(path: str, file: str) -> str:
    """The folder from which a clean path leads to a file; `.` for the root."""
    folders = PurePosixPath(path).parent.parts
    parents = PurePosixPath(file).parent.parts
    if not folders:
        return "/".join(parents) or "."
    if len(parents) >= len(folders) and _folded(parents[-len(folders) :]) == _folded(folders):
        return "/".join(parents[: len(parents) - len(folders)]) or "."
    return "."


def _folded(parts: Sequence[str]) -> list[str]:
    return [part.casefold() for part in parts]
