"""From a folder to a draft: which kind of contest lies there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.features.new_contest.class_folders import find_class_folders
from pipeline.features.new_contest.contest_tables import read_tables
from pipeline.features.new_contest.draft import Draft
from pipeline.features.new_contest.draft_pixels import draft_pixels
from pipeline.features.new_contest.draft_simple import (
    check_class_folders,
    draft_folders,
    draft_lines,
    find_bare_lines,
)
from pipeline.features.new_contest.draft_table import draft_table
from pipeline.features.new_contest.feature_rows import with_asked_images
from pipeline.features.new_contest.known_sets import say_known_set
from pipeline.features.new_contest.made_tables import (
    MadeTable,
    set_of_lists,
    table_of_boxes,
    tables_of_folders,
    with_headers,
    with_made,
    with_valid_table,
)
from pipeline.features.new_contest.meeting import ImageIndex
from pipeline.features.new_contest.metric_hints import read_texts
from pipeline.features.new_contest.other_jobs import say_files, say_tables
from pipeline.features.new_contest.say_nothing_found import (
    say_no_images,
    say_no_labels,
    say_unpack,
    say_unreadable,
)
from pipeline.features.new_contest.shipped_contests import Shipped, find_shipped
from pipeline.features.new_contest.survey import Survey, survey_folder, with_videos
from pipeline.features.new_contest.table_roles import Roles, TableFacts, find_roles, look_at_table


@dataclass(frozen=True)
class Understood:
    """What lies in a folder: a contest that the project ships, or a draft of another one.

    `notes` are sentences about files that were not read, `made` tables that the draft needs and
    that do not lie in the folder.
    """

    survey: Survey
    shipped: Shipped | None
    draft: Draft | None
    notes: list[str]
    made: list[MadeTable] = field(default_factory=list)


def understand_folder(
    folder: Path, *, sample: str | None = None, beside: Path = Path("contest.yaml")
) -> Understood:
    """What contest lies in a folder. `sample` is the sample file that the user names, `beside` the
    config beside which tables are to be written, where labels must be put into one.

    Raises ValueError with one sentence where nothing can be made of it, or where it is a job that
    the program does not do.
    """
    survey = survey_folder(folder)
    index = ImageIndex(survey.images)
    boxes, survey = table_of_boxes(survey, index, beside=beside)
    other_job = None if boxes else say_files(survey)
    if other_job is not None:
        raise ValueError(other_job)
    survey = with_videos(survey)
    index = ImageIndex(survey.images)
    read = read_tables(survey.root, survey.tables, index)
    headers = {table.name: list(table.frame.columns) for table in read.tables}
    shipped = find_shipped(survey, headers)
    if shipped is not None:
        return Understood(survey, shipped, None, [])
    tables, known_set = set_of_lists(survey, read.tables, index, beside=beside)
    made = [one for one in (known_set, boxes) if one is not None]
    facts = [look_at_table(table, index) for table in [*tables, *(one.table for one in made)]]
    pixel_tables = [one for one in facts if one.pixels is not None]
    if not survey.images and not pixel_tables:
        raise ValueError(say_no_images(survey, read.notes))
    other_job = say_tables(facts, index)
    if other_job is not None:
        raise ValueError(other_job)
    texts = read_texts(survey.root, survey.texts)
    roles = find_roles(facts, sample=sample)
    unreadable = say_unreadable(survey)
    notes = [*read.notes, *([unreadable] if unreadable else [])]
    if pixel_tables:
        draft = draft_pixels(roles, pixel_tables, texts=texts)
        return Understood(survey, None, draft, notes)
    closed = [path for path in survey.archives if not survey.images_below(path)]
    if closed:
        notes.append(f"not read: {', '.join(closed[:3])}; if it is needed, {say_unpack(closed)}")
    roles, headed = with_headers(roles, index, beside=beside)
    roles, joined = with_valid_table(roles, index, beside=beside)
    roles, asked = with_asked_images(roles, index, beside=beside)
    made = [*made, *headed, *joined, *asked]
    if roles.train is not None:
        draft = draft_table(survey, roles, index, texts=texts, lines=read.lines)
        written = {roles.train.name, roles.test.name if roles.test else ""}
        return Understood(survey, None, draft, notes, [m for m in made if m.table.name in written])
    fixes = {f.name: f.frame for f in facts if f.name in roles.fixes}
    bare = find_bare_lines(survey, read.lines)
    if bare is not None:
        draft = draft_lines(survey, bare, texts=texts, fixes=fixes)
        return Understood(survey, None, draft, notes)
    known = say_known_set(survey, facts)
    if known is not None:
        raise ValueError(known)
    of_folders = _understand_folders(survey, facts, roles, index, texts=texts, beside=beside)
    if of_folders is not None:
        return replace(of_folders, notes=notes)
    unread = sorted({*survey.tables} - {*read.lines} - {table.name for table in read.tables})
    raise ValueError(say_no_labels(survey, facts, unread, notes))


def _understand_folders(
    survey: Survey,
    facts: Sequence[TableFacts],
    roles: Roles,
    index: ImageIndex,
    *,
    texts: Mapping[str, str],
    beside: Path,
) -> Understood | None:
    """A contest with a folder for each class; None where the folders are none. A table is made of
    them where a sample names the test images, or where several parts have such folders."""
    folders = find_class_folders(survey)
    if folders is None or _lists_images(survey, facts, roles):
        return None
    made = tables_of_folders(survey, folders, beside=beside)
    if roles.sample is None and len(made) == 1 and not made[0].several:
        return Understood(survey, None, draft_folders(survey, folders, texts=texts), [])
    check_class_folders(folders)
    draft = draft_table(survey, with_made(roles, made, index), index, texts=texts)
    return Understood(survey, None, draft, [], made)


def _lists_images(survey: Survey, tables: Sequence[TableFacts], roles: Roles) -> bool:
    """Whether tables that name no image here have as many rows as a list of images has: the names
    of the folders are hardly the labels then."""
    samples = {facts.name for facts in (roles.sample, *roles.samples) if facts is not None}
    lists = [facts for facts in tables if facts.path is None and facts.name not in samples]
    rows = sum(len(facts.table) for facts in lists)
    return rows >= 0.5 * len(survey.images)
