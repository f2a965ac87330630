"""A contest's own tables and folders as the images table, with what a user should know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.config import Competition
from pipeline.labels.answer_groups import check_group_labels, is_grouped, name_groups
from pipeline.labels.check_labels import (
    check_labels,
    far_label_notes,
    hide_test_labels,
    mark_labelled,
)
from pipeline.labels.check_people import person_notes, same_id_notes
from pipeline.labels.columns import written_column
from pipeline.labels.find_files import find_files
from pipeline.labels.fixes import apply_fixes, read_fixes
from pipeline.labels.label_sets import join_label_columns
from pipeline.labels.layouts.face_boxes import BOX
from pipeline.labels.layouts.locate import find_label
from pipeline.labels.layouts.registry import layout_notes, read_layout
from pipeline.labels.number_words import find_style
from pipeline.labels.one_hot import join_one_hot
from pipeline.labels.shared_files import check_parts, merge_rows
from pipeline.labels.tasks import Task
from pipeline.preprocessing.expand_rows import expand_folders, expand_videos
from pipeline.storage import display_path
from pipeline.tables import IMAGES, OK


@dataclass(frozen=True)
class ContestImages:
    """The images table, not yet measured, and sentences about how the contest was understood."""

    images: pd.DataFrame
    notes: list[str]


def read_contest(
    contest: Competition,
    tasks: Sequence[Task],
    *,
    root: Path,
    fixes: Path | None,
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> ContestImages:
    """The images of a contest, one row for each; `fixes` is the CSV that is laid over the labels,
    `words` say by column which class a word of the table means, where it is other data's.

    Raises ValueError, one sentence a line, for whatever can't be read or can't be meant.
    """
    options = contest.layout_options
    frame = read_layout(contest.layout, root, labels=_label_columns(contest), options=options)
    notes = layout_notes(contest.layout, root, options=options)
    for column, meant in (words or {}).items():
        texts = frame[column].map(_as_text)
        frame = frame.assign(**{column: texts.map(meant).where(texts.isin(meant), frame[column])})
    frame, styles = _read_styles(frame, tasks)
    notes += styles
    frame, found = find_images(contest, _join_classes(contest, tasks, frame), root=root)
    notes += found
    if fixes is not None:
        frame, laid = apply_fixes(frame, read_fixes(fixes), tasks=tasks, source=display_path(fixes))
        notes.append(str(laid))
    check_parts(frame)
    frame, merged = merge_rows(frame, tasks)
    notes += merged
    if not contest.truth:
        frame, hidden = hide_test_labels(frame, tasks)
        notes += hidden

    def find_place(row: pd.Series, column: str) -> str:
        return label_place(contest, root, row=row, column=column)

    leave_out = [name for name, task in contest.tasks.items() if task.invalid == "leave_out"]
    mends = "competition.fixes mends them"
    if words is not None:
        mends = "`values:` of its task says which class a word means"
    frame, left_out = check_labels(
        frame, tasks, leave_out=leave_out, truth=contest.truth, find_place=find_place, mends=mends
    )
    notes += far_label_notes(frame, tasks)
    frame, marked = mark_labelled(frame, tasks, partly=contest.partly_labelled == "learn")
    notes += left_out + marked + person_notes(frame, tasks)
    if is_grouped(frame):
        answered = [task for task in tasks if task.name in contest.answer.tasks]
        notes += check_group_labels(frame, answered, per=contest.answered_per, truth=contest.truth)
    if contest.layout == "pstage":
        notes += _folder_notes(frame)
    frame = _name_alone(frame)
    return ContestImages(add_groups(contest, tasks, frame, root=root), notes)


def _read_styles(frame: pd.DataFrame, tasks: Sequence[Task]) -> tuple[pd.DataFrame, list[str]]:
    """The images table with plain numbers where labels are `35%` or `3,5`, and sentences on it."""
    notes = []
    for task in tasks:
        if (task.classes and not task.edges) or task.column not in frame.columns:
            continue
        texts = frame[task.column].dropna().astype(str)
        # the test rows may be those of a sample, with other placeholders
        train = texts[frame.loc[texts.index, "part"] == "train"]
        style = find_style(train)
        if style is None:
            continue
        frame = frame.assign(**{task.column: texts.map(style.read).reindex(frame.index)})
        notes.append(f"{written_column(task.column)}: {style.describe(train)}")
    return frame, notes


def find_images(
    contest: Competition, images: pd.DataFrame, *, root: Path
) -> tuple[pd.DataFrame, list[str]]:
    """The images table as the disk has it, and sentences: files that are spelt otherwise are found,
    folders and videos become their images, and each image has the group that it answers for."""
    images, notes = expand_folders(images, root=root)
    found = find_files(root, images)
    frame, videos = expand_videos(found.images, root=root, num_frames=contest.frames)
    notes += [*found.notes, *videos]
    if contest.answer.per is not None:
        frame, grouped = name_groups(frame, per=contest.answer.per)
        notes += grouped
    return frame, notes


def label_place(contest: Competition, root: Path, *, row: pd.Series, column: str) -> str:
    """`FILE line N, column 'x'` of an image's label; '' where its name holds the label."""
    return find_label(
        contest.layout,
        root,
        row=row,
        column=written_column(column),
        options=contest.layout_options,
    )


def add_groups(
    contest: Competition, tasks: Sequence[Task], frame: pd.DataFrame, *, root: Path
) -> pd.DataFrame:
    """The frame with the columns that tasks name as their group as numbers, and for each a column
    `gender_half`, 0 below 0.5 and 1 from it on, to balance folds by.

    Raises ValueError for one that is not there, or naming the image of a train value that is no
    number.
    """
    for task in tasks:
        if task.group is None:
            continue
        spot = f"tasks.{task.name}.group"
        if task.group not in frame.columns:
            known = ", ".join(frame.columns.difference(IMAGES.columns))
            raise ValueError(f"{spot}: the contest has no column {task.group!r}; it has {known}")
        numbers = pd.to_numeric(frame[task.group], errors="coerce")
        wrong = numbers.isna() & (frame["part"] == "train") & (frame["status"] == OK)
        if wrong.any():
            row = frame[wrong].iloc[0]
            place = label_place(contest, root, row=row, column=task.group)
            raise ValueError(
                f"{f'{place}: ' if place else ''}{spot}: {row['image_id']}: {task.group} is "
                f"{row[task.group]!r}, not a number"
            )
        half = (numbers >= 0.5).astype(int).astype(str).where(numbers.notna())
        frame = frame.assign(**{task.group: numbers.astype(float), f"{task.group}_half": half})
    return frame


def check_boxes(images: pd.DataFrame) -> None:
    """Raises ValueError for boxes of the contest's table that lie outside their measured images."""
    if BOX[0] not in images.columns:
        return
    left, top, right, bottom = (images[column].astype(float) for column in BOX)
    if images[list(BOX)].notna().any(axis=None) and images[list(BOX)].max(axis=None) <= 1.0:
        raise ValueError(
            "table.box: no number of any box is above 1, so they are shares of the sides; needed "
            "are pixels: multiply them by the images' widths and heights"
        )
    side = images[["width", "height"]].max(axis=1)  # a photograph may be stored turned
    outside = (right <= 0) | (bottom <= 0) | (left >= side) | (top >= side)
    wrong = images[outside & (images["width"] > 0)]
    if len(wrong):
        first = wrong.iloc[0]
        corners = ", ".join(f"{first[column]:g}" for column in BOX)
        raise ValueError(
            f"table.box: {len(wrong)} boxes lie outside their images, the first is that of "
            f"{first['image_id']}: {corners} in {first['width']}x{first['height']} pixels; "
            "table.box_form says whether the numbers are corners, or left, top and size"
        )


def _as_text(value: object) -> str:
    """A value as its table spells it, without the blanks around it."""
    return str(value).strip()


def _label_columns(contest: Competition) -> list[str]:
    """The columns of the contest's own tables that the tasks read."""
    columns: list[str] = []
    for name, task in contest.tasks.items():
        columns += task.columns or (task.column or name,)
    return list(dict.fromkeys(columns))


def _join_classes(contest: Competition, tasks: Sequence[Task], frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with one column for each task whose classes stand in columns of their own."""
    for task in tasks:
        columns = contest.tasks[task.name].columns
        if not columns:
            continue
        if not contest.truth:  # of a sample that stands in for a test table: placeholders
            test = frame["part"] == "test"
            blank = {column: frame[column].mask(test) for column in columns}
            frame = frame.assign(**blank)
        if task.kind == "multilabel":
            joined = join_label_columns(frame, columns=columns, labels=task.classes, name=task.name)
        else:
            joined = join_one_hot(frame, columns=columns, classes=task.classes, name=task.name)
        frame = frame.assign(**{task.column: joined})
    return frame


def _folder_notes(frame: pd.DataFrame) -> list[str]:
    """Sentences about ids of the P-stage table that stand for several folders of images."""
    train = frame[frame["part"] == "train"]
    folders = train["path"].str.rpartition("/")[0]
    return same_id_notes(
        pd.DataFrame({"person_id": train["person_id"], "entry": folders}), what="folders"
    )


def _name_alone(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in which a train image that names nobody is a person of its own; its test images
    stay unnamed."""
    alone = (frame["part"] == "train") & frame["person_id"].isna()
    return frame.assign(person_id=frame["person_id"].where(~alone, frame["image_id"]))
