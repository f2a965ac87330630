"""The labels that a contest of tables asks for, or the sentence that says why there are none."""

from collections.abc import Sequence

import pandas as pd

from pipeline.features.new_contest.label_choice import LabelChoice, choose_labels
from pipeline.features.new_contest.other_jobs import say_people_as_classes
from pipeline.features.new_contest.table_columns import BIRTH_NAME, PERSON_NAME, known_values
from pipeline.features.new_contest.table_ids import TableIds
from pipeline.features.new_contest.table_roles import Roles


def asked_columns(roles: Roles, ids: TableIds) -> list[str]:
    """The columns of the sample but for its ids."""
    if roles.sample is None:
        return []
    return [column for column in roles.sample.frame.columns if column != ids.answer_id]


def choose_or_say(
    frame: pd.DataFrame, roles: Roles, ids: TableIds, used: Sequence[str]
) -> LabelChoice:
    """The labels among the columns of the train table, with those that were joined.

    Raises ValueError where there are none, with what stands there instead.
    """
    assert roles.train is not None
    choice = choose_labels(
        frame,
        test=None if roles.test is None else roles.test.frame,
        sample=None if roles.sample is None else roles.sample.frame,
        sample_id=ids.answer_id,
        used=used,
    )
    if choice is not None:
        return choice
    others = [column for column in frame.columns if column != roles.train.path]
    people = [column for column in others if PERSON_NAME.fullmatch(column.casefold())]
    if people:
        _check_others_hold_no_labels(roles, people[0])
        raise ValueError(say_people_as_classes(f"{roles.train.name}, column {people[0]}"))
    births = [column for column in others if BIRTH_NAME.fullmatch(column.casefold())]
    if births:
        raise ValueError(
            f"new: {roles.train.name} holds dates of birth ({births[0]}) and no ages; add a column "
            "age, the year of the photograph less the year of birth, and type the same again"
        )
    raise ValueError(
        f"new: {roles.train.name} names the images but holds no labels (columns "
        f"{', '.join(map(str, frame.columns))}); where are they?"
    )


def _check_others_hold_no_labels(roles: Roles, person: str) -> None:
    """Raises ValueError where a table that could not be joined has rows for the same people."""
    assert roles.train is not None
    people = set(known_values(roles.train.frame[person]))
    for other in roles.others:
        for column in other.frame.columns:
            if not people & set(other.frame[column]):
                continue
            ids = other.frame[column]
            twice = ids[ids.duplicated()]
            labels = [str(name) for name in other.frame.columns if name != column]
            why = (
                f"{twice.iloc[0]} stands in several rows" if len(twice) else "it lacks most of them"
            )
            raise ValueError(
                f"new: {roles.train.name} holds no label, and {other.name}, which holds "
                f"{', '.join(labels[:6])} for each {person}, can't be joined to it: {why}; needed "
                f"is one row for each {person}"
            )
