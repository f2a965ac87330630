"""Contests that are another job than a label for each image: each is told in one sentence."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_roles import MEET, TableFacts
from pipeline.labels.layouts import IMAGE_ENDINGS

ENDINGS = "|".join(re.escape(ending) for ending in IMAGE_ENDINGS)
TWO_IMAGES = re.compile(rf"\S+({ENDINGS})[-_,; |]+\S+({ENDINGS})", re.IGNORECASE)
MASK_FOLDER = re.compile(
    r"(seg|segmentation|label|gt|train|test|val)?_?(masks?|annotations?)(_\w+)?"
)
MASK_COLUMN = re.compile(r"(encoded_?pixels|rle|mask_?rle|rle_?mask|segmentation)")
BOX_COLUMN = re.compile(r"prediction_?string|bbox(es)?|boxes|bounding_?box(es)?")
PAIRS_FILE = re.compile(r"(.*[_-])?pairs?([_-]?(dev)?[_-]?(train|test|val|valid))?")
MANY = 5  # files beside as many images, to be one for each
MOST_PEOPLE = 50  # folders of few images each are people rather than classes
FEW_EACH = 20.0

DOES = "this program answers each image with classes or numbers"
PAIRS = (
    "new: this is another job: {where} asks whether two images show the same person or relatives "
    f"(pairs), and {DOES}"
)
SEGMENTATION = (
    f"new: this is another job: {{where}} asks for the pixels of an area (segmentation), and {DOES}"
)
DETECTION = (
    f"new: this is another job: {{where}} asks where things are in an image (detection), and {DOES}"
)
RETRIEVAL = (
    "new: this is another job: {where} asks which images of a gallery fit (retrieval), and "
    f"{DOES}"
)
IDENTIFICATION = (
    "new: this is another job: {where} asks who is in an image (identification), and folds keep "
    f"each person on one side, so nobody's name can be learnt; {DOES}"
)


def say_files(survey: Survey) -> str | None:
    """The sentence for a contest whose files alone show another job; None where they do not."""
    stems = {PurePosixPath(path).stem for path in survey.images}
    beside = {
        "detection": [*survey.others.get(".xml", ()), *_single_texts(survey, stems)],
        "landmarks": list(survey.others.get(".pts", ())),
    }
    for found in beside.values():
        same = [path for path in found if PurePosixPath(path).stem in stems]
        if len(same) >= MANY and len(same) >= 0.5 * len(stems):
            return DETECTION.format(where=f"a file for each image ({same[0]})")
    for path in survey.tables:
        if PAIRS_FILE.fullmatch(PurePosixPath(path).stem.casefold()):
            return PAIRS.format(where=path)
    instances = [path for path in survey.tables if "instances_" in path and ".json" in path]
    if instances:
        return DETECTION.format(where=instances[0])
    for folder in survey.image_folders:
        if MASK_FOLDER.fullmatch(PurePosixPath(folder).name.casefold()) and _has_twins(
            survey, folder
        ):
            return SEGMENTATION.format(where=f"the folder {folder}")
    names = {PurePosixPath(folder).name.casefold() for folder in survey.image_folders}
    if "gallery" in names and names & {"query", "probe"}:
        return RETRIEVAL.format(where="its query and gallery folders")
    return None


def say_tables(tables: Sequence[TableFacts]) -> str | None:
    """The sentence for a contest whose tables show another job; None where they do not."""
    return next(_table_sentences(tables), None)


def say_people_as_classes(where: str) -> str:
    """The sentence for labels that are people."""
    return IDENTIFICATION.format(where=where)


def _table_sentences(tables: Sequence[TableFacts]) -> Iterator[str]:
    for facts in tables:
        for column in facts.frame.columns:
            word = column.strip().casefold()
            place = f"{facts.name}, column {column}"
            if MASK_COLUMN.fullmatch(word):
                yield SEGMENTATION.format(where=place)
            if BOX_COLUMN.fullmatch(word) and "prediction" in word:
                yield DETECTION.format(where=place)
            some = list(known_values(facts.frame[column]).head(50))
            if some and all(TWO_IMAGES.search(value) for value in some):
                if all(len(value.split()) > 1 for value in some):
                    yield RETRIEVAL.format(where=place)
                yield PAIRS.format(where=place)
        meets = [
            column
            for column, meeting in facts.meetings.items()
            if meeting.share >= MEET and meeting.distinct > 2 and _has_letters(facts, column)
        ]
        if len(meets) > 1 and not _are_one(facts, meets):
            yield PAIRS.format(where=f"{facts.name} (columns {meets[0]} and {meets[1]})")


def _are_one(facts: TableFacts, columns: Sequence[str]) -> bool:
    """Whether columns name the same image in two ways, as an id and a path do."""
    plain = facts.frame[list(columns)].astype(str)
    stems = plain.apply(lambda cells: cells.map(lambda text: PurePosixPath(text.strip()).stem))
    same = stems.iloc[:, 0] == stems.iloc[:, 1]
    return bool(same.mean() > 0.5)


def _has_letters(facts: TableFacts, column: str) -> bool:
    values = facts.frame[column].astype(str)
    return not bool(values.str.strip().str.fullmatch(r"[\d.]*").all())


def _single_texts(survey: Survey, stems: set[str]) -> list[str]:
    texts = [path for path in survey.tables if path.endswith(".txt")]
    return [path for path in texts if PurePosixPath(path).stem in stems]


def _has_twins(survey: Survey, folder: str) -> bool:
    """Whether most images of a folder have one of the same name in another folder."""
    inside = {PurePosixPath(path).stem for path in survey.images_below(folder)}
    below = set(survey.images_below(folder))
    outside = {PurePosixPath(path).stem for path in survey.images if path not in below}
    return len(inside) >= MANY and len(inside & outside) > 0.5 * len(inside)
