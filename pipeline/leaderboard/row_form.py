"""An answer file with a row for each answer of an image: image x feature, as facial keypoints have.

Everywhere else answers are a table with a row an image. A RowForm turns that table into the file's
rows, in the order of the contest's sample, and back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.config import Experiment
from pipeline.config.types import nearest
from pipeline.experiment.blend import answer_spaces
from pipeline.labels.kinds import COLUMN_A_CLASS

SHOWN = 4  # names that a sentence shows


@dataclass(frozen=True)
class RowForm:
    """How the rows look: the columns of the image, of the answer's name and of the value.

    `feature` is None where the name stands behind the image's id: `12_smiling`, joined by
    `joined_by`. `asked` is the sample's own table, with the image and the name of each of its rows.
    """

    id: str
    feature: str | None
    value: str
    joined_by: str
    written: tuple[str, ...]  # columns of the file that is handed in
    asked: pd.DataFrame
    asked_ids: tuple[str, ...]
    asked_names: tuple[str, ...]

    @property
    def wide(self) -> pd.DataFrame:
        """The sample's values as texts, a row an image and a column a name; '' where it asks for
        none."""
        return self._widen(self.asked_ids, self.asked_names, self.asked[self.value].tolist())

    @property
    def asks_everything(self) -> bool:
        """Whether the sample has a row for every image and name."""
        return len(self.asked) == len(set(self.asked_ids)) * len(set(self.asked_names))

    def answer_sample(self, wide: pd.DataFrame) -> pd.DataFrame:
        """The rows that the sample asks for, of answers (a row an image, the id its index)."""
        places = wide.index.get_indexer(list(self.asked_ids))
        columns = {name: wide[name].to_numpy() for name in dict.fromkeys(self.asked_names)}
        values = [columns[name][p] for name, p in zip(self.asked_names, places, strict=True)]
        return self.asked.assign(**{self.value: values})[list(self.written)]

    def answer_all(self, wide: pd.DataFrame) -> pd.DataFrame:
        """A row for every image and name, of images that the sample does not ask for."""
        rows = wide.rename_axis(self.id).reset_index()
        names = list(wide.columns)
        long = rows.melt(self.id, names, var_name="feature of it", value_name=self.value)
        order = long.groupby(self.id, sort=False).ngroup()  # all rows of an image together
        long = long.iloc[order.argsort(kind="stable")].reset_index(drop=True)
        if self.feature is None:
            joined = long[self.id] + self.joined_by + long["feature of it"]
            return long.assign(**{self.id: joined})[[self.id, self.value]]
        return long.rename(columns={"feature of it": self.feature})[
            [self.id, self.feature, self.value]
        ]

    def read(self, table: pd.DataFrame, *, what: str) -> pd.DataFrame:
        """A file's texts as a row an image, the id its index, and a column a name; '' where the
        file holds none. Raises ValueError for a row that the sample lacks or that comes twice."""
        if self.feature is not None and {self.id, self.feature} <= set(table.columns):
            ids, names = table[self.id].tolist(), table[self.feature].tolist()
        elif self.feature is None and self.id in table.columns:
            ids, names = split_ids(table[self.id], sorted(set(self.asked_names)), self.joined_by)
        else:  # a file without them has the sample's own key, as RowId
            keys = [name for name in self.written if name != self.value]
            known = pd.MultiIndex.from_frame(self.asked[keys])
            places = known.get_indexer(pd.MultiIndex.from_frame(table[keys]))
            if (places < 0).any():
                row = int((places < 0).argmax())
                raise ValueError(f"{what}: {', '.join(table[keys].iloc[row])} is not in the sample")
            ids = [self.asked_ids[place] for place in places]
            names = [self.asked_names[place] for place in places]
        twice = pd.MultiIndex.from_arrays([ids, names]).duplicated()
        if twice.any():
            row = int(twice.argmax())
            raise ValueError(f"{what}: {ids[row]!r} is answered twice in {names[row]}")
        return self._widen(ids, names, table[self.value].tolist())

    def _widen(
        self, ids: Sequence[str], names: Sequence[str], values: Sequence[str]
    ) -> pd.DataFrame:
        rows = list(dict.fromkeys(ids))
        columns = list(dict.fromkeys(names))
        long = pd.Series(list(values), index=pd.MultiIndex.from_arrays([ids, names]))
        return long.unstack(fill_value="").reindex(index=rows, columns=columns)


def find_row_form(
    settings: Experiment, frame: pd.DataFrame, *, sample: str, id_column: str
) -> RowForm | None:
    """The form of a sample with a row an answer, by the settings or as it can be seen; None where
    each of its rows is an image. Raises ValueError for settings that do not fit the sample."""
    options = settings.competition.submission
    names = answer_names(settings)
    if options.rows is not None:
        feature, value = options.rows.feature, options.rows.value
        joined_by = options.rows.joined_by
        for column in (feature, value, *(options.rows.written or ())):
            if column is not None and column not in frame.columns:
                hint, known = nearest(column, frame.columns), ", ".join(frame.columns)
                raise ValueError(
                    f"submission.rows: {sample} has no column {column!r}{hint} it has {known}"
                )
        written = options.rows.written or tuple(frame.columns)
    else:
        seen = _see_form(frame, names, id_column=id_column)
        if seen is None:
            return None
        feature, value, joined_by = seen
        written = tuple(frame.columns)
    if feature is not None:
        ids, found = frame[id_column].tolist(), frame[feature].tolist()
    else:
        ids, found = split_ids(frame[id_column], names, joined_by)
    strange = [name for name in dict.fromkeys(found) if name not in names]
    if strange:
        known = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
        raise ValueError(
            f"submission.rows: {sample} asks for {strange[0]!r}{nearest(strange[0], names)} the "
            f"answers are {known}; submission.columns says which name stands for which"
        )
    return RowForm(id_column, feature, value, joined_by, written, frame, tuple(ids), tuple(found))


def answer_names(settings: Experiment) -> list[str]:
    """What the contest calls each answer of an image: its tasks, or the classes or labels."""
    options = settings.competition.submission
    names: list[str] = []
    spaces = answer_spaces(settings)
    for space in spaces:
        by_class = space.kind == "multilabel" or len(spaces) == 1
        if by_class and space.kind in COLUMN_A_CLASS:
            names += space.classes
        else:
            names.append(space.name if len(spaces) > 1 else space.tasks[0].name)
    return [options.columns.get(name, name) for name in names]


def split_ids(ids: pd.Series, names: Sequence[str], joined_by: str) -> tuple[list[str], list[str]]:
    """The image and the name of each id that is both: `12_smiling`. Raises ValueError for one that
    does not end with a name."""
    ends = sorted((f"{joined_by}{name}" for name in names), key=len, reverse=True)
    images, found = [], []
    for text in ids:
        end = next((end for end in ends if text.endswith(end)), None)
        if end is None:
            raise ValueError(
                f"submission.rows: the id {text!r} ends with no answer's name; they are "
                f"{', '.join(names[:SHOWN])}{', …' if len(names) > SHOWN else ''}"
            )
        images.append(text[: -len(end)])
        found.append(end[len(joined_by) :])
    return images, found


def _see_form(
    frame: pd.DataFrame, names: Sequence[str], *, id_column: str
) -> tuple[str | None, str, str] | None:
    """The columns of name and value, and what joins them to the id, where a table plainly has a row
    an answer: a column that holds answers' names beside repeated ids, or ids that end with them."""
    others = [column for column in frame.columns if column != id_column]
    if len(names) < 2 or not others or not len(frame):
        return None
    if frame[id_column].duplicated().any():
        for column in others[:-1]:
            found = set(frame[column])
            if len(found) > 1 and found <= set(names):
                return column, others[-1], ""
        return None
    for joined_by in ("_", "-", " ", "/", ":"):
        ends = tuple(f"{joined_by}{name}" for name in names)
        if len(others) == 1 and all(text.endswith(ends) for text in frame[id_column]):
            return None, others[0], joined_by
    return None
