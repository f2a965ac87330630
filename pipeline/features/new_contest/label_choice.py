"""Which columns are to be predicted: by the sample file, by what the test table lacks, by names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.features.new_contest.label_kinds import guess_kind
from pipeline.features.new_contest.table_columns import (
    FOLD_NAME,
    SPLIT_NAME,
    is_helper,
    known_values,
)

CLASS_PREFIX = re.compile(r"(class|prob|proba|probability|p|label|target|is)[ _-]", re.IGNORECASE)
ANSWER_NAME = re.compile(
    r"(predicted_?|pred_?)?(target|label|answer|class|category|value|score|output)(_?pred\w*)?"
    r"|pred(ict(ion|ions|ed))?|prob(a|ability)?|y(_pred)?"
)
LABEL_NAME = re.compile(r"label|class|target|category|y|answer|emotion|gender|age")
MOST_ONE_HOT = 0.9  # share of rows with one 1 from which on others are exceptions
MOST_SHOWN = 6  # columns that a sentence names
MOST_ALONE = 60  # columns that are taken for labels where nothing but their values says so


@dataclass(frozen=True)
class LabelChoice:
    """The columns that are predicted, and why.

    `form` is `columns` (each is a task), `classes` (one column, and the answer file has a column
    for each of its classes) or `one_hot` (the train table has a column for each class).
    `class_columns` maps a class to its column of the answer file; `answer_column` is the answer
    file's column where it is called otherwise than the label. `notes` are sentences about columns
    that might be labels too and are not predicted.
    """

    columns: tuple[str, ...]
    why: str
    form: str = "columns"
    class_columns: dict[str, str] | None = None
    answer_column: str | None = None
    notes: tuple[str, ...] = ()


def choose_labels(
    train: pd.DataFrame,
    *,
    test: pd.DataFrame | None,
    sample: pd.DataFrame | None,
    sample_id: str | None,
    used: Sequence[str],
) -> LabelChoice | None:
    """The label columns of a train table; None where nothing can be one.

    `used` are columns of the train table that are something else, the first one the ids.
    A column of folds is never a label.
    """
    ids = next((column for column in used if column in train.columns), None)
    names = train.index.to_series().astype(str) if ids is None else train[ids].astype(str)
    free = [
        column
        for column in train.columns
        if column not in used and not FOLD_NAME.fullmatch(column.strip().casefold())
    ]
    # a column without a name mostly counts the rows
    free = [column for column in free if not column.startswith("Unnamed: ")] or free
    if sample is not None:
        asked = [column for column in sample.columns if column != sample_id]
        found = _labels_of_sample(train, free, asked, test=test, names=names)
        if found is not None:
            return found
    if test is None:
        alone = _usable(train, free)[:MOST_ALONE]
        why = "no test table or sample says which column is asked for"
        return _maybe_one_hot(train, alone, why, names=names) if alone else None
    lacking = [column for column in free if column not in test.columns]
    both = [column for column in free if column in test.columns]
    found_columns, why = _usable(train, lacking), "the test table does not have them"
    if all(is_helper(column) for column in found_columns):
        labels = [column for column in _usable(train, both) if not is_helper(column)]
        if labels or not found_columns:
            found_columns = (labels or _usable(train, both))[:MOST_ALONE]
            why = _say_in_both(test, found_columns)
    if not found_columns:
        return None
    choice = _maybe_one_hot(train, found_columns, why, names=names)
    beside = [column for column in lacking if column not in found_columns]
    beside = [column for column in beside if known_values(train[column]).nunique() > 1]
    if not beside:
        return choice
    shown = ", ".join(beside[:MOST_SHOWN]) + (", ..." if beside[MOST_SHOWN:] else "")
    note = f"the test table lacks {shown} too, and nothing is learnt from it"
    return replace(choice, notes=(*choice.notes, note))


def _say_in_both(test: pd.DataFrame, columns: Sequence[str]) -> str:
    """Why labels are predicted that the test table has too."""
    filled = [column for column in columns if len(known_values(test[column]))]
    if not filled:
        return "no other column of the train table can be a label"
    return "the test table has values there too: the truth, or a leak"


def _labels_of_sample(
    train: pd.DataFrame,
    free: Sequence[str],
    asked: Sequence[str],
    *,
    test: pd.DataFrame | None,
    names: pd.Series,
) -> LabelChoice | None:
    spelt = {column.casefold(): column for column in free}
    asked = [c for c in asked if c.casefold() in spelt or not _is_beside(c)] or asked
    named = [spelt[column.casefold()] for column in asked if column.casefold() in spelt]
    if named and len(named) == len(asked):
        return _maybe_one_hot(
            train, named, "the sample submission asks for this column", names=names
        )
    candidates = _usable(train, free)
    if test is not None:
        hidden = [column for column in candidates if column not in test.columns]
        candidates = hidden or candidates
    if len(asked) > 1:
        for column in candidates:
            mapping = _class_columns(train[column], asked)
            if mapping is not None:
                why = f"the sample has a column for each value of {column}"
                return LabelChoice((column,), why, "classes", mapping)
    if named:
        return LabelChoice(tuple(named), "the sample submission asks for this column")
    called = [c for c in asked if ANSWER_NAME.fullmatch(c.strip().casefold())]
    asked = called if len(called) == 1 else asked
    if len(asked) == 1 and candidates:
        best = _nearest_label(candidates, asked[0])
        why = f"the answer column {asked[0]!r} is not in the train table; {best} fits best"
        if len(candidates) == 1:
            why = f"the only label; the answer file calls it {asked[0]!r}"
        return LabelChoice((best,), why, answer_column=asked[0])
    return None


def _is_beside(column: str) -> bool:
    """Whether a sample's column can hardly be an answer: Usage, a counted row."""
    word = column.strip().casefold()
    if ANSWER_NAME.fullmatch(word) or word.endswith(("_prob", "_probability")):
        return False
    return is_helper(column) or SPLIT_NAME.fullmatch(word) is not None


def _class_columns(values: pd.Series, asked: Sequence[str]) -> dict[str, str] | None:
    """Class -> its column, where the asked columns are the different values of a label."""
    words = list(dict.fromkeys(known_values(values)))
    if len(words) != len(asked):
        return None
    by_name = {column.casefold(): column for column in asked}
    for column in asked:
        by_name.setdefault(CLASS_PREFIX.sub("", column).casefold(), column)
    mapping = {}
    for word in words:
        plain = re.sub(r"\.0$", "", word.casefold())
        if plain not in by_name:
            return None
        mapping[word] = by_name[plain]
    return mapping if len(set(mapping.values())) == len(words) else None


def _nearest_label(candidates: Sequence[str], asked: str) -> str:
    word = asked.casefold()
    for column in candidates:
        if column.casefold() in word or word in column.casefold():
            return column
    for column in candidates:
        if LABEL_NAME.fullmatch(column.casefold()):
            return column
    return candidates[0]


def _usable(train: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The columns that can be labels: by their values, and by their names where some are left."""
    possible = [column for column in columns if guess_kind(column, train[column]).kind]
    named = [column for column in possible if not is_helper(column)]
    return named or possible


def _maybe_one_hot(
    train: pd.DataFrame, columns: Sequence[str], why: str, *, names: pd.Series
) -> LabelChoice:
    """The columns as the classes of one task where each row has a 1 in exactly one of them, or has
    none in a few rows; a few rows with several are said. `names` are those of the rows."""
    plain = LabelChoice(tuple(columns), why)
    if len(columns) < 3:
        return plain
    filled = train[list(columns)].apply(lambda cells: cells.astype(str).str.strip())
    ones = filled.replace("", "0").apply(pd.to_numeric, errors="coerce")
    if not ones.isin([0, 1]).all(axis=None):
        return plain
    total = ones.sum(axis=1)
    share = float((total == 1).mean())
    if share < MOST_ONE_HOT:
        return plain
    none, several = names[total == 0], names[total > 1]
    said = f"each row has a 1 in exactly one of {len(columns)} columns; {why}"
    if not len(none) and not len(several):
        return LabelChoice(tuple(columns), said, "one_hot")
    shown = ", ".join(
        f"{len(rows)} {what} ({', '.join(rows.head(3))})"
        for rows, what in ((none, "none"), (several, "several"))
        if len(rows)
    )
    note = f"{share:.0%} of the rows have a 1 in exactly one of {len(columns)} columns, {shown}"
    if len(several):
        note += "; if the columns are the classes of one label, mend these rows"
        return replace(plain, notes=(note,))
    said = f"rows have a 1 in exactly one of {len(columns)} columns, but for {len(none)}; {why}"
    note += "; they are taken for the classes of one label, and rows with none are not learnt"
    return LabelChoice(tuple(columns), said, "one_hot", notes=(note,))
