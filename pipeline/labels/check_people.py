"""What the person column of a contest says that can't be, or is probably not meant."""

from collections.abc import Sequence

import pandas as pd

from pipeline.labels.tasks import Task, class_numbers, is_missing

LARGE = 0.2  # share of the images that one person has; more is suspicious among FEW people
FEW = 10
TYPICAL = 20  # or so many times the images of a typical person, and more than LEAST
LEAST = 50
SHOWN = 3


def person_notes(images: pd.DataFrame, tasks: Sequence[Task]) -> list[str]:
    """Sentences about the people of the train images, with counts and the first names.

    `person_id` is None where nobody is named.
    """
    train = images[(images["part"] == "train") & (images["status"] == "ok")]
    named = train[train["person_id"].notna()]
    notes: list[str] = []
    for task in tasks:
        if task.constant:
            notes += _contradictions(named, task)
    return notes + _two_spellings(named) + _large_people(named)


def same_id_notes(tables: pd.DataFrame, *, what: str) -> list[str]:
    """Sentences about an id (`person_id`) that two entries of a list of people have (`entry`)."""
    counts = tables.drop_duplicates().groupby("person_id", sort=False)["entry"].nunique()
    several = counts[counts > 1]
    if not len(several):
        return []
    first = several.index[0]
    entries = tables.loc[tables["person_id"] == first, "entry"].drop_duplicates()
    ids = "1 id stands" if len(several) == 1 else f"{len(several)} ids stand"
    return [
        f"{ids} for several {what}, the first is {first}: {', '.join(entries[:SHOWN])}; images "
        "of one id are kept in one fold, though they may be of different people"
    ]


def _contradictions(named: pd.DataFrame, task: Task) -> list[str]:
    """A sentence about people whose label differs between their images though it is constant."""
    known = named[~is_missing(task, named[task.column])]
    if task.classes and not task.edges:
        same = class_numbers(task, known[task.column])  # 1 and 1.0 are one value
    else:
        same = pd.to_numeric(known[task.column], errors="coerce").to_numpy()
    counts = pd.Series(same).groupby(known["person_id"].to_numpy(), sort=False).nunique()
    several = counts[counts > 1]
    if not len(several):
        return []
    said = []
    for person in several.index[:SHOWN]:
        values = known.loc[known["person_id"] == person, task.column].value_counts(sort=False)
        found = ", ".join(f"{value} {count}" for value, count in values.items())
        said.append(f"{person} ({found})")
    people = "1 person has" if len(several) == 1 else f"{len(several)} people have"
    return [
        f"tasks.{task.name} is constant, but {people} several values of {task.column}: "
        f"{'; '.join(said)}; competition.fixes can mend them"
    ]


def _two_spellings(named: pd.DataFrame) -> list[str]:
    """A sentence about people whose names only differ in case, blanks, or as `7` and `7.0` do."""
    names = pd.Series(named["person_id"].unique(), dtype=object).astype(str)
    plain = names.str.strip().str.casefold().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    double = names[plain.duplicated(keep=False)]
    if not len(double):
        return []
    pair = names[plain == plain[double.index[0]]]
    return [
        f"{plain[double.index].nunique()} people are spelt in several ways, so they count as "
        f"several people: {' and '.join(repr(name) for name in pair[:SHOWN])}"
    ]


def _large_people(named: pd.DataFrame) -> list[str]:
    """A sentence about every person who has far more images than others."""
    counts = named["person_id"].value_counts()
    notes = []
    for person, count in counts.items():
        large = len(counts) > FEW and count > LARGE * len(named)
        if large or count > max(LEAST, TYPICAL * counts.median()):
            notes.append(
                f"person {person!r} has {count} of {len(named)} images; if it is a word for "
                "nobody, name it in table.unknown"
            )
    return notes[:SHOWN]
