"""Images of other data that teach a contest's tasks, as rows of its images table."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.config import Competition
from pipeline.config.extra import Extra
from pipeline.experiment.grouping import named
from pipeline.experiment.images_table import EXTRA
from pipeline.labels.columns import stored_column
from pipeline.labels.layouts.face_boxes import BOX
from pipeline.labels.tasks import Task, is_missing
from pipeline.preprocessing.read_contest import read_contest
from pipeline.storage import Runs, below_project
from pipeline.tables import IMAGES, OK


@dataclass(frozen=True)
class ExtraImages:
    """The contest's images with those of other data behind them, and sentences about these."""

    images: pd.DataFrame
    notes: list[str]


def check_extra_roots(contest: Competition) -> None:
    """Raises ValueError for other data whose folder is not there."""
    for number, source in enumerate(contest.extra):
        root = below_project(source.root)
        if not root.is_dir():
            raise ValueError(f"competition.extra[{number}].root: no folder {root}")


def add_extra(
    contest: Competition, tasks: Sequence[Task], runs: Runs, images: pd.DataFrame
) -> ExtraImages:
    """The images of a contest, `images`, and those of its other data; they are part `extra`.

    Their ids begin with `extra:NUMBER/`; their paths are absolute; one without a named person is
    alone; their test images are left out. Raises ValueError for what can't be read, and for an
    image that is the contest's own.
    """
    frames, notes = [images], []
    own_files = {os.path.realpath(runs.root / path) for path in images["path"]}
    for number, source in enumerate(contest.extra):
        spot = f"competition.extra[{number}]"
        try:
            frame, said = _read_source(contest, source, tasks, prefix=f"extra:{number}/")
        except ValueError as error:
            raise ValueError(f"{spot}: {error}") from None
        notes += [f"{spot}: {line}" for line in said]
        shared = frame[[os.path.realpath(path) in own_files for path in frame["path"]]]
        if len(shared):
            raise ValueError(
                f"{spot}: {len(shared)} of its {len(frame)} images are the contest's own, the "
                f"first is {shared['path'].iloc[0]}; they would teach what they are scored by"
            )
        frames.append(_as_typed(frame, images, tasks))
    if len(frames) == 1:
        return ExtraImages(images, [])
    return ExtraImages(pd.concat(frames, ignore_index=True), notes)


def say_extra(contest: Competition, tasks: Sequence[Task], images: pd.DataFrame) -> list[str]:
    """A sentence about each source of other data: its images, their labels, the people it shares
    with the contest."""
    own_people = set(images.loc[images["part"] == "train", "person_id"].dropna())
    lines = []
    for number, source in enumerate(contest.extra):
        here = images["image_id"].astype(str).str.startswith(f"extra:{number}/")
        rows = images[here & (images["part"] == EXTRA)]
        ready = rows[rows["status"] == OK]
        if not len(ready):
            raise ValueError(
                f"competition.extra[{number}]: no image of {source.root} that can be read and has "
                f"a label ({len(rows)} rows)"
            )
        counts = []
        for task in tasks:
            if task.name in source.taught(contest.tasks):
                known = int((~is_missing(task, ready[task.column])).sum())
                counts.append(f"{known} {task.name}")
        shared = len(set(ready["person_id"]) & own_people)
        line = (
            f"extra {number} ({source.root}): {len(ready)} of {len(rows)} images teach and are "
            f"never scored; labels: {', '.join(counts)}"
        )
        unnamed = int((ready["person_id"] == ready["image_id"]).sum())
        if unnamed:
            line += f"; {unnamed} do not name their person"
        if shared:
            line += f"; {shared} of its people are the contest's, and held out with them"
        lines.append(line)
    return lines


def _read_source(
    contest: Competition, source: Extra, tasks: Sequence[Task], *, prefix: str
) -> tuple[pd.DataFrame, list[str]]:
    """The rows of one source in the contest's columns, and sentences about them."""
    taught = source.taught(contest.tasks)
    settings_there, tasks_there = {}, []
    stored: dict[str, str] = {}  # the contest's column by the task's
    words = {}
    for task in tasks:
        if task.name not in taught:
            continue
        own = contest.tasks[task.name]
        column = taught[task.name].column
        if column is None and not own.columns:
            column = own.column or task.name
        if column is not None:
            own = own.model_copy(update={"column": column, "columns": None})
            words[stored_column(column)] = taught[task.name].values
        settings_there[task.name] = own
        there = replace(task, column=task.column if column is None else stored_column(column))
        tasks_there.append(there)
        stored[task.name] = task.column
    reading = contest.model_copy(
        update={
            **{name: getattr(source, name) for name in ("table", "lines", "appa", "folders")},
            "layout": source.layout,
            "tasks": settings_there,
            "answer": contest.answer.model_copy(update={"per": None}),  # it answers nothing
            "drawn": None,
            "fixes": None,
            "truth": False,
            "extra": (),
        }
    )
    root = below_project(source.root)
    words = {column: meant for column, meant in words.items() if meant}
    found = read_contest(reading, tasks_there, root=root, fixes=None, words=words)
    frame = found.images[found.images["part"] == "train"].reset_index(drop=True)
    ids = prefix + frame["image_id"].astype(str)
    rows = {
        "image_id": ids,
        "path": [str(root / path) for path in frame["path"]],
        "person_id": frame["person_id"].where(named(frame), ids),
        "part": EXTRA,
        "status": frame["status"],
        "message": frame["message"],
    }
    assert set(rows) == {*IMAGES.key, *IMAGES.columns}, "a row has all columns of the images table"
    rows |= {task.column: None for task in tasks}
    for task in tasks_there:
        rows[stored[task.name]] = frame[task.column].astype(object)
    rows |= {column: frame[column] for column in BOX if column in frame.columns}
    return pd.DataFrame(rows), found.notes


def _as_typed(frame: pd.DataFrame, images: pd.DataFrame, tasks: Sequence[Task]) -> pd.DataFrame:
    """The frame with labels of the type that the contest's own have: a table's column holds one."""
    for column in dict.fromkeys(task.column for task in tasks):
        values = frame[column]
        if pd.api.types.is_numeric_dtype(images[column]):
            values = pd.to_numeric(values)
        else:
            values = values.map(str, na_action="ignore").astype(images[column].dtype)
        frame = frame.assign(**{column: values})
    return frame
