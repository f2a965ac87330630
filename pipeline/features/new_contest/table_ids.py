"""Which columns are ids and paths, in the train table, the test table and the answer file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_roles import MEET, Roles, TableFacts

SHOWN = 3  # ids that a sentence shows


@dataclass(frozen=True)
class TableIds:
    """The columns by which rows, files and answers are known.

    `test` is the table whose rows are answered: the test table, or the sample in its place.
    `path`, `test_id` and `test_path` are None where the config does not need them.
    """

    train_id: str
    train_why: str
    path: str | None
    test: TableFacts | None
    test_why: str
    test_id: str | None
    test_path: str | None
    answer_id: str
    sample: str | None
    sample_why: str
    doubts: list[str] = field(default_factory=list)

    @property
    def shown_test_id(self) -> str:
        """The id column of the test table, or else the answer's."""
        return self.test_id or self.answer_id


def guess_ids(roles: Roles, has_split: bool) -> TableIds:
    """The ids of a contest with a train table."""
    train = roles.train
    assert train is not None and train.path is not None
    sample = roles.sample
    doubts: list[str] = []
    test, test_why = (None, "") if has_split else _rows_to_answer(roles, doubts)
    answer_id = _answer_id(train, test, sample)
    train_id = _train_id(train, answer_id)
    why = "names the image" if train_id == train.path else "a row's own id, as the answer file has"
    test_id, test_path = None, None
    if test is not None:
        own = _own_id(test, sample, answer_id)
        if own not in (train_id, answer_id):
            test_id = own
        if train_id in test.frame.columns and own != train_id:
            test_id = own
        paths = train.path if train_id != train.path else None
        if test.path is not None and test.path not in (own, paths):
            test_path = test.path
    sample_name, sample_why = None, ""
    if sample is not None and not has_split:
        sample_name = sample.name
        sample_why = "its ids and columns; its values are placeholders"
    elif test is not None:
        sample_name = test.name
        sample_why = "no sample submission lies here: these ids, in this order"
    return TableIds(
        train_id=train_id,
        train_why=why,
        path=None if train_id == train.path else train.path,
        test=test,
        test_why=test_why,
        test_id=test_id,
        test_path=test_path,
        answer_id=answer_id,
        sample=sample_name,
        sample_why=sample_why,
        doubts=doubts,
    )


def _rows_to_answer(roles: Roles, doubts: list[str]) -> tuple[TableFacts | None, str]:
    """The table whose rows are answered: the test table where its ids are the sample's."""
    test, sample = roles.test, roles.sample
    if test is None:
        return sample, "no test table lies here, so the sample says which images are answered"
    if sample is None or sample is test:
        return test, f"{len(test.table)} rows to be answered"
    ids = set(known_values(sample.frame.iloc[:, 0]))
    if any(set(known_values(test.frame[column])) == ids for column in test.frame.columns):
        return test, f"{len(test.table)} rows to be answered"
    if sample.path is not None and sample.meeting.share > MEET:
        column = sample.frame.columns[0]
        columns = [set(known_values(test.frame[name])) for name in test.frame.columns]
        known = max(columns, key=lambda values: len(values & ids))
        if ids & known:
            doubts.append(_say_other_rows(sample.name, ids, test.name, known))
            return sample, f"in place of {test.name}, which has other rows than the answers"
        doubts.append(
            f"{sample.name} spells its ids ({sample.frame[column].iloc[0]}) otherwise than "
            f"{test.name} ({test.frame.iloc[0, 0]}), so it stands in for the test table"
        )
        return sample, f"in place of {test.name}, which spells the ids otherwise than the answers"
    return test, f"{len(test.table)} rows to be answered"


def _say_other_rows(sample: str, ids: set[str], test: str, known: set[str]) -> str:
    """The sentence for a sample whose ids are not all the rows of the test table."""
    parts = []
    if known - ids:
        parts.append(f"lacks {_some(known - ids)} of {test}")
    if ids - known:
        parts.append(f"has {_some(ids - known)}, which {test} lacks")
    return f"{sample} {' and '.join(parts)}: the rows of {sample} are answered"


def _some(ids: set[str]) -> str:
    first = sorted(ids)[:SHOWN]
    return ", ".join(first) + (f", ... ({len(ids)} ids)" if len(ids) > SHOWN else "")


def _answer_id(train: TableFacts, test: TableFacts | None, sample: TableFacts | None) -> str:
    """The id column of the answer file: the sample's first, or that of the test table."""
    if sample is not None:
        first = _first_id_column(sample)
        if sample is test and sample.path is not None and sample.path != first:
            unique = sample.frame[first].nunique() == len(sample.frame)
            return first if unique else sample.path
        return first
    if test is None:
        return str(train.path)
    return _own_id(test, None, "", train=train)


def _first_id_column(sample: TableFacts) -> str:
    """The first column of a sample but for one that only counts its rows; that which names images
    where the first one says the same in every row."""
    names = [str(column) for column in sample.frame.columns]
    first, *others = names
    counts = first.startswith("Unnamed: ") and len(others) > 1
    repeats = len(sample.frame) > 1 and sample.frame[first].nunique() == 1
    if sample.path in others and (counts or repeats):
        return str(sample.path)
    return first


def _own_id(
    test: TableFacts, sample: TableFacts | None, answer_id: str, train: TableFacts | None = None
) -> str:
    """The id column of the table to be answered."""
    if answer_id in test.frame.columns:
        return answer_id
    if sample is not None and answer_id:
        ids = set(known_values(sample.frame[answer_id]))
        for column in test.frame.columns:
            if set(known_values(test.frame[column])) == ids:
                return str(column)
    shared = [] if train is None else list(train.frame.columns)
    for column in _unique_columns(test):
        if column in shared and column != test.path:
            return column
    return test.path or str(test.frame.columns[0])


def _unique_columns(facts: TableFacts) -> Sequence[str]:
    rows = len(facts.frame)
    return [str(c) for c in facts.frame.columns if facts.frame[c].nunique() == rows]


def _train_id(train: TableFacts, answer_id: str) -> str:
    """The id column of the train table: as the answer file's where its values are ids, else the
    column that names the images."""
    path = str(train.path)
    if answer_id not in train.frame.columns or answer_id == path:
        return path
    return answer_id if train.frame[answer_id].nunique() == len(train.frame) else path
