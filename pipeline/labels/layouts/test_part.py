"""Another test part of a contest: a folder or a table that came after the training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.labels.containers import ARCHIVE, is_there, list_below
from pipeline.labels.layouts import finish, unlabelled_row
from pipeline.labels.layouts.lines import numbered_images
from pipeline.labels.layouts.table import read_test_rows
from pipeline.labels.record_files import RECORD_ENDINGS
from pipeline.labels.table_text import TEXT_ENDINGS
from pipeline.tables import OK

ENDINGS = (*TEXT_ENDINGS, *RECORD_ENDINGS)  # of a table of test images


@dataclass(frozen=True)
class PartFiles:
    """What lies in a test part: its table if it has one, its folder of images, its sample file."""

    table: Path | None
    folders: tuple[Path, ...]  # where its images may lie, the likeliest first
    sample: Path | None


@dataclass(frozen=True)
class TestPart:
    """The images table of a test part, not yet measured; its paths are below `root`."""

    __test__ = False  # pytest takes every class of this name for a test

    images: pd.DataFrame
    root: Path
    sample: Path | None  # the sample submission that came with it


def read_test_part(
    layout: str,
    place: Path,
    *,
    root: Path,
    options: Mapping[str, Any],
    sample: str | None,
    answer_id: str,
) -> TestPart:
    """The test images of `place`, read as the contest's own: a folder, a zip archive (which is read
    like a folder and not unpacked), or a table of test images.

    A folder is looked through for the contest's test table, then for its sample file (its ids are
    then the images), then for images. Images that a table names may lie in the part itself, or
    in the contest's own folder below `root`. `options` are the layout's settings, `sample` and
    `answer_id` the sample file's name and id column.

    Raises ValueError naming the place where nothing is found, or where a table does not fit.
    """
    files = _find_files(layout, place, root=root, options=options, sample=sample)
    if files.table is None:
        folder = files.folders[0]
        rows = _list_images(layout, folder, suffix=options.get("suffix", ""))
        if not any(row["status"] == OK for row in rows):
            raise ValueError(f"test={place}: no image and no test table lies in this folder")
        return TestPart(finish(rows, labels=[], source=folder), folder, files.sample)
    tries = []
    for folder in files.folders:
        rows = _table_rows(layout, files.table, folder, options=options, answer_id=answer_id)
        found = sum(row["status"] == OK for row in rows)
        tries.append((found, folder, rows))
    most = max(found for found, _, _ in tries)
    folder, rows = next((folder, rows) for found, folder, rows in tries if found == most)
    return TestPart(finish(rows, labels=[], source=files.table), folder, files.sample)


def _find_files(
    layout: str, place: Path, *, root: Path, options: Mapping[str, Any], sample: str | None
) -> PartFiles:
    """Where the parts of a test part lie. Raises ValueError where there is nothing of the kind."""
    is_archive = place.is_file() and place.suffix.lower() == ARCHIVE
    is_table = place.is_file() and not is_archive
    if is_table and place.suffix.lower() not in ENDINGS:
        raise ValueError(
            f"test={place}: a folder of images, a {ARCHIVE} archive or a table "
            f"({', '.join(ENDINGS)}) is needed"
        )
    if is_archive and layout == "lines":
        raise ValueError(
            f"test={place}: contests of the layout lines take the test images in a folder; unzip it"
        )
    if is_table and layout not in ("table", "pstage"):
        raise ValueError(
            f"test={place}: contests of the layout {layout} have no test table; name the folder "
            "of the test images"
        )
    if not place.exists():
        raise ValueError(f"test={place}: no such file or folder")
    base = place.parent if is_table else place
    if is_archive:
        base = _inner_folder(place)
    below = _image_folder(layout, options)
    table = place if is_table else _first_file(base, _table_names(layout, options))
    sample_file = None if sample is None else _first_file(base, (sample, Path(sample).name))
    if table is None and layout == "table":
        table = sample_file  # its ids say which images are asked for
    folders = [folder for folder in (base / below, base) if _is_folder(folder)]
    if table is not None and (root / below).is_dir():
        folders.append(root / below)
    return PartFiles(table, tuple(dict.fromkeys(folders)), sample_file)


def _table_names(layout: str, options: Mapping[str, Any]) -> Sequence[str]:
    """Where the contest's test table may lie below a test part."""
    if layout == "pstage":
        return ("eval/info.csv", "info.csv")
    test = options.get("test") if layout == "table" else None
    return () if test is None else (test, Path(test).name)


def _image_folder(layout: str, options: Mapping[str, Any]) -> str:
    """Where the test images lie in the contest's own folder."""
    if layout == "pstage":
        return "eval/images"
    if layout == "table":
        return options.get("test_images") or options.get("images") or "."
    if layout == "lines":
        return options.get("test_images") or "."
    if layout == "folders":
        return options.get("test") or "."
    return "."


def _first_file(base: Path, names: Sequence[str]) -> Path | None:
    return next((base / name for name in names if is_there(base / name)), None)


def _is_folder(path: Path) -> bool:
    """Whether a folder lies there, in an archive too."""
    if path.is_dir():
        return True
    try:
        return bool(list_below(path))
    except ValueError:
        return False


def _inner_folder(archive: Path) -> Path:
    """The archive, or the one folder in it that holds everything: archives often add one."""
    inside = [path.relative_to(archive).parts for path in list_below(archive)]
    tops = {parts[0] for parts in inside}
    if len(tops) == 1 and all(len(parts) > 1 for parts in inside):
        return archive / tops.pop()
    return archive


def _table_rows(
    layout: str, table: Path, folder: Path, *, options: Mapping[str, Any], answer_id: str
) -> list[dict]:
    """The rows of a test table whose images lie in `folder`."""
    if layout == "pstage":
        return read_test_rows(table, folder=folder, train_id="ImageID", answer_id=answer_id)
    return read_test_rows(
        table,
        folder=folder,
        id_column=options.get("test_id"),
        path_column=options.get("test_path") or options.get("path"),
        train_id=options["id"],
        answer_id=answer_id,
        suffix=options["suffix"],
        box=options.get("box"),
        box_form=options.get("box_form", "corners"),
        pixels=options.get("pixels"),
        per=options.get("per"),
    )


def _list_images(layout: str, folder: Path, *, suffix: str) -> list[dict]:
    """A row for every file below a folder; ids are the paths in it, without the ending where the
    contest's ids have none."""
    if layout == "lines":
        images, others = numbered_images(folder, ".")
        files = [*images, *(file for file, _ in others)]
    else:
        files = list_below(folder)
    rows = []
    for file in files:
        path = file.relative_to(folder).as_posix()
        image_id = path
        if suffix and path.lower().endswith(suffix.lower()):
            image_id = path[: -len(suffix)]
        rows.append(unlabelled_row(file, image_id=image_id, path=path))
    return rows
