"""Which files lie in a contest's folder, by what they can be. Nothing is opened."""

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pipeline.labels.containers import ARCHIVE, list_below
from pipeline.labels.frames import VIDEO_ENDINGS
from pipeline.labels.layouts import IMAGE_ENDINGS
from pipeline.labels.record_files import RECORD_ENDINGS
from pipeline.labels.table_text import GZIP
from pipeline.labels.table_text import TEXT_ENDINGS as TEXT_TABLES

PICKLES = (".pkl", ".pickle")
TABLE_ENDINGS = (*TEXT_TABLES, *RECORD_ENDINGS, *PICKLES)
ARCHIVE_ENDINGS = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz")
TEXT_WORDS = ("readme", "description", "overview", "evaluation", "rules", "license", "licence")
TEXT_ENDINGS = (".md", ".rst", ".html")


@dataclass(frozen=True)
class Survey:
    """The files below a root, as paths below it, in their order by name; hidden ones are left out.

    `others` counts all other files by their ending.
    """

    root: Path
    images: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    others: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def shows_videos(self) -> bool:
        """Whether the images are videos, of which frames are taken."""
        return bool(self.videos) and self.images == self.videos

    @property
    def image_folders(self) -> Counter[str]:
        """The number of images that lie directly in each folder; the root is `.`."""
        return Counter(PurePosixPath(path).parent.as_posix() for path in self.images)

    def top_folders(self) -> Counter[str]:
        """The number of images below each folder of the root; `.` for those in the root itself."""
        return Counter(_top(path) for path in self.images)

    def images_below(self, folder: str) -> list[str]:
        """The images in a folder and below it."""
        if folder == ".":
            return list(self.images)
        return [path for path in self.images if path.startswith(f"{folder}/")]


def survey_folder(folder: Path) -> Survey:
    """All files below a folder by kind; a folder that holds one folder and no file is entered.

    Raises ValueError for a folder that is not there, or holds nothing.
    """
    if not folder.is_dir():
        what = "is a file, no folder" if folder.exists() else "no such folder"
        raise ValueError(f"new: {folder}: {what}; where does the unzipped contest lie?")
    root = _enter(folder)
    paths = sorted(_walk(root))
    paths += _in_archives(root, paths)
    packed = [path for path in paths if _is_packed_table(root, path)]
    if not paths:
        raise ValueError(f"new: {folder}: this folder holds no file")
    kinds: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for path in paths:
        kind = "tables" if path in packed else file_kind(path)
        if kind == "others":
            others.setdefault(PurePosixPath(path).suffix.lower() or "none", []).append(path)
        else:
            kinds.setdefault(kind, []).append(path)
    return Survey(
        root=root,
        images=tuple(kinds.get("images", ())),
        tables=tuple(kinds.get("tables", ())),
        texts=tuple(kinds.get("texts", ())),
        videos=tuple(kinds.get("videos", ())),
        archives=tuple(kinds.get("archives", ())),
        others={ending: tuple(found) for ending, found in others.items()},
    )


def with_videos(survey: Survey) -> Survey:
    """The survey in which videos stand for the images, where there are no images."""
    return survey if survey.images else replace(survey, images=survey.videos)


def file_kind(path: str) -> str:
    """What a file can be, by its name: images, tables, texts, videos, archives or others."""
    name = PurePosixPath(path).name.lower()
    ending = PurePosixPath(name).suffix
    if ending in IMAGE_ENDINGS:
        return "images"
    if ending in TEXT_ENDINGS or (ending in ("", ".txt") and name.startswith(TEXT_WORDS)):
        return "texts"
    if ending in TABLE_ENDINGS:
        return "tables"
    if ending in VIDEO_ENDINGS:
        return "videos"
    if ending in ARCHIVE_ENDINGS:
        return "archives"
    return "others"


def _enter(folder: Path) -> Path:
    """The folder itself, or the one in it that holds everything: archives often add one."""
    while True:
        entries = [entry for entry in sorted(folder.iterdir()) if not _is_hidden(entry.name)]
        if len(entries) != 1 or not entries[0].is_dir():
            return folder
        inside = [entry for entry in entries[0].iterdir() if not _is_hidden(entry.name)]
        if inside and all(
            entry.is_file() and file_kind(entry.name) == "images" for entry in inside
        ):
            return folder  # one folder of images: its name may say what they are
        folder = entries[0]


def _walk(root: Path) -> list[str]:
    found = []
    for place, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        below = os.path.relpath(place, root).replace(os.sep, "/")
        start = "" if below == "." else f"{below}/"
        found += [f"{start}{name}" for name in files if not _is_hidden(name)]
    return found


def _in_archives(root: Path, paths: list[str]) -> list[str]:
    """The images and tables in zip archives, which are read where they are; not of an archive that
    is unpacked, or that is one packed table."""
    folders = {path.rpartition("/")[0] for path in paths}
    found: list[str] = []
    for path in paths:
        plain = path[: -len(ARCHIVE)]
        if not path.lower().endswith(ARCHIVE) or any(
            folder == plain or folder.startswith(f"{plain}/") for folder in folders
        ):
            continue
        try:
            members = list_below(root / path)
        except ValueError:  # a broken archive is told as one that was not unpacked
            continue
        names = [member.relative_to(root).as_posix() for member in members]
        kinds = [file_kind(name) for name in names]
        wanted = ("images", "tables") if "images" in kinds else ("images",)
        found += [name for name, kind in zip(names, kinds, strict=True) if kind in wanted]
    return sorted(found)


def _is_packed_table(root: Path, path: str) -> bool:
    """Whether an archive is one table, packed: `train.csv.gz`, or a zip of a table and no image."""
    name = path.lower()
    if name.endswith(GZIP):
        return file_kind(name.removesuffix(GZIP)) == "tables"
    if not name.endswith(ARCHIVE):
        return False
    try:
        members = [file_kind(member.name) for member in list_below(root / path)]
    except ValueError:
        return False
    return members.count("tables") == 1 and "images" not in members


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _top(path: str) -> str:
    first, slash, _ = path.partition("/")
    return first if slash else "."
