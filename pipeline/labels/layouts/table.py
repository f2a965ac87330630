"""A user's own tables: any CSV with an id or path and label columns, and folders of images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.labels.answer_groups import FOLDER, GROUP
from pipeline.labels.columns import OWN_COLUMNS, stored_column
from pipeline.labels.containers import list_below
from pipeline.labels.csv_reader import SHOWN, check_columns, read_contest_table
from pipeline.labels.layouts import finish, place_status, unlabelled_row
from pipeline.labels.layouts.face_boxes import BOX, read_boxes
from pipeline.labels.layouts.join_tables import join_label_tables
from pipeline.labels.layouts.pixel_tables import read_pixel_table, row_path
from pipeline.labels.layouts.row_ids import check_row_ids, rename_shared_ids
from pipeline.tables import OK


@dataclass(frozen=True)
class _Source:
    """One table of the contest: where it lies, and which of its columns say what."""

    file: Path
    part: str
    folder: str
    id: str
    path: str | None


@dataclass(frozen=True)
class _Form:
    """What both tables are read for."""

    labels: Sequence[str]
    person: str | None
    suffix: str
    unknown: Sequence[str]
    box: Sequence[str] | None
    box_form: str
    pixels: Mapping[str, Any] | None = None
    per: str | None = None


def read_label_table(
    root: Path,
    *,
    labels: Sequence[str],
    train: str = "train.csv",
    test: str | None = None,
    images: str = ".",
    test_images: str | None = None,
    id_column: str = "image_id",
    path_column: str | None = None,
    person_column: str | None = None,
    suffix: str = "",
    test_id: str | None = None,
    test_path: str | None = None,
    answer_id: str | None = None,
    split: Mapping[str, object] | None = None,
    unknown: Sequence[str] = (),
    box: Sequence[str] | None = None,
    box_form: str = "corners",
    join: Sequence[Mapping[str, Any]] = (),
    pixels: Mapping[str, Any] | None = None,
    per: str | None = None,
) -> pd.DataFrame:
    """The images table of a train and a test table; person_id is None where nobody is named, and
    `answer_per` holds the column `per`, of what is answered from several images.

    Several train rows may have one id where they name one file: the later ones are called `ID#2`.
    Every other column of the two tables comes along as it is: groups, given folds. With `pixels`
    (column, size, first_id) the images are numbers in that column, and a table without an id column
    has its rows counted.

    Raises ValueError naming the file, and the column that is missing or the id that is repeated.
    """
    form = _Form(labels, person_column, suffix, unknown, box, box_form, pixels, per)
    source = _Source(root / train, "train", str(Path(images)), id_column, path_column)
    needs = _needs(source, form, split)
    frame = _read(source.file, form, ids=(id_column,), needs=(id_column,) if join else needs)
    if join:
        frame = join_label_tables(frame, join, root=root, id_column=id_column)
        check_columns(source.file, frame, needs=needs)
    rows = _rows(root, source, frame, form)
    test_folder = source.folder if test_images is None else str(Path(test_images))
    if split is not None:
        moved = _Source(source.file, "test", test_folder, id_column, path_column)
        again = _rows(root, moved, frame, form)
        rows = _split_rows(source.file, frame, rows, again, split)
    elif test is not None:
        file = root / test
        found = _read(file, form, ids=(test_id, id_column, answer_id))
        key = _test_id(file, found, explicit=test_id, train_id=id_column, answer_id=answer_id)
        where = test_path or path_column
        source = _Source(file, "test", test_folder, key, where if where in found else None)
        if test_path is not None and source.path is None:
            raise ValueError(f"{file}: no column {test_path!r} (table.test_path)")
        rows += _rows(root, source, found, form)
    elif test_images is not None:
        rows += _listed_rows(root, test_folder)
    check_row_ids(rows, source.file)
    rename_shared_ids(rows)
    return finish(rows, labels=[stored_column(label) for label in labels], source=root / train)


def read_test_rows(
    file: Path,
    *,
    folder: Path,
    id_column: str | None = None,
    path_column: str | None = None,
    train_id: str,
    answer_id: str | None = None,
    suffix: str = "",
    box: Sequence[str] | None = None,
    box_form: str = "corners",
    pixels: Mapping[str, Any] | None = None,
    per: str | None = None,
) -> list[dict]:
    """A test row for every row of a table of test images, its paths below `folder`.

    `id_column` is the table's own id column where the settings name one; `train_id` and `answer_id`
    are what the train table and the answer file call it. Raises ValueError naming the file for a
    column that is missing or an id that stands in two rows.
    """
    form = _Form((), None, suffix, (), box, box_form, pixels, per)
    frame = _read(file, form, ids=(id_column, train_id, answer_id))
    key = _test_id(file, frame, explicit=id_column, train_id=train_id, answer_id=answer_id)
    where = path_column if path_column in frame else None
    source = _Source(file, "test", ".", key, where)
    rows = _rows(folder, source, frame, form)
    check_row_ids(rows, file)
    return rows


def _read(
    file: Path, form: _Form, *, ids: Sequence[str | None], needs: Sequence[str] = ()
) -> pd.DataFrame:
    """A table of the contest; of pixels with the numbers of its rows where it has no id column."""
    if form.pixels is None:
        return read_contest_table(file, needs=needs)
    return read_pixel_table(file, form.pixels, ids=ids, needs=needs)


def _needs(source: _Source, form: _Form, split: Mapping[str, object] | None) -> list[str]:
    """The columns that the train table must have."""
    needs = [source.id, *form.labels, *(form.box or ())]
    needs += [column for column in (source.path, form.person) if column is not None]
    if form.per is not None and form.per != FOLDER:
        needs.append(form.per)
    if split is not None:
        needs.append(str(split["column"]))
    return list(dict.fromkeys(needs))


def _test_id(
    file: Path, frame: pd.DataFrame, *, explicit: str | None, train_id: str, answer_id: str | None
) -> str:
    """The id column of the test table: as the settings say, or that of the train table, or that of
    the answer file, or the only one there is."""
    if explicit is not None:
        if explicit not in frame.columns:
            found = ", ".join(map(repr, frame.columns))
            raise ValueError(
                f"{file}: no column {explicit!r} (table.test_id); its columns are {found}"
            )
        return explicit
    for name in (train_id, answer_id):
        if name is not None and name in frame.columns:
            return name
    if len(frame.columns) == 1:
        return str(frame.columns[0])
    found = ", ".join(map(repr, frame.columns))
    raise ValueError(
        f"{file}: no column {train_id!r}; its columns are {found}; "
        "table.test_id names the id column where the test table calls it otherwise"
    )


def _rows(root: Path, source: _Source, frame: pd.DataFrame, form: _Form) -> list[dict]:
    """A row of the images table for every row of a contest's own table."""
    unnamed = frame.index[frame[source.id].str.strip() == ""]
    if len(unnamed):
        lines = ", ".join(str(row + 2) for row in unnamed[:SHOWN])
        more = "" if len(unnamed) <= SHOWN else f", ... ({len(unnamed)} in all)"
        raise ValueError(f"{source.file} line {lines}{more}: no value in {source.id}")
    used = {source.id, source.path, form.person, *form.labels, *(form.box or ())}
    if form.pixels is not None:
        used.add(form.pixels["column"])  # they are read when they are needed
    others = [name for name in frame.columns if name not in used and name not in OWN_COLUMNS]
    if "fold" in frame.columns and "fold" not in used:
        others.append("fold")  # folds.column may name it
    nobody = {"", *(word.casefold() for word in form.unknown)}
    boxes = read_boxes(source.file, frame, box=form.box, box_form=form.box_form)
    rows = []
    for position, record in enumerate(frame.to_dict("records")):
        image_id = record[source.id]
        if form.pixels is None:
            path = _below(source.folder, record[source.path or source.id], form.suffix)
        else:
            line = frame.index[position] + 2
            path = row_path(source.file, form.pixels, root=root, line=line)
        person = "" if form.person is None else record.get(form.person, "").strip()
        row = {
            "image_id": image_id,
            "path": path,
            "person_id": None if person.casefold() in nobody else person,
            "part": source.part,
            "status": OK,
            "message": "",
        }
        for label in form.labels:
            row[stored_column(label)] = record.get(label)
        for column in others:
            row[column] = record[column]
        if form.per in frame.columns:
            row[GROUP] = record[form.per].strip()
        if boxes is not None:
            row.update(zip(BOX, boxes[position], strict=True))
        rows.append(row | place_status(root, path))
    return rows


def _split_rows(
    file: Path,
    frame: pd.DataFrame,
    train_rows: list[dict],
    test_rows: list[dict],
    split: Mapping[str, Any],
) -> list[dict]:
    """Each row as a train or as a test row, as the split column says.

    Raises ValueError for values of that column that the settings do not name.
    """
    values = frame[str(split["column"])].str.strip()
    train = list(split["train"])
    test = list(split["test"])
    left_out = list(split["leave_out"])
    strange = values[~values.isin([*train, *test, *left_out])].value_counts()
    if len(strange):
        found = ", ".join(f"{value!r} ({count} rows)" for value, count in strange.items())
        raise ValueError(
            f"{file}: {split['column']} also holds {found}; name each value in table.split.train, "
            "table.split.test or table.split.leave_out"
        )
    rows = []
    for value, train_row, test_row in zip(values, train_rows, test_rows, strict=True):
        if value in test:
            rows.append(test_row)
        elif value in train:
            rows.append(train_row)
        else:
            message = f"{split['column']} is {value}"
            rows.append({**train_row, "status": "left_out", "message": message})
    return rows


def _listed_rows(root: Path, folder: str) -> list[dict]:
    """A test row for every image below a folder, or in an archive, that comes without a table; its
    path there is its id. Raises ValueError when it is not there."""
    rows = []
    for file in list_below(root / folder):
        inside = file.relative_to(root / folder).as_posix()
        path = file.relative_to(root).as_posix()
        rows.append(unlabelled_row(file, image_id=inside, path=path))
    return rows


def _below(folder: str, name: str, suffix: str) -> str:
    """The image's path below root, with its ending."""
    plain = name and name[0] not in "./" and "//" not in name and "/." not in name
    if plain and name[-1] not in "./" and name.lower().endswith(suffix.lower()):
        return name if folder == "." else f"{folder}/{name}"  # a tenth of the time of a Path
    path = Path(folder) / name
    if suffix and path.suffix.lower() != suffix.lower() and path.name:
        path = path.with_name(path.name + suffix)
    return str(path)
