"""Labels in forms that no setting describes, put into a table of this program's own.

`new` writes such a table beside the config: the names of folders, lists without a header, several
tables of one kind, and files of boxes become a CSV with a row an image or face. The contest's own
files stay as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.features.new_contest.box_files import read_box_files
from pipeline.features.new_contest.class_folders import ClassFolders, part_word
from pipeline.features.new_contest.contest_tables import ContestTable
from pipeline.features.new_contest.meeting import ImageIndex
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_roles import (
    SAMPLE_NAME,
    VALID_NAME,
    Roles,
    TableFacts,
    look_at_table,
)
from pipeline.labels.table_text import read_table_text

ADIENCE = {"user_id", "original_image", "face_id"}
ADIENCE_FACES = ("coarse_tilt_aligned_face", "landmark_aligned_face")
RAF = "list_patition_label"  # as the data set spells it
FILE, LABEL = "file", "label"
LABEL_ENDINGS = (".csv", ".tsv", ".xlsx", ".parquet")  # of tables that hold labels themselves


@dataclass(frozen=True)
class MadeTable:
    """A table that `new` writes, and words on what it was made of; `several` places or one."""

    table: ContestTable
    why: str
    several: bool = False

    @property
    def path(self) -> Path:
        """The file to be written."""
        return Path(self.table.name)


def name_table(beside: Path, part: str) -> str:
    """The path of a made table: `configs/faces.yaml` has `configs/faces-train.csv`."""
    return str(beside.with_name(f"{beside.stem}-{part}.csv"))


def tables_of_folders(survey: Survey, found: ClassFolders, *, beside: Path) -> list[MadeTable]:
    """The tables of a contest with a folder for each class: train and valid images with the names
    of their folders, and the test images where they lie in such folders too."""
    folders = [found.train, *(f for f in found.unused if _has_classes(survey, f, found))]
    rows = [row for folder in folders for row in _labelled_files(survey, folder, found)]
    why = f"the names of the folders in {' and '.join(folders)} are the labels"
    table = ContestTable(name_table(beside, "train"), _frame(rows))
    made = [MadeTable(table, why, several=len(folders) > 1)]
    if found.test is not None and found.labelled_test:
        rows = list(_labelled_files(survey, found.test, found))
        why = f"the names of the folders in {found.test}"
        made.append(MadeTable(ContestTable(name_table(beside, "test"), _frame(rows)), why))
    return made


def set_of_lists(
    survey: Survey, tables: Sequence[ContestTable], index: ImageIndex, *, beside: Path
) -> tuple[list[ContestTable], MadeTable | None]:
    """The tables without those of Adience or RAF-DB as they are published, and the one table that
    takes their place; None where they are neither."""
    adience = [table for table in tables if set(table.frame.columns) >= ADIENCE]
    if adience and not any(look_at_table(table, index).path for table in adience):
        others = [table for table in tables if table not in adience]
        return others, _adience(adience, index, beside=beside)
    lists = [table for table in survey.tables if RAF in table]
    if lists:
        others = [table for table in tables if table.name not in lists]
        return others, _raf(survey.root / lists[0], index, beside=beside)
    return list(tables), None


def table_of_boxes(
    survey: Survey, index: ImageIndex, *, beside: Path
) -> tuple[MadeTable | None, Survey]:
    """The table of faces that files of boxes beside the images hold, and the survey without these
    files; None where there are none, or where other tables than a sample hold the labels."""
    labels = [path for path in survey.tables if path.lower().endswith(LABEL_ENDINGS)]
    if any(not SAMPLE_NAME.search(PurePosixPath(path).stem.casefold()) for path in labels):
        return None, survey
    found = read_box_files(survey, index)
    if found is None:
        return None, survey
    frame, files = found
    why = f"{len(files)} files of boxes ({files[0]}); each face is a row with its class"
    table = ContestTable(name_table(beside, "train"), frame)
    left = tuple(path for path in survey.tables if path not in files)
    return MadeTable(table, why), replace(survey, tables=left)


def with_headers(roles: Roles, index: ImageIndex, *, beside: Path) -> tuple[Roles, list[MadeTable]]:
    """The roles with train and test tables that have a header; those without become made ones."""
    made: list[MadeTable] = []
    changed = {"train": roles.train, "test": roles.test}
    for part, facts in changed.items():
        if facts is None or facts.table.header is None:
            continue
        names = ", ".join(facts.table.header)
        why = f"{facts.name} has no header; its columns were called {names}"
        table = ContestTable(name_table(beside, part), facts.frame)
        made.append(MadeTable(table, why))
        changed[part] = look_at_table(table, index)
    return replace(roles, train=changed["train"], test=changed["test"]), made


def with_valid_table(
    roles: Roles, index: ImageIndex, *, beside: Path
) -> tuple[Roles, list[MadeTable]]:
    """The roles whose train table holds the rows of a validation table of the same columns too."""
    train = roles.train
    if train is None or train.path is None:
        return roles, []
    columns = list(train.frame.columns)
    for other in roles.others:
        same = list(other.frame.columns) == columns and other.path == train.path
        if not same or not VALID_NAME.search(other.name.casefold()):
            continue
        parts = [_with_whole_paths(facts, index) for facts in (train, other)]
        if any(part is None for part in parts):
            continue
        frame = pd.concat([part for part in parts if part is not None], ignore_index=True)
        table = ContestTable(name_table(beside, "train"), frame)
        why = f"the rows of {train.name} and {other.name}: all of them teach"
        others = tuple(facts for facts in roles.others if facts is not other)
        changed = replace(roles, train=look_at_table(table, index), others=others)
        return changed, [MadeTable(table, why)]
    return roles, []


def with_made(roles: Roles, made: Sequence[MadeTable], index: ImageIndex) -> Roles:
    """The roles with made tables as the train and, of two, as the test table."""
    train, *tests = [look_at_table(one.table, index) for one in made]
    return replace(roles, train=train, test=tests[0] if tests else None)


def _has_classes(survey: Survey, folder: str, found: ClassFolders) -> bool:
    """Whether all images of a folder lie in folders of the classes."""
    inside = survey.images_below(folder)
    return bool(inside) and len(list(_labelled_files(survey, folder, found))) == len(inside)


def _labelled_files(survey: Survey, folder: str, found: ClassFolders) -> Iterator[tuple[str, str]]:
    start = "" if folder == "." else f"{folder}/"
    for path in survey.images_below(folder):
        first, slash, _ = path.removeprefix(start).partition("/")
        if slash and first in found.counts:
            yield path, first


def _frame(rows: Sequence[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[FILE, LABEL], dtype=str)


def _with_whole_paths(facts: TableFacts, index: ImageIndex) -> pd.DataFrame | None:
    """The rows with their images' paths below the root; None where one of them is not clear."""
    folder = _folder_of(facts)
    paths = []
    for value in facts.frame[str(facts.path)]:
        files = index.find(value)
        inside = [file for file in files if folder in ("", ".") or file.startswith(f"{folder}/")]
        if len(inside or files) != 1:
            return None
        paths += inside or files
    return facts.frame.assign(**{str(facts.path): paths})


def _folder_of(facts: TableFacts) -> str:
    """The folder of a train or validation table's images; of equal ones that of its own part."""
    counts = facts.meeting.folders
    part = "valid" if VALID_NAME.search(facts.name.casefold()) else "train"
    most = max(counts.values(), default=0)
    equal = sorted((f for f, n in counts.items() if n == most), key=lambda f: (len(f), f))
    return next((folder for folder in equal if part_word(folder) == part), (equal or [""])[0])


def _adience(
    tables: Sequence[ContestTable], index: ImageIndex, *, beside: Path
) -> MadeTable | None:
    """One table of Adience's lists; the five folds are a column."""
    parts = []
    for table in sorted(tables, key=lambda table: table.name):
        fold = "".join(filter(str.isdigit, PurePosixPath(table.name).stem)) or "0"
        frame = table.frame
        paths = [
            _adience_file(index, *names)
            for names in zip(
                frame["user_id"], frame["face_id"], frame["original_image"], strict=True
            )
        ]
        parts.append(frame.assign(**{FILE: paths, "fold": fold}))
    whole = pd.concat(parts, ignore_index=True)
    keep = [FILE, *(c for c in ("user_id", "age", "gender", "fold") if c in whole.columns)]
    why = f"Adience's {len(tables)} lists, with the names of their face images"
    return MadeTable(ContestTable(name_table(beside, "train"), whole[keep]), why)


def _adience_file(index: ImageIndex, user: str, face: str, original: str) -> str:
    """The path of a face; the aligned ones' usual one where it does not lie there."""
    names = [f"{user}/{kind}.{face}.{original}" for kind in ADIENCE_FACES]
    for name in names:
        files = index.find(name)
        if files:
            return files[0]
    return names[0]


def _raf(path: Path, index: ImageIndex, *, beside: Path) -> MadeTable | None:
    """The table of RAF-DB's list, whose names lack the `_aligned` of the files."""
    rows = []
    for line in read_table_text(path).splitlines():
        name, _, label = line.strip().partition(" ")
        if not label:
            continue
        plain = PurePosixPath(name)
        files = index.find(f"{plain.stem}_aligned{plain.suffix}") or index.find(name)
        part = "test" if name.startswith("test") else "train"
        rows.append((files[0] if files else name, label.strip(), part))
    frame = pd.DataFrame(rows, columns=[FILE, LABEL, "part"], dtype=str)
    why = f"RAF-DB's {path.name}, with the names of its aligned faces"
    return MadeTable(ContestTable(name_table(beside, "train"), frame), why)
