"""Whether an answer file is what its contest takes: columns, ids, order, values; for submit."""

import pandas as pd

from pipeline.experiment.images_table import read_test
from pipeline.labels.answer_groups import group_rows, is_grouped
from pipeline.labels.csv_reader import read_contest_table
from pipeline.leaderboard.row_form import RowForm
from pipeline.leaderboard.sample_file import SampleFile, read_sample
from pipeline.leaderboard.submissions import Answered
from pipeline.storage import Runs, display_path
from pipeline.tables import check_same_ids


def check_submission(found: Answered) -> str:
    """What the file was compared with, in words.

    Raises ValueError where it does not fit the contest, or where that is not known.
    """
    path = found.path
    if found.settings is None:
        raise ValueError(
            f"submit: nobody knows which contest {display_path(path)} answers; call it "
            "EXPERIMENT.csv, after an experiment in runs/"
        )
    for column in found.formats:
        found.codes(column)  # raises ValueError for a value that is none of the contest's
    runs = Runs(found.settings)
    sample = read_sample(found.settings, runs)
    if sample is None:
        return _check_count(runs, found)
    header = list(read_contest_table(path, needs=()).columns)
    wanted = [sample.id_column, *found.formats, *sample.copied]
    if sample.rows is not None:
        wanted = list(sample.rows.written)
    elif set(sample.frame.columns) == set(wanted):
        wanted = list(sample.frame.columns)  # in its order
    if header != wanted:
        raise ValueError(
            f"submit: {display_path(path)} has the columns {', '.join(header)}; the "
            f"contest wants exactly {', '.join(wanted)}"
        )
    if sample.rows is not None:
        return _check_rows(found, sample, sample.rows)
    ids = found.frame.index.tolist()
    check_same_ids(ids, sample.ids, what=f"submit: ids of {display_path(path)}")
    if ids != sample.ids:
        places = range(len(ids))
        first = next(place for place in places if ids[place] != sample.ids[place])
        raise ValueError(
            f"submit: {display_path(path)} has {ids[first]!r} in row {first + 1}, where "
            f"{sample.name} has {sample.ids[first]!r}; the order is not the sample's"
        )
    if sample.is_test_table and len(sample.frame.columns) > 1:
        return f"the ids and their order are those of {sample.name}"
    return f"columns, ids, their order and the kind of the values are those of {sample.name}"


def _check_rows(found: Answered, sample: SampleFile, rows: RowForm) -> str:
    """The check of a file with a row an answer: the sample's rows, in its order."""
    keys = [name for name in rows.written if name != rows.value]
    table = read_contest_table(found.path, needs=keys)[keys]
    asked = rows.asked[keys]
    if len(table) != len(asked):
        raise ValueError(
            f"submit: {display_path(found.path)} has {len(table)} rows, {sample.name} {len(asked)}"
        )
    differs = (table.to_numpy() != asked.to_numpy()).any(axis=1)
    if differs.any():
        row = int(differs.argmax())
        raise ValueError(
            f"submit: {display_path(found.path)} has {', '.join(table.iloc[row])} in row {row + 1},"
            f" where {sample.name} has {', '.join(asked.iloc[row])}"
        )
    return f"columns, rows, their order and the kind of the values are those of {sample.name}"


def _check_count(runs: Runs, found: Answered) -> str:
    """The check of a contest without a sample file: an answer for every test image."""
    test = read_test(runs) if runs.images.exists() and runs.faces.exists() else pd.DataFrame()
    if is_grouped(test):
        test = group_rows(test, ())
    if not len(test):
        return "every answer is one of the contest's (it has no sample file)"
    if len(test) != len(found.frame):
        raise ValueError(
            f"submit: {display_path(found.path)} has {len(found.frame)} answers; "
            f"there are {len(test)} to give"
        )
    return "as many as there are test images, and each one of the contest's"
