"""Contests that are another job than a label for each image: each is told in one sentence."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from pipeline.features.new_contest.label_kinds import AGE_NAME, NUMBER_NAME
from pipeline.features.new_contest.meeting import LOOKED_AT, ImageIndex
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_columns import PERSON_NAME, is_helper, known_values
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
TWIN_NAME = re.compile(r"(.*?)[ _-]?(1|2|a|b|left|right|first|second|one|two)", re.IGNORECASE)
SURE = 0.9  # share of bare numbers that must meet images: small numbers are the names of some
LEAST_IMAGES = 10  # different numbers that two columns of images hold
ALIKE = 0.8  # share of the images of two columns that both have, where no name says that they pair
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


def say_tables(tables: Sequence[TableFacts], index: ImageIndex) -> str | None:
    """The sentence for a contest whose tables show another job; None where they do not."""
    return next(_table_sentences(tables, index), None)


def say_people_as_classes(where: str) -> str:
    """The sentence for labels that are people."""
    return IDENTIFICATION.format(where=where)


def _table_sentences(tables: Sequence[TableFacts], index: ImageIndex) -> Iterator[str]:
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
            if meeting.share >= MEET
            and meeting.distinct > 2
            and _names_images(facts, column, index)
        ]
        if len(meets) < 2 or _are_one(facts, meets):
            meets = _numbered_pair(facts)
        if len(meets) > 1:
            yield PAIRS.format(where=f"{facts.name} (columns {meets[0]} and {meets[1]})")


def _numbered_pair(facts: TableFacts) -> list[str]:
    """Two columns of bare numbers that name images, [] where there are none: numbers of other kinds
    meet images too, so the two are called alike, or each image comes in both and again."""
    columns = [
        column
        for column, meeting in facts.meetings.items()
        if meeting.share >= SURE and meeting.distinct >= LEAST_IMAGES and not _is_measure(column)
    ]
    for place, one in enumerate(columns):
        for other in columns[place + 1 :]:
            if facts.path not in (None, one, other) or _are_one(facts, [one, other]):
                continue
            left, right = (facts.frame[column] for column in (one, other))
            shared = len(set(left) & set(right)) / len(set(left) | set(right))
            again = left.duplicated().any() and right.duplicated().any()
            if _are_twins(one, other) or (again and shared >= ALIKE):
                return [one, other]
    return []


def _are_twins(one: str, other: str) -> bool:
    """Whether two columns are called alike but for the end: id1 and id2, a and b."""
    found = [TWIN_NAME.fullmatch(name.strip()) for name in (one, other)]
    stems = {match[1].casefold() for match in found if match is not None}
    return all(found) and len(stems) == 1


def _is_measure(column: str) -> bool:
    """Whether a column's name says that its numbers are no images."""
    word = column.strip().casefold()
    names = (AGE_NAME, NUMBER_NAME, PERSON_NAME)
    return is_helper(column) or any(name.fullmatch(word) for name in names)


def _are_one(facts: TableFacts, columns: Sequence[str]) -> bool:
    """Whether columns name the same image in two ways, as an id and a path do."""
    plain = facts.frame[list(columns)].astype(str)
    stems = plain.apply(lambda cells: cells.map(lambda text: PurePosixPath(text.strip()).stem))
    same = stems.iloc[:, 0] == stems.iloc[:, 1]
    return bool(same.mean() > 0.5)


def _names_images(facts: TableFacts, column: str, index: ImageIndex) -> bool:
    """Whether most different values surely name an image: bare numbers may be anything else."""
    values = facts.frame[column].astype(str).drop_duplicates().head(LOOKED_AT)
    return bool(values.map(index.is_image).mean() >= MEET)


def _single_texts(survey: Survey, stems: set[str]) -> list[str]:
    texts = [path for path in survey.tables if path.endswith(".txt")]
    return [path for path in texts if PurePosixPath(path).stem in stems]


def _has_twins(survey: Survey, folder: str) -> bool:
    """Whether most images of a folder have one of the same name in another folder."""
    inside = {PurePosixPath(path).stem for path in survey.images_below(folder)}
    below = set(survey.images_below(folder))
    outside = {PurePosixPath(path).stem for path in survey.images if path not in below}
    return len(inside) >= MANY and len(inside & outside) > 0.5 * len(inside)
