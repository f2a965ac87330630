"""What flows between rooms: the columns and key of each table, their checks, and the one join.

Tables meet by key, never by row order. A missing, extra or repeated key is an error that names it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

OK = "ok"


@dataclass(frozen=True)
class Table:
    """A table's name, the columns that identify a row, and the columns it must have besides."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


IMAGES = Table("images", ("image_id",), ("path", "person_id", "part", "status", "message"))
FACES = Table(
    "faces",
    ("image_id",),
    ("x1", "y1", "x2", "y2", "probability", "num_faces", "how", "status", "message", "row"),
)
FOLDS = Table("folds", ("image_id",), ("person_id", "fold"))
PREDICTIONS = Table("predictions", ("image_id", "fold", "seed", "view"), ())
SCORES = Table(
    "scores",
    ("source", "task", "fold", "metric"),
    ("value", "low", "high", "num_images", "num_people"),
)


def check_table(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame itself, once its columns are all there and its key is complete and unique.

    Raises ValueError naming the table, the column and the first offending key.
    """
    for column in (*table.key, *table.columns):
        if column not in frame.columns:
            raise ValueError(f"{table.name}: no column {column!r}; it has {list(frame.columns)}")
    for column in table.key:
        if frame[column].isna().any():
            raise ValueError(f"{table.name}: row {frame[column].isna().argmax()} has no {column}")
    repeated = frame.duplicated(list(table.key))
    if repeated.any():
        first = frame.loc[repeated, list(table.key)].iloc[0].to_dict()
        raise ValueError(f"{table.name}: {first} stands in more than one row")
    return frame


def check_same_ids(
    found: Iterable[str], expected: Iterable[str], *, what: str, other: str = "the table"
) -> None:
    """Raises ValueError naming the first id that is missing, extra or repeated in `found`.

    Where ids only differ in how they are spelt, the message shows both spellings; `other` says
    where the expected ids stand.
    """
    ids = pd.Index(found)
    wanted = pd.Index(expected)
    if ids.has_duplicates:
        raise ValueError(f"{what}: {ids[ids.duplicated()][0]!r} stands in more than one row")
    missing, extra = wanted.difference(ids), ids.difference(wanted)
    if not len(missing) and not len(extra):
        return
    pairs = same_but_spelling(missing, extra)
    if pairs:
        mine, theirs = pairs[0]
        raise ValueError(
            f"{what}: {len(pairs)} ids are spelt in another way than in {other}: {theirs!r} is "
            f"{mine!r} there; write the same ids in both files"
        )
    if len(missing):
        raise ValueError(f"{what}: {len(missing)} ids are missing, the first is {missing[0]!r}")
    raise ValueError(f"{what}: {len(extra)} ids too many, the first is {extra[0]!r}")


def same_but_spelling(missing: pd.Index, extra: pd.Index) -> list[tuple[str, str]]:
    """Pairs of a missing and an extra id that are one to a person: `1` and `1.0`, `a` and `a.jpg`.

    Only where no two ids of a side are one.
    """
    mine = {_plain_id(word): word for word in missing}
    theirs = {_plain_id(word): word for word in extra}
    if len(mine) < len(missing) or len(theirs) < len(extra):
        return []
    return [(mine[word], theirs[word]) for word in mine if word in theirs]


def _plain_id(word: object) -> str:
    """An id without what people and programs add to it: case, slashes, zeros, a file's ending."""
    plain = str(word).strip().casefold().replace("\\", "/")
    try:
        return f"{float(plain):.15g}"
    except ValueError:
        return re.sub(r"\.[a-z]{3,4}$", "", plain)


def pick(frame: pd.DataFrame, image_ids: Iterable[str], *, what: str) -> pd.DataFrame:
    """The rows of these ids, one each, in this order. Raises ValueError naming an id without."""
    wanted = pd.Index(image_ids)
    keyed = frame.set_index("image_id", drop=False)
    if keyed.index.has_duplicates:
        first = keyed.index[keyed.index.duplicated()][0]
        raise ValueError(f"{what}: {first!r} stands in more than one row")
    missing = wanted.difference(keyed.index)
    if len(missing):
        raise ValueError(f"{what}: {len(missing)} ids have no row, the first is {missing[0]!r}")
    return keyed.loc[wanted].reset_index(drop=True)
