"""Sentences for a folder of which no contest can be made: what lies there, and what would help."""

import shlex
import sys
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from pipeline.console.installation import COMMAND
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.table_roles import SAMPLE_NAME, TableFacts
from pipeline.labels.containers import ARCHIVE
from pipeline.labels.layouts import UNREADABLE_ENDINGS
from pipeline.labels.record_files import PARQUET, find_image_column

MOST_NAMES = 2000  # of images among which the nearest one is looked for
MOST_COLUMNS = 40
WRITE_IMAGES = (  # one line, to be copied: each image of the files of one part becomes a file
    "import glob, os, pandas; os.makedirs({part!r}, exist_ok=True); "
    "d = pandas.concat(map(pandas.read_parquet, sorted(glob.glob({files!r}))), ignore_index=True); "
    "d[{column!r}] = [open({part!r} + '/%06d.jpg' % n, 'wb').write("
    "c['bytes'] if isinstance(c, dict) else c) and {name!r} + '/%06d.jpg' % n "
    "for n, c in enumerate(d[{column!r}])]; d.to_csv({part!r} + '.csv', index=False)"
)


def say_no_images(survey: Survey, notes: Sequence[str]) -> str:
    """The sentence for a folder without an image; `notes` are of tables that were not read."""
    unreadable = say_unreadable(survey)
    if unreadable is not None:
        return f"new: {survey.root} holds no image that can be read: {unreadable}"
    if survey.archives:
        return (
            f"new: {survey.root} holds no image, but {', '.join(survey.archives[:3])}: "
            f"{say_unpack(survey.archives)}"
        )
    in_tables = _say_images_in_tables(survey)
    if in_tables is not None:
        return in_tables
    if survey.tables:
        said = (
            f"new: {survey.root} holds tables ({', '.join(survey.tables[:4])}) and no image; where "
            "are the images? A hidden test part of a contest that you have trained is answered "
            f"with {COMMAND} infer -c NAME test=FOLDER"
        )
        return _with_notes(said, notes)
    return f"new: {survey.root} holds no image"


def say_unreadable(survey: Survey) -> str | None:
    """The sentence about images of other programs (`.heic`); None where there are none."""
    found = {
        ending: survey.others[ending] for ending in UNREADABLE_ENDINGS if ending in survey.others
    }
    if not found:
        return None
    counts = " and ".join(f"{len(paths)} {ending} files" for ending, paths in found.items())
    first = min(path for paths in found.values() for path in paths)
    return f"{counts} can't be read here ({first}); save them as JPEG, and name these in the tables"


def say_no_labels(
    survey: Survey, tables: Sequence[TableFacts], unread: Sequence[str], notes: Sequence[str]
) -> str:
    """The sentences for images without labels. `unread` are tables that can't be read, each with a
    sentence among the `notes`."""
    folders = ", ".join(list(survey.top_folders())[:6])
    said = f"new: {survey.root}: {len(survey.images)} images ({folders}), but no labels were found"
    reasons = []
    if unread:
        verb = "is a table" if len(unread) == 1 else "are tables"
        reasons.append(f"{', '.join(unread[:4])} {verb} that can't be read, as said below")
    teaching = [facts for facts in tables if not SAMPLE_NAME.search(facts.table.stem)]
    if teaching:
        largest = max(teaching, key=lambda facts: len(facts.table))
        reasons.append(_say_nearest(largest, survey))
    elif tables and not unread:
        reasons.append(_say_sample_alone(tables[0], survey))
    elif not unread:
        reasons.append("there is no table, and no folders are classes")
    return _with_notes(f"{said}: {'; '.join(reasons)}", notes)


def say_unpack(archives: Sequence[str]) -> str:
    """How the first of the archives is unpacked, and what then."""
    name = archives[0].lower()
    command = "unpack it"
    if name.endswith(ARCHIVE):
        command = f"unzip it (unzip {PurePosixPath(archives[0]).name})"
    elif name.endswith((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")):
        command = f"unpack it (tar xf {PurePosixPath(archives[0]).name})"
    return f"{command} and type the same again"


def find_nearest(survey: Survey, facts: TableFacts) -> tuple[str, str, str] | None:
    """The column of a table that is most like the names of images, its first value that is none,
    and the image that this is nearest to; None for a table without a word."""
    step = max(1, len(survey.images) // MOST_NAMES)
    names = {path: PurePosixPath(path).stem.casefold() for path in survey.images[::step]}
    best, most = None, (-1.0, -1.0)
    for column in list(facts.frame.columns)[:MOST_COLUMNS]:
        values = known_values(facts.frame[column])
        share = facts.meetings[column].share
        if share and values.nunique() < 0.5 * len(facts.frame):  # labels 0 and 1 meet 1.jpg too
            continue
        value = next((v for v in values if _is_word(v)), None)
        if value is None or not names:
            continue
        word = PurePosixPath(value.replace("\\", "/")).stem.casefold()
        path = max(names, key=lambda path: _likeness(word, names[path]))
        score = (share, _likeness(word, names[path]))
        if score > most:
            best, most = (str(column), value, path), score
    return best


def _say_nearest(facts: TableFacts, survey: Survey) -> str:
    found = find_nearest(survey, facts)
    if found is None:
        return f"{facts.name} names no image"
    column, value, path = found
    share = facts.meetings[column].share
    if share > 0:
        said = f"only {share:.0%} of the values in {facts.name}, column {column} name an image here"
    else:
        said = f"{facts.name}, column {column}: {value!r} is no image here (nearest: {path})"
    if _is_rounded(value):
        return (
            f"{said}; a spreadsheet has rounded these numbers, and the rest is lost: take the "
            "table as the contest gives it"
        )
    return f"{said}; a column with the images' file names would say which is which"


def _say_sample_alone(facts: TableFacts, survey: Survey) -> str:
    """The sentence where the only tables are samples: the train images have no labels."""
    if facts.path is None:
        return _say_nearest(facts, survey)
    asked = set(facts.meeting.folders)
    others = [path for path in survey.images if not _lies_in(path, asked)] or list(survey.images)
    return (
        f"{facts.name} names the images to answer, and nothing names the other {len(others)} "
        f"({others[0]}, ...); where their names hold the labels, write a train.csv of two columns, "
        "the file and its label"
    )


def _say_images_in_tables(survey: Survey) -> str | None:
    """The sentence for images that lie in parquet files, with commands that write them out."""
    columns = {
        name: find_image_column(survey.root / name)
        for name in survey.tables
        if name.lower().endswith(PARQUET)
    }
    found = {name: column for name, column in columns.items() if column is not None}
    if not found:
        return None
    first = next(iter(found))
    commands = {}
    for name, column in found.items():
        path = survey.root / name
        part, dash, _ = path.stem.partition("-")  # train-00000-of-00002: one of several
        files = path.with_name(f"{part}-*{path.suffix}") if dash else path
        code = WRITE_IMAGES.format(
            part=str(path.with_name(part)), files=str(files), column=column, name=part
        )
        plain = not set(code) & set('"$`\\!')
        quoted = f'"{code}"' if plain else shlex.quote(code)
        commands[path.with_name(part)] = f"{shlex.quote(sys.executable)} -c {quoted}"
    return "\n".join(
        [
            f"new: {first} holds the images themselves, in its column {found[first]!r}, and this "
            "program reads image files; what follows writes them out, with a table beside them. "
            "Then take the parquet files out of the folder and type new again:",
            *commands.values(),
        ]
    )


def _with_notes(said: str, notes: Sequence[str]) -> str:
    return "\n".join([said, *(f"new: {note}" for note in notes)])


def _lies_in(path: str, folders: set[str]) -> bool:
    return any(folder == "." or path.startswith(f"{folder}/") for folder in folders)


def _likeness(first: str, second: str) -> float:
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _is_word(value: str) -> bool:
    return len(value) < 200


def _is_rounded(value: str) -> bool:
    """Whether a value is a long number as a spreadsheet shortens it: 2.01701E+16."""
    head, exponent, power = value.upper().partition("E+")
    return bool(exponent) and head.replace(".", "", 1).isdecimal() and power.isdecimal()
